"""What an ended command does to its row: fields, next state, event and "done", in one transaction under the fence.

The row moves only if it is still in the state that the command was run for. Where it moves to is the definition's choice:
`then` on success, `else` on failure, with a failure record that says why.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from engine.commands import queue
from engine.commands.queue import Claimed
from engine.model import JSON
from engine.store import Unit
from engine.store.moves import enter


def succeed(unit: Unit, command: Claimed, fields: Mapping[str, Any]) -> bool:
    """End `command` well; false, with nothing changed, when the claim no longer counts."""
    if not queue.close(unit.transaction, command, "done", None, unit.now):
        return False
    _move(unit, command, fields, None)
    return True


def fail(unit: Unit, command: Claimed, failure: Mapping[str, JSON]) -> bool:
    """End `command` as failed; it stays in the table as a dead letter. False when the claim no longer counts."""
    if not queue.close(unit.transaction, command, "failed", dict(failure), unit.now):
        return False
    _move(unit, command, {}, failure)
    return True


def expire(unit: Unit, command: Claimed) -> bool:
    """Move the row of an overdue command on; the command itself ends when its worker lets go or loses the lease."""
    failure = failure_record(
        command, unit.now, "timeout", f"{command.name} did not end in the time it is given",
        hint="Look at the events of the last attempt for where the time went, then try again.",
    )  # fmt: skip
    if not queue.expire(unit.transaction, command, failure):
        return False
    _move(unit, command, {}, failure)
    return True


def cancel(unit: Unit, command: Claimed, by: str) -> bool:
    """End an open command because a person says so; its row goes the way of a failure. False when it has ended already."""
    failure = failure_record(command, unit.now, "cancelled", f"{command.name} was cancelled by {by}")
    if not queue.cancel(unit.transaction, command, failure):
        return False
    _move(unit, command, {}, failure)
    return True


def failure_record(
    command: Claimed, now: str, cause: str, message: str, *, hint: str | None = None, evidence: Mapping[str, JSON] | None = None
) -> dict[str, JSON]:
    """The record that a person reads: what failed, why, with which evidence, and what to do."""
    record: dict[str, JSON] = {
        "cause": cause,
        "message": message,
        "command": command.name,
        "attempt": command.attempt,
        "at": now,
    }
    if hint is not None:
        record["hint"] = hint
    shown: dict[str, JSON] = orjson.loads(queue.as_text(dict(evidence or {})))
    return record | shown


def _move(unit: Unit, command: Claimed, fields: Mapping[str, Any], failure: Mapping[str, JSON] | None) -> None:
    kind = unit.store.types.get(command.type)
    if kind is None or kind.resource.lifecycle is None or command.state is None:
        return
    state = kind.resource.lifecycle.states.get(command.state)
    record = unit.find(kind, command.row_id)
    if state is None or record is None or record.state != state.name:
        return
    target = state.then if failure is None else state.otherwise
    assert target is not None  # noqa: S101  the loader wants both exits of a state that runs a command
    enter(unit, kind, record, target, changes=fields, failure=failure, hold=failure is None)
