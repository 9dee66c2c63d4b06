"""JSON:API over HTTP, generic over every resource type: parse, call the service, write the document."""

from engine.api.application import API

__all__ = ["API"]
