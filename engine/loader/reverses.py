"""The other ends of relationships: under which name a row lists those that point at it.

A name that is written down must be free, else it is a problem. One that nobody wrote, the name of the type that points, is
given where it is free and means one relationship only; otherwise the other end has no name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from engine.loader.draft import Draft
from engine.loader.naming import RESERVED, RESERVED_PATHS, fields
from engine.loader.node import Node
from engine.model import Relationship, ResourceType, Reverse


@dataclass(frozen=True, slots=True)
class _End:
    """One relationship and the name that its other end should get; `place` is where that is written."""

    draft: Draft
    resource: ResourceType
    relationship: Relationship
    name: str
    place: Node | None


def with_reverses(drafts: Sequence[Draft], types: Mapping[str, ResourceType]) -> dict[str, ResourceType]:
    """The types with the other ends of all relationships that point at them."""
    found: dict[str, dict[str, Reverse]] = {name: {} for name in types}
    named: dict[tuple[str, str], str] = {}
    ends = [end for draft in drafts for end in _ends(draft, types[draft.name])]
    for end in sorted(ends, key=lambda each: each.place is None):
        target = types.get(end.relationship.to)
        if target is None:
            continue
        obstacle = _obstacle(end, target, found[target.name])
        if obstacle is None:
            found[target.name][end.name] = Reverse(end.name, end.resource.name, end.relationship.name)
            named[end.resource.name, end.relationship.name] = end.name
        elif end.place is not None:
            end.draft.report(end.place, *obstacle)
    return {name: _complete(resource, named, found[name]) for name, resource in types.items()}


def _complete(resource: ResourceType, named: Mapping[tuple[str, str], str], found: Mapping[str, Reverse]) -> ResourceType:
    relationships = {
        name: replace(each, reverse=named.get((resource.name, name))) for name, each in resource.relationships.items()
    }
    return replace(resource, relationships=MappingProxyType(relationships), reverses=MappingProxyType(dict(found)))


def _ends(draft: Draft, resource: ResourceType) -> Iterator[_End]:
    section = draft.root.get("relationships")
    for relationship in resource.relationships.values():
        node = section.get(relationship.name) if section is not None else None
        written = node.get("reverse") if node is not None else None
        if written is not None and written.value is not False:
            name = written.value if isinstance(written.value, str) else resource.name
            yield _End(draft, resource, relationship, name, written)
        elif written is None and relationship.read is None and _only(resource, relationship):
            yield _End(draft, resource, relationship, resource.name, None)


def _only(resource: ResourceType, relationship: Relationship) -> bool:
    return [each.to for each in resource.relationships.values()].count(relationship.to) == 1


def _obstacle(end: _End, target: ResourceType, found: Mapping[str, Reverse]) -> tuple[str, str] | None:
    """Why a row of `target` cannot list the rows behind `end` under its name: code and message."""
    name = end.name
    if end.relationship.read is not None:
        return "reverse-of-hidden", f"{end.relationship.name} is not seen by all who see the row, and its reverse would tell"
    if name in RESERVED or name in RESERVED_PATHS:
        return "reserved-name", f"{name!r} is a name of the API or of the rule language; choose another"
    transitions = target.lifecycle.transitions if target.lifecycle is not None else {}
    kinds = (("transition", transitions), ("read", target.reads), ("field", fields(target)))
    taken = next((kind for kind, names in kinds if name in names), None)
    if taken is not None:
        return "name-taken", f"{name!r} is a {taken} of {target.name} already"
    if name in found:
        other = found[name]
        return "name-taken", f"{target.name} lists the rows of {other.type} by {other.by} as {name!r} already"
    return None
