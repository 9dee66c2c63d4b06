"""Why somebody may, or may not: every reason, and every rule that was asked, part by part.

For people who run the installation: it tells what rows and users hold, whoever may see that.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from engine.access import SYSTEM, Actor
from engine.errors import HosterError, NotFound
from engine.model import NOWHERE, RuleText
from engine.rules import Part, Rule, explain
from engine.service.actions import UPDATE, Reason, actions, reasons_of, stranger
from engine.service.changes import refer
from engine.service.refusals import refusal
from engine.store import Record, Store, TypeStore, Unit
from engine.store.looking import look

READ, CREATE = "read", "create"


@dataclass(frozen=True, slots=True)
class Judged:
    """A rule that was asked: what it decides, where it is written, and what became of each of its parts."""

    decides: str
    place: str
    part: Part


@dataclass(frozen=True, slots=True)
class Explanation:
    """`reasons` is empty when it is allowed."""

    reasons: tuple[Reason, ...]
    judged: tuple[Judged, ...]


def explanation(store: Store, actor: Actor, action: str, type_name: str, row_id: str | None) -> Explanation:
    """Whether `actor` may do `action` with a row, and why; to create, one like it, or without a row, a blank one."""
    kind, unit = store.kind(type_name), look(store, actor)
    record = None if row_id is None else store.find(kind, SYSTEM, row_id)
    if row_id is not None and record is None:
        raise NotFound(f"There is no resource {type_name}/{row_id[:64]}")
    if action == CREATE:
        return _creating(unit, kind, record)
    if record is None:
        raise NotFound(f"{action} needs a resource: {type_name}/ID")
    seeing = _judged(unit, kind, record.row, READ, kind.resource.access.read, kind.permissions.read_rule)
    if store.find(kind, actor, record.id) is None:
        return Explanation((Reason("not_found", "They may not see it, so for them it does not exist"),), tuple(seeing))
    if action == READ:
        return Explanation((), tuple(seeing))
    possible = {each.name: each for each in actions(store, actor, type_name, record.id)}
    if action not in possible:
        raise NotFound(f"With {type_name} one can {', '.join((READ, CREATE, *possible))}; {action[:64]!r} is not among them")
    return Explanation(possible[action].reasons, tuple(_asked(unit, kind, record, action)))


def _asked(unit: Unit, kind: TypeStore, record: Record, action: str) -> Iterator[Judged]:
    """The rules behind an action with a row: who may, and the conditions of a transition that look at no input."""
    access, row, lifecycle = kind.resource.access, record.row, kind.resource.lifecycle
    transition = lifecycle.transitions.get(action) if lifecycle is not None else None
    if transition is None:
        rule = kind.permissions.update if action == UPDATE else kind.permissions.delete
        yield from _judged(unit, kind, row, action, access.update if action == UPDATE else access.delete, rule)
        return
    if isinstance(transition.by, RuleText):
        yield from _judged(unit, kind, row, action, transition.by, kind.permissions.transitions[action])
    for guard, compiled in zip(transition.guards, kind.guards[action], strict=True):
        yield from _judged(
            unit, kind, row, guard.message, guard.rule, compiled.rule, old=row, inputs=_defaults(transition.inputs)
        )


def _creating(unit: Unit, kind: TypeStore, record: Record | None) -> Explanation:
    """Whether a row with the values and references of `record` could be made, and what of its type and limits is against it."""
    relationships = _referred(kind, record)
    given = _settable(kind, record) | relationships
    if kind.resource.owner is not None and not unit.actor.system:
        given[kind.resource.owner] = unit.actor.id or None
    reasons = [*stranger(unit.actor, kind.name)]
    row: dict[str, Any] = {**dict.fromkeys(kind.layout.names), "id": "", **kind.defaults, **given}
    try:
        refer(unit, kind, relationships)
        row = unit.draft(kind, given)
        limits = unit.store.limits.get(kind.name)
        if limits is not None:
            limits.check(unit, row, None)
    except HosterError as error:
        reasons += reasons_of(error)
    rule = kind.permissions.create
    refused = refusal(unit, kind, row, rule, f"create such a resource in {kind.name}")
    if refused is not None:
        reasons += reasons_of(refused, rule)
    return Explanation(tuple(reasons), tuple(_judged(unit, kind, row, CREATE, kind.resource.access.create, rule)))


def _settable(kind: TypeStore, record: Record | None) -> dict[str, Any]:
    attributes = kind.resource.attributes.values() if record is not None else ()
    names = [each.name for each in attributes if each.set_by == "user" and each.computed is None and not each.concealed]
    return {name: record.row[name] for name in names} if record is not None else {}


def _referred(kind: TypeStore, record: Record | None) -> dict[str, Any]:
    relationships = kind.resource.relationships.values() if record is not None else ()
    names = [each.name for each in relationships if each.set_by == "user" and each.name != kind.resource.owner]
    return {name: record.row[name] for name in names} if record is not None else {}


def _defaults(inputs: Mapping[str, Any]) -> dict[str, Any]:
    return {name: each.default for name, each in inputs.items()}


def _judged(
    unit: Unit, kind: TypeStore, row: Mapping[str, Any], decides: str, text: RuleText | None, rule: Rule | None, **more: Any
) -> Iterator[Judged]:
    if text is not None and rule is not None:
        related = unit.related(kind, row, rule.relationships)
        part = explain(rule, row, user=unit.actor.facts, related=related, now=unit.now, **more)
        silent = f"the default, as {kind.resource.position.file} says nothing else"
        yield Judged(decides, silent if text.position == NOWHERE else f"at {text.position}", part)
