"""The one way in: access, validation, checks and the store, in that order. API, UI, CLI and workers all call this."""

from engine.service.service import Page, Seen, Service

__all__ = ["Page", "Seen", "Service"]
