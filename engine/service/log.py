"""The event log as an actor may read it: entries about rows they can see, without attributes that are not theirs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from engine.access import Actor
from engine.store import Store, TypeStore

COLUMNS = "e.seq, e.at, e.type, e.row, e.kind, e.actor, e.version, e.command, e.data"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the event log."""

    seq: int
    at: str
    type: str
    row: str
    kind: str
    actor: str
    version: int | None
    command: int | None
    data: Mapping[str, Any]


class EventLog:
    """Reads the event log, access inside the query."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def after(
        self, actor: Actor, seq: int, limit: int, *, type_name: str | None = None, row: str | None = None
    ) -> list[Entry]:
        """Up to `limit` entries after `seq`, oldest first, of all types or one, of all rows or one."""
        kinds = [self._store.kind(type_name)] if type_name else list(self._store.types.values())
        conditions: list[str] = []
        parameters: list[Any] = [seq]
        for kind in kinds:
            text, values = self._condition(kind, actor)
            conditions.append(text)
            parameters.extend(values)
        where = f"e.seq > ? AND ({' OR '.join(conditions)})"
        if row is not None:
            where += " AND e.row = ?"
            parameters.append(row)
        statement = f"SELECT {COLUMNS} FROM _events e WHERE {where} ORDER BY e.seq LIMIT ?"
        rows = await self._store.database.query(statement, [*parameters, limit])
        return self._entries(actor, rows)

    def newest(self) -> int:
        """The highest number given so far."""
        return int(self._store.database.read("SELECT coalesce(max(seq), 0) FROM _events")[0][0])

    def _condition(self, kind: TypeStore, actor: Actor) -> tuple[str, list[Any]]:
        """Rows that are there follow the read rule; what is told of a removed row is its owner's."""
        if actor.system:
            return "e.type = ?", [kind.name]
        table, read = f'"{kind.name}"', kind.permissions.read
        text = (
            f"e.type = ? AND (EXISTS (SELECT 1 FROM {table} t WHERE t.id = e.row AND ({read.text})) "
            f"OR (e.owner IN (SELECT value FROM json_each(?)) AND NOT EXISTS (SELECT 1 FROM {table} t WHERE t.id = e.row)))"
        )
        principals = orjson.dumps(actor.facts["principals"]).decode()
        return f"({text})", [kind.name, *read.parameters(actor.facts, self._store.now), principals]

    def _entries(self, actor: Actor, rows: list[tuple[Any, ...]]) -> list[Entry]:
        entries = [_entry(*row) for row in rows]
        if actor.system:
            return entries
        hidden: dict[tuple[str, str], frozenset[str]] = {}
        for kind in self._store.types.values():
            if kind.permissions.attributes:
                ids = sorted({entry.row for entry in entries if entry.type == kind.name})
                everything = frozenset(kind.permissions.attributes)
                known = self._store.hidden(kind, actor, ids)
                hidden |= {(kind.name, row_id): known.get(row_id, everything) for row_id in ids}
        for entry in entries:
            for name in hidden.get((entry.type, entry.row), ()):
                for part in ("before", "after"):
                    if isinstance(entry.data.get(part), dict):
                        entry.data[part].pop(name, None)
        return entries


def _entry(*values: Any) -> Entry:
    seq, at, type_name, row, kind, actor, version, command, data = values
    return Entry(seq, at, type_name, row, kind, actor, version, command, orjson.loads(data))
