"""The rows that relationships lead to when nothing is given: described by values that rows of that type have."""

from __future__ import annotations

from collections.abc import Mapping

from engine.loader.constraints import check_value
from engine.loader.draft import Draft
from engine.loader.node import Node, plain
from engine.loader.problem import closest
from engine.model import ResourceType

_NOT_COMPARED = ("json", "money")


def check_linked_defaults(draft: Draft, resource: ResourceType, types: Mapping[str, ResourceType]) -> None:
    """Report every `default` of a relationship that no row could be found by."""
    section = draft.root.get("relationships")
    for name, _, node in section.items() if section is not None else []:
        default, relationship = node.get("default"), resource.relationships[name]
        if default is None or relationship.default is None:
            continue
        if relationship.required:
            message = f"there may be no row like this, and {name} is required; remove 'default' or 'required'"
            draft.report(node.keys["default"], "keyword-not-applicable", message)
        target = types.get(relationship.to)
        if target is not None:
            for key, place, value in default.items():
                _check(draft, key, place, value, target)


def _check(draft: Draft, key: str, place: Node, value: Node, target: ResourceType) -> None:
    attribute, lifecycle = target.attributes.get(key), target.lifecycle
    if lifecycle is not None and key == lifecycle.attribute:
        if not isinstance(value.value, str) or value.value not in lifecycle.states:
            message = f"{target.name} has no state {plain(value)!r}"
            draft.report(value, "unknown-state", message, closest(str(value.value), lifecycle.states))
    elif attribute is None:
        known = [each.name for each in target.attributes.values() if not each.concealed]
        draft.report(place, "unknown-name", f"there is no attribute {key!r} of {target.name}", closest(key, known))
    elif attribute.concealed or attribute.type in _NOT_COMPARED:
        kind = "never shown" if attribute.concealed else f"of the type {attribute.type}"
        draft.report(place, "wrong-value", f"{key} of {target.name} is {kind}, so no row can be found by it")
    elif value.value is None:
        draft.report(value, "wrong-value", f"a row is found by what it has, so {key} cannot be null")
    else:
        check_value(draft, value, attribute, "bad-default")
