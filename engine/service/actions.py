"""Why, and why not: what somebody can do with a row, each with every reason that stands in the way.

The reasons come from the functions that enforce them, asked in a unit of work that only looks. So an action that is shown
as possible is possible, as long as nobody else is quicker, and what the caller gives along is right.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.access import Actor
from engine.ambient import timestamp
from engine.errors import HosterError, Many
from engine.model import JSON, Attribute, Transition
from engine.rules import Rule
from engine.service.refusals import insist_on_scope, refusal
from engine.store import Record, Store, TypeStore, Unit
from engine.store.looking import look
from engine.store.moves import WrongState, arrival, holds, looks_at_inputs
from engine.store.moves import obstacles as moving
from engine.store.removal import obstacles as removing
from engine.types import TYPES

UPDATE, DELETE = "update", "delete"

OPEN = (
    "SELECT name, status, deadline FROM _commands "
    "WHERE open = 1 AND cancel IS NULL AND type = ? AND row = ? ORDER BY id LIMIT 1"
)


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that stands in the way: a code for programs, a sentence for people; `rule` when a rule of access said no."""

    code: str
    detail: str
    meta: Mapping[str, JSON] = field(default_factory=dict)
    rule: Rule | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """Something that can be done with a row: a transition, or `update` or `delete`.

    `inputs` is the JSON Schema of what can be given along; `needs` are conditions that depend on it and do not hold while
    it is left out.
    """

    name: str
    description: str
    reasons: tuple[Reason, ...] = ()
    target: str | None = None
    confirm: bool = False
    inputs: Mapping[str, Any] = field(default_factory=dict)
    needs: tuple[str, ...] = ()

    @property
    def allowed(self) -> bool:
        """Whether nothing stands in the way."""
        return not self.reasons


def actions(store: Store, actor: Actor, type_name: str, row_id: str) -> list[Action]:
    """Everything that can be done with a row, possible or not; raises `NotFound` for one that `actor` may not see.

    Who may not do something learns where the row stands, but not what else would be in the way: conditions, limits and
    references speak of what may not be theirs to see.
    """
    kind, unit = store.kind(type_name), look(store, actor)
    insist_on_scope(actor, type_name, "read")
    record = unit.get(kind, row_id, readable=True)
    lifecycle = kind.resource.lifecycle
    transitions = lifecycle.transitions if lifecycle else {}
    found = [_transition(unit, kind, record, each) for each in transitions.values()]
    found.append(_update(unit, kind, record))
    if DELETE not in transitions:
        found.append(_delete(unit, kind, record))
    return found


def stranger(actor: Actor, type_name: str) -> Iterator[Reason]:
    """What keeps somebody from any write: nobody knows them, or they came with a token that may not be used for this."""
    if actor.system:
        return
    if not actor.facts["known"]:
        yield Reason("unauthenticated", "Nobody is signed in, and this needs somebody")
    if not actor.within_scope(type_name, "write"):
        yield Reason("insufficient_scope", f"The token that was sent may not be used to write {type_name}")


def reasons_of(error: HosterError, rule: Rule | None = None) -> Iterator[Reason]:
    """An error as the reasons that it holds."""
    for each in error.problems if isinstance(error, Many) else (error,):
        yield Reason(each.error_code, each.detail, each.meta or {}, rule)


def _transition(unit: Unit, kind: TypeStore, record: Record, transition: Transition) -> Action:
    lifecycle = kind.resource.lifecycle
    assert lifecycle is not None  # noqa: S101  it has a transition
    given = {each.name: each.default for each in transition.inputs.values()}
    name, what = transition.name, f"fire {transition.name} on {kind.name}/{record.id}"
    refused = [*_refused(unit, kind, record, kind.permissions.transitions[name], what)]
    moves = record.state in transition.sources
    reasons = [*refused]
    for obstacle in moving(unit, kind, record, name, given, without_inputs=True):
        if not refused or isinstance(obstacle, WrongState):
            reasons += reasons_of(obstacle)
    if not moves:
        reasons += _busy(unit, kind, record)
    elif not refused:
        reasons += _consequences(unit, kind, record, arrival(lifecycle, transition.target))
        if lifecycle.states[transition.target].gone:
            reasons += _each(removing(unit, kind, record, stays=True))
    depending = [guard for guard in kind.guards[name] if looks_at_inputs(guard)] if not refused else []
    return Action(
        name=name,
        description=transition.description,
        reasons=tuple(reasons),
        target=transition.target,
        confirm=transition.confirm,
        inputs=_schema(transition.inputs),
        needs=tuple(guard.message for guard in depending if not holds(unit, kind, record, guard, given)),
    )


def _update(unit: Unit, kind: TypeStore, record: Record) -> Action:
    reasons = _refused(unit, kind, record, kind.permissions.update, f"change {kind.name}/{record.id}")
    return Action(name=UPDATE, description="Change its attributes and relationships", reasons=tuple(reasons))


def _delete(unit: Unit, kind: TypeStore, record: Record) -> Action:
    reasons = [*_refused(unit, kind, record, kind.permissions.delete, f"delete {kind.name}/{record.id}")]
    if not reasons:
        reasons += _each(removing(unit, kind, record, stays=False))
    return Action(name=DELETE, description="Remove it for good", reasons=tuple(reasons), confirm=True)


def _refused(unit: Unit, kind: TypeStore, record: Record, rule: Rule | None, what: str) -> Iterator[Reason]:
    yield from stranger(unit.actor, kind.name)
    error = refusal(unit, kind, record.row, rule, what)
    if error is not None:
        yield from reasons_of(error, rule)


def _consequences(unit: Unit, kind: TypeStore, record: Record, given: Mapping[str, Any]) -> Iterator[Reason]:
    """What the row as it would be breaks: conditions of its type, and its owner's limits."""
    try:
        unit.changes(kind, record, given)
    except HosterError as error:
        yield from reasons_of(error)


def _busy(unit: Unit, kind: TypeStore, record: Record) -> Iterator[Reason]:
    """The command that the row waits for in a state that the move does not start from."""
    found = unit.transaction.one(OPEN, (kind.name, record.id)) if record.state in kind.busy_states else None
    if found is None:
        return
    name, status, deadline = found
    until = None if deadline is None else timestamp(deadline / 1000)
    told = f"{name} is at work on it" if status == "running" else f"{name} is about to begin"
    ends = "" if until is None else f"; it ends by {until} at the latest"
    yield Reason("busy", told + ends, {"command": name, "status": status, "until": until})


def _each(errors: Iterable[HosterError]) -> Iterator[Reason]:
    for error in errors:
        yield from reasons_of(error)


def _schema(inputs: Mapping[str, Attribute]) -> dict[str, Any]:
    properties: dict[str, Any] = {}
    for each in inputs.values():
        described = {"description": each.description} if each.description else {}
        default = {"default": each.default} if each.default is not None else {}
        properties[each.name] = {**TYPES[each.type].schema(each), **described, **default}
    required = [each.name for each in inputs.values() if each.required and each.default is None]
    return {"type": "object", "properties": properties, "required": required}
