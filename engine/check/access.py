"""Rules of access that are true for nobody, though they do not say `nobody`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine.check.reasoning import Values, only, together
from engine.check.understood import Understood
from engine.loader.problem import Problem
from engine.model import Attribute, Relationship, ResourceType, RuleText

_NOBODY = "false"


def check_access(rules: Understood) -> Iterator[Problem]:
    """Every rule about rows, attributes and relationships that lets in nobody, whatever the row."""
    for action, rule in _rules(rules.resource):
        if rule is None or rule.text == _NOBODY:
            continue
        known = _first(rules.resource) if action == "create a row" else {}
        if not together([rules.tree(rule)], rules.facts.afresh(known)):
            yield Problem(rule.position, "access-never-holds", f"nobody may ever {action}: this is never true", "write nobody")


def _rules(resource: ResourceType) -> Iterator[tuple[str, RuleText | None]]:
    access = resource.access
    yield "read a row", access.read
    yield "refer to a row", access.usable
    yield "create a row", access.create
    yield "change a row", access.update
    yield "delete a row", access.delete
    fields: tuple[Attribute | Relationship, ...] = (*resource.attributes.values(), *resource.relationships.values())
    for each in fields:
        yield f"read {each.name}", each.read
        yield f"set {each.name}", each.write


def _first(resource: ResourceType) -> Mapping[str, Values]:
    """What is certain of a new row."""
    lifecycle = resource.lifecycle
    return {} if lifecycle is None else {lifecycle.attribute: only((lifecycle.initial,))}
