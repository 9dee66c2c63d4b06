"""The command queue as statements over one table: claim, keep, finish, give back, sweep.

A row of `_commands` is open until it has ended. `due` serves two ends: when it may be claimed, and, once claimed, when the
lease runs out and it may be claimed again. Every claim writes a fresh `fence`; whatever a worker says later is believed
only while the fence is still its own. Commands of one resource are claimed in the order of their ids, one at a time.

Times in this table are milliseconds since the epoch.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from engine.database import Transaction
from engine.model import JSON

CRASHES = 50
"""How many workers may vanish over a command before it counts as the one that kills them."""

COLUMNS = "id, name, type, row, state, inputs, attempt, failures, deadline, fence, actor"

NEXT = "SELECT min(due) FROM _commands WHERE open = 1"

FIRST_OF_ROW = "NOT EXISTS (SELECT 1 FROM _commands p WHERE p.open = 1 AND p.type = c.type AND p.row = c.row AND p.id < c.id)"

CLAIMABLE = (
    f"c.open = 1 AND c.due <= ? AND c.cancel IS NULL AND {FIRST_OF_ROW} "
    "AND c.name NOT IN (SELECT value FROM json_each(?)) AND c.id NOT IN (SELECT value FROM json_each(?))"
)
SWEEPABLE = "open = 1 AND cancel IS NOT NULL AND (fence IS NULL OR due <= ?) AND id NOT IN (SELECT value FROM json_each(?))"
WORK = f"SELECT EXISTS (SELECT 1 FROM _commands c WHERE {CLAIMABLE}) OR EXISTS (SELECT 1 FROM _commands WHERE {SWEEPABLE})"
CLAIM = (
    "UPDATE _commands SET status = 'running', due = ?, fence = ?, worker = ?, attempt = attempt + 1, "
    f"started_at = coalesce(started_at, ?) WHERE id IN (SELECT c.id FROM _commands c WHERE {CLAIMABLE} "
    f"ORDER BY c.due, c.id LIMIT ?) RETURNING {COLUMNS}"
)
HELD = "SELECT 1 FROM _commands WHERE id = ? AND fence = ? AND open = 1 AND cancel IS NULL"
KEEP = (
    "UPDATE _commands SET due = ? WHERE open = 1 AND id IN (SELECT value FROM json_each(?)) "
    "AND fence IN (SELECT value FROM json_each(?)) RETURNING id"
)
CLOSE = (
    "UPDATE _commands SET open = 0, status = ?, error = ?, ended_at = ? "
    "WHERE id = ? AND fence = ? AND open = 1 AND cancel IS NULL RETURNING id"
)
CLOSE_CANCELLED = (
    "UPDATE _commands SET open = 0, status = iif(cancel = 'deadline', 'failed', 'cancelled'), ended_at = ? "
    "WHERE id = ? AND fence = ? AND open = 1 AND cancel IS NOT NULL RETURNING id"
)
AGAIN = (
    "UPDATE _commands SET status = 'waiting', fence = NULL, worker = NULL, due = ?, failures = failures + ?, "
    "attempt = attempt - ?, error = ? WHERE id = ? AND fence = ? AND open = 1 AND cancel IS NULL RETURNING id"
)
SWEEP_CANCELLED = (
    f"UPDATE _commands SET open = 0, status = iif(cancel = 'deadline', 'failed', 'cancelled'), ended_at = ? WHERE {SWEEPABLE}"
)
CANCELLED_OF = "SELECT id FROM _commands WHERE open = 1 AND cancel IS NOT NULL AND worker = ?"
OVERDUE = f"SELECT {COLUMNS} FROM _commands WHERE open = 1 AND cancel IS NULL AND deadline <= ?"
EXPIRE = "UPDATE _commands SET cancel = 'deadline', error = ? WHERE id = ? AND open = 1 AND cancel IS NULL RETURNING id"
CANCEL = "UPDATE _commands SET cancel = 'cancelled', error = ? WHERE id = ? AND open = 1 AND cancel IS NULL RETURNING id"
BY_ID = f"SELECT {COLUMNS} FROM _commands WHERE id = ?"
WORKERS = "SELECT DISTINCT worker FROM _commands WHERE open = 1 AND due > ? AND worker IS NOT NULL"
ABANDON = "UPDATE _commands SET due = ? WHERE open = 1 AND worker = ? AND due > ?"


@dataclass(frozen=True, slots=True)
class Claimed:
    """A command as it was claimed."""

    id: int
    name: str
    type: str
    row_id: str
    state: str | None
    inputs: dict[str, JSON]
    attempt: int
    failures: int
    deadline: int | None
    fence: str
    actor: str


def claimed(row: Sequence[Any]) -> Claimed:
    """A row of `COLUMNS` as a value."""
    number, name, kind, row_id, state, inputs, attempt, failures, deadline, fence, actor = row
    return Claimed(number, name, kind, row_id, state, orjson.loads(inputs), attempt, failures, deadline, fence or "", actor)


def work(now: int, busy: Iterable[str], own: Iterable[int]) -> tuple[Any, ...]:
    """The parameters of `WORK`: whether `claim` would find anything. Asked first, because a claim is a write."""
    return now, _list(busy), _list(own), now, _list(own)


def claim(
    transaction: Transaction,
    *,
    worker: str,
    fence: str,
    now: int,
    text: str,
    lease: int,
    busy: Iterable[str],
    limit: int,
    own: Iterable[int] = (),
) -> list[Claimed]:
    """Lease up to `limit` due commands to `worker`, longest due first, at most one a resource, none named in `busy`.

    `own` are the commands that still run in the process that asks. It must never claim these a second time: after a pause
    longer than the lease they look free, but their handlers go on.
    """
    transaction.run(SWEEP_CANCELLED, (text, now, _list(own)))
    parameters = (now + lease, fence, worker, text, now, _list(busy), _list(own), limit)
    return [claimed(row) for row in transaction.all(CLAIM, parameters)]


def held(transaction: Transaction, command: Claimed) -> bool:
    """Whether the claim still counts, so that what its handler tells may be written."""
    return transaction.one(HELD, (command.id, command.fence)) is not None


def keep(transaction: Transaction, ids: Iterable[int], fences: Iterable[str], until: int) -> set[int]:
    """Renew leases; returns those that are still held."""
    return {int(row[0]) for row in transaction.all(KEEP, (until, _list(ids), _list(fences)))}


def close(transaction: Transaction, command: Claimed, status: str, error: JSON, text: str) -> bool:
    """End a command as `done` or `failed`; false when the claim no longer counts, and nothing may follow from it."""
    written = None if error is None else as_text(error)
    if transaction.one(CLOSE, (status, written, text, command.id, command.fence)) is not None:
        return True
    transaction.one(CLOSE_CANCELLED, (text, command.id, command.fence))
    return False


def again(transaction: Transaction, command: Claimed, due: int, error: JSON, *, failed: bool) -> bool:
    """Put a command back: after a failed attempt, or as if this one had not been (`failed=False`)."""
    written = None if error is None else as_text(error)
    parameters = (due, int(failed), int(not failed), written, command.id, command.fence)
    return transaction.one(AGAIN, parameters) is not None


def expire(transaction: Transaction, command: Claimed, error: JSON) -> bool:
    """Mark a command as past its deadline; false when it ended in time after all."""
    return transaction.one(EXPIRE, (as_text(error), command.id)) is not None


def cancel(transaction: Transaction, command: Claimed, error: JSON) -> bool:
    """Mark a command as cancelled; false when it ended before."""
    return transaction.one(CANCEL, (as_text(error), command.id)) is not None


def as_text(error: JSON) -> str:
    """As JSON, whatever a handler gave as evidence: what is no JSON is shown as text, a secret as its mask."""
    return orjson.dumps(error, default=str, option=orjson.OPT_NON_STR_KEYS).decode()


def _list(values: Iterable[Any]) -> str:
    return orjson.dumps(list(values)).decode()
