"""Rows and actors for executing examples: plain values, complete enough for every rule."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.model import Attribute, Definitions, ResourceType

_MOMENT = "2026-01-31T09:00:00.000Z"
_BLANK: Mapping[str, Any] = {"integer": 0, "number": 0.0, "boolean": False, "timestamp": _MOMENT, "json": {}}


def user_facts(actor: str) -> Mapping[str, Any]:
    """What rules see as `user.*` for an actor of an example."""
    known = actor != "anonymous"
    return {
        "id": actor if known else "",
        "known": known,
        "operator": actor == "operator",
        "principals": [actor] if known else [],
        "email": f"{actor}@example.org" if known else None,
        "plan": None,
        "limits": {},
    }


def sample_row(resource: ResourceType, when: Mapping[str, Any], owner: str = "owner") -> dict[str, Any]:
    """A row of a type that belongs to `owner`, with the values of `when`."""
    row: dict[str, Any] = {"id": owner if resource.identity else "row"}
    row |= {"created_at": _MOMENT, "updated_at": _MOMENT}
    row |= {name: _value(attribute) for name, attribute in resource.attributes.items()}
    row |= dict.fromkeys(resource.relationships)
    if resource.owner is not None:
        row[resource.owner] = owner
    if resource.lifecycle is not None:
        row[resource.lifecycle.attribute] = resource.lifecycle.initial
    return row | {name: value for name, value in when.items() if "." not in name}


def related_rows(
    definitions: Definitions, resource: ResourceType, when: Mapping[str, Any]
) -> dict[str, Mapping[str, Any] | None]:
    """The rows behind the relationships: one for each that `when` gives an id or a value, made of its type's defaults."""
    rows: dict[str, Mapping[str, Any] | None] = {}
    for name, relationship in resource.relationships.items():
        values = {key.removeprefix(f"{name}."): value for key, value in when.items() if key.startswith(f"{name}.")}
        target = definitions.types.get(relationship.to)
        if target is not None and (values or when.get(name) is not None or name == resource.owner):
            rows[name] = sample_row(target, values, owner="owner" if target.identity else "somebody")
        else:
            rows[name] = None
    return rows


def _value(attribute: Attribute) -> Any:
    if attribute.default is not None or not attribute.required:
        return attribute.default
    if attribute.type == "enum":
        return attribute.values[0] if attribute.values else ""
    if attribute.type == "money":
        return {"amount": 0, "currency": attribute.currency or "USD"}
    return _BLANK.get(attribute.type, "")
