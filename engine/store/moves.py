"""Moves of a lifecycle: firing a transition, arriving in a state, leaving it.

Arriving in a state that runs a command puts that command into the queue, in the same transaction. Leaving a state while
its command is open cancels it: at once when nobody works on it yet, else by a mark that its worker obeys. The row's next
command begins only when that one has ended or lost its lease, and its late outcome is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from engine.errors import Conflict
from engine.model import Lifecycle, State
from engine.store.layout import Record
from engine.store.type_store import CompiledGuard, TypeStore
from engine.store.work import Work

ENQUEUE = (
    "INSERT INTO _commands (name, type, row, state, inputs, actor, open, status, due, deadline, attempt, failures, created_at) "
    "VALUES (?, ?, ?, ?, ?, ?, 1, 'waiting', ?, ?, 0, 0, ?) RETURNING id"
)
CANCEL_WAITING = (
    "UPDATE _commands SET open = 0, status = 'cancelled', cancel = ?, ended_at = ? "
    "WHERE open = 1 AND type = ? AND row = ? AND fence IS NULL AND cancel IS NULL"
)
CANCEL_RUNNING = "UPDATE _commands SET cancel = ? WHERE open = 1 AND type = ? AND row = ? AND cancel IS NULL"
SET_TIMER = "INSERT INTO _timers (type, row, transition, due) VALUES (?, ?, ?, ?)"
DROP_TIMERS = "DELETE FROM _timers WHERE type = ? AND row = ?"


class WrongState(Conflict):
    """The transition does not start in the state that the row is in."""

    code, title = "wrong_state", "Not possible in the present state"


class GuardFailed(Conflict):
    """A condition of the transition is not met."""

    code, title = "guard_failed", "A condition is not met"


def fire(unit: Work, kind: TypeStore, record: Record, name: str, inputs: Mapping[str, Any]) -> Record:
    """Move `record` by the transition `name`; raises `WrongState` or `GuardFailed`."""
    for obstacle in obstacles(unit, kind, record, name, inputs):
        raise obstacle
    transition = kind.moves[str(record.state), name]
    cancel(unit, kind, record)
    return enter(unit, kind, record, transition.target, transition=name, inputs=inputs, run=transition.run)


def obstacles(
    unit: Work, kind: TypeStore, record: Record, name: str, inputs: Mapping[str, Any], *, without_inputs: bool = False
) -> Iterator[Conflict]:
    """What keeps `record` from the move: its state, then every guard; `without_inputs`, those that look at no input."""
    lifecycle = kind.resource.lifecycle
    assert lifecycle is not None  # noqa: S101  only types with a lifecycle have transitions
    if (str(record.state), name) not in kind.moves:
        possible = ", ".join(lifecycle.transitions[name].sources)
        yield WrongState(
            f"{name} is possible in the states {possible}; {kind.name}/{record.id} is {record.state}",
            meta={"state": record.state, "possible": list(lifecycle.transitions[name].sources)},
        )
    for guard in kind.guards[name]:
        if without_inputs and looks_at_inputs(guard):
            continue
        if not holds(unit, kind, record, guard, inputs):
            yield GuardFailed(guard.message)


def holds(unit: Work, kind: TypeStore, record: Record, guard: CompiledGuard, inputs: Mapping[str, Any]) -> bool:
    """Whether a guard lets `record` pass."""
    row, related = record.row, unit.related(kind, record.row, guard.rule.relationships)
    return bool(guard.rule.evaluate(row, user=unit.actor.facts, related=related, old=row, inputs=inputs, now=unit.now))


def looks_at_inputs(guard: CompiledGuard) -> bool:
    """Whether what the caller gives along decides, at least in part."""
    return any(name.startswith("input.") for name in guard.rule.names)


def enter(
    unit: Work,
    kind: TypeStore,
    record: Record,
    target: str,
    *,
    changes: Mapping[str, Any] | None = None,
    failure: Mapping[str, Any] | None = None,
    transition: str | None = None,
    inputs: Mapping[str, Any] | None = None,
    run: str | None = None,
    hold: bool = True,
) -> Record:
    """Put `record` into the state `target`, with `changes` to its attributes.

    The command of the state it leaves has ended, or the caller has cancelled it. Without `hold` the conditions of the
    type are not asked: the way out of a failure must be open whatever has become of the row.
    """
    lifecycle = kind.resource.lifecycle
    assert lifecycle is not None  # noqa: S101  only types with a lifecycle have states
    if record.state in kind.timed_states:
        unit.transaction.run(DROP_TIMERS, (kind.name, record.id))
    given = {**(changes or {}), **arrival(lifecycle, target, failure)}
    told: dict[str, Any] = {"from": record.state, "to": target} | ({"transition": transition} if transition else {})
    moved = unit.update(kind, record, given, "moved", hold=hold, **told)
    arrive(unit, kind, moved, target, inputs, run)
    return unit.release(kind, moved) if lifecycle.states[target].gone else moved


def arrival(lifecycle: Lifecycle, target: str, failure: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """What arriving in a state changes in a row by itself."""
    return {lifecycle.attribute: target} | ({lifecycle.failure: failure} if lifecycle.failure is not None else {})


def arrive(
    unit: Work, kind: TypeStore, record: Record, name: str, inputs: Mapping[str, Any] | None = None, run: str | None = None
) -> None:
    """Queue the command of the state and set its timers."""
    lifecycle = kind.resource.lifecycle
    assert lifecycle is not None  # noqa: S101  only types with a lifecycle have states
    state = lifecycle.states[name]
    command = run or state.run
    if command is not None:
        _enqueue(unit, kind, record, state, command, inputs or {})
    for timer in state.after:
        due = unit.milliseconds + int(timer.seconds * 1000)
        unit.transaction.run(SET_TIMER, (kind.name, record.id, timer.transition, due))


def cancel(unit: Work, kind: TypeStore, record: Record) -> None:
    """Cancel the open commands of the state that `record` is in."""
    if record.state in kind.busy_states:
        unit.transaction.run(CANCEL_WAITING, ("left", unit.now, kind.name, record.id))
        unit.transaction.run(CANCEL_RUNNING, ("left", kind.name, record.id))


def forget(unit: Work, kind: TypeStore, record: Record) -> None:
    """Cancel what is open or set for a row that is removed."""
    cancel(unit, kind, record)
    if record.state in kind.timed_states:
        unit.transaction.run(DROP_TIMERS, (kind.name, record.id))


def _enqueue(unit: Work, kind: TypeStore, record: Record, state: State, command: str, inputs: Mapping[str, Any]) -> None:
    now = unit.milliseconds
    deadline = None if state.within is None else now + int(state.within * 1000)
    text = orjson.dumps(dict(inputs)).decode()
    unit.transaction.run(ENQUEUE, (command, kind.name, record.id, state.name, text, unit.actor.label, now, deadline, unit.now))
    unit.queued(record, command)
