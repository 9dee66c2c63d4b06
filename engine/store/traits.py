"""What follows from the definition of a type alone, whatever its rows."""

from __future__ import annotations

from engine.model import Definitions, ResourceType


def completed(definitions: Definitions, resource: ResourceType) -> bool:
    """Whether new rows of this type get anything beside plain values: links that are meant, tokens that are made."""
    linked = any(each.default is not None and each.to in definitions.types for each in resource.relationships.values())
    return linked or any(each.type == "token" for each in resource.attributes.values())


def lets_in(definitions: Definitions, resource: ResourceType) -> bool:
    """Whether rows of this type decide who somebody is, or how much they may have."""
    return resource.identity or resource.credential is not None or resource is definitions.limits
