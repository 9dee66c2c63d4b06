"""Rows that let somebody in: API tokens and sessions alike. Such a row holds the hash of its token, never the token.

A token is 256 random bits, so a plain SHA-256 of it is enough: there is nothing to guess, and looking one up by its hash
leaks nothing through timing.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any, NamedTuple

from engine.ambient import seconds, timestamp
from engine.database import Transaction
from engine.identity.memory import Known
from engine.identity.people import CREDENTIAL, People
from engine.model import ResourceType
from engine.store import Record, Unit
from engine.store.type_store import quoted
from engine.types import TYPES, hashed

log = logging.getLogger("hoster.identity")

FINE = 60.0
"""Seconds between two notes of when a credential was last used: a note is a write."""

USED = ("last_used_at", "last_seen_at")
"""Attributes that hold when a credential was last used; a type has at most one."""


class Made(NamedTuple):
    """A new credential: its row, and its token, which is known only now."""

    record: Record
    token: str


class Bearers:
    """The rows of one credential type. `idle` is after how many seconds without use one ends."""

    def __init__(self, people: People, resource: ResourceType, *, idle: float | None = None) -> None:
        self._people, self._store = people, people.store
        self.kind = self._store.kind(resource.name)
        self.token = next(each.name for each in resource.attributes.values() if each.type == "token")
        self.owner = str(resource.owner)
        self._idle = idle
        self._used = next((name for name in USED if name in resource.attributes), None)
        self._pending: dict[str, str] = {}
        self._writing: asyncio.Task[None] | None = None
        extra = [f"{CREDENTIAL}.id"]
        extra += [self._column(name) for name in ("scopes", "expires_at", self._used, "created_at")]
        self._statement = people.statement(
            resource.name,
            self.owner,
            f"{CREDENTIAL}.{quoted(self.token)} = ?",
            tuple(extra),
            self.kind.present_as(CREDENTIAL),
        )

    def find(self, token: str) -> Known | None:
        """Whose token it is, if it is one and has not ended."""
        rows = self._store.database.read(self._statement, (hashed(token),))
        if not rows:
            return None
        identity, scopes, expires_at, used, created_at = rows[0][self._people.width :]
        told = seconds(used or created_at)
        ends = float("inf") if expires_at is None else seconds(expires_at)
        actor = self._people.actor(
            rows[0],
            scopes=_scopes(scopes),
            credential=f"{self.kind.name}/{identity}",
            expires_at=expires_at,
        )
        known = Known(actor, ends=ends, row=identity, told=told)
        self._set_end(known)
        return known if known.until > self._store.ambient.time() else None

    def use(self, known: Known, now: float) -> None:
        """Note that a credential was used, if that is not noted already; the request does not wait for it."""
        if self._used is None or known.row is None:
            return
        known.told = now
        self._set_end(known)
        self._pending[known.row] = timestamp(now)
        if self._writing is None:
            self._writing = asyncio.get_running_loop().create_task(self._note())

    def make(
        self, unit: Unit, user_id: str, given: dict[str, Any], *, token: str | None = None, past: str | None = None
    ) -> Made:
        """Make a credential; of `given`, what the type has. `token` is one that exists, `past` the hash of one."""
        known = {name: value for name, value in given.items() if name in self.kind.resource.attributes}
        row = unit.draft(self.kind, {self.owner: user_id, **known})
        made = unit.made.pop((self.kind.name, row["id"]))[self.token]
        if token is not None or past is not None:
            row[self.token] = past or hashed(token or "")
        return Made(unit.insert(self.kind, row), token or made)

    def end_all(self, unit: Unit, user_id: str) -> None:
        """Remove every credential of this type that somebody has."""
        statement = f"{self.kind.select} WHERE t.{quoted(self.owner)} = ?"
        for values in unit.transaction.all(statement, (user_id,)):
            unit.remove(self.kind, Record(self.kind.layout, values))

    def end(self, unit: Unit, row_id: str) -> None:
        """Remove one, if it is still there."""
        record = unit.find(self.kind, row_id)
        if record is not None:
            unit.remove(self.kind, record)

    def _set_end(self, known: Known) -> None:
        known.until = known.ends if self._idle is None else min(known.ends, known.told + self._idle)

    def _column(self, name: str | None) -> str:
        return f"{CREDENTIAL}.{quoted(name or '')}" if name in self.kind.layout.kinds else "NULL"

    async def _note(self) -> None:
        """Write what is pending, and comes meanwhile: a plain statement, since who looked when is no change of anything."""
        statement = f"UPDATE {quoted(self.kind.name)} SET {quoted(self._used or '')} = ? WHERE id = ?"

        def work(transaction: Transaction) -> None:
            pending, self._pending = self._pending, {}
            for row, at in pending.items():
                transaction.run(statement, (at, row))

        try:
            while self._pending:
                await self._store.database.write(work)
        except Exception:
            log.warning("When %s were last used could not be noted", self.kind.name, exc_info=True)
        finally:
            self._writing = None


def remove_ended(unit: Unit, resource: ResourceType, idle: float | None, most: int) -> int:
    """Remove credentials of a type that have ended, or lain idle for so many seconds; returns how many, at most `most`."""
    kind, conditions, parameters = unit.store.kind(resource.name), [], []
    used = next((name for name in USED if name in resource.attributes), None)
    if "expires_at" in resource.attributes:
        conditions.append("t.expires_at < ?")
        parameters.append(unit.now)
    if idle is not None and used is not None:
        conditions.append(f"coalesce(t.{quoted(used)}, t.created_at) < ?")
        parameters.append(timestamp(unit.time - idle - FINE))
    if not conditions:
        return 0
    rows = unit.transaction.all(f"{kind.select} WHERE {' OR '.join(conditions)} LIMIT ?", (*parameters, most))
    for values in rows:
        unit.remove(kind, Record(kind.layout, values))
    return len(rows)


def _scopes(column: str | None) -> frozenset[str] | None:
    """Null: everything. What is no list is nothing at all, so that a mistake never widens."""
    if column is None:
        return None
    convert = TYPES["json"].from_column
    value = convert(column) if convert is not None else column
    if value is None:
        return None
    return frozenset(each for each in value if isinstance(each, str)) if isinstance(value, list) else frozenset()
