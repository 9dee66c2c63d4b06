"""Reading the event log, slice by slice. Who may see what of an entry is decided afterwards, in `views`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import orjson

from engine.errors import Gone
from engine.service.events.entry import COLUMNS, Entry
from engine.store import Store

NEWEST = "SELECT coalesce(max(seq), 0) FROM _events"
OLDEST = "SELECT coalesce(min(seq), 1) FROM _events"

SLICE = 500
"""Entries read at once: a few milliseconds."""

BYTES = 1_000_000
"""About how much they may tell, all together: who reads slowly holds a slice in memory meanwhile."""

_READ = (
    f"SELECT * FROM (SELECT {COLUMNS}, sum(length(e.data) + coalesce(length(e.access), 0)) OVER (ORDER BY e.seq) AS told "
    "FROM (SELECT * FROM _events e WHERE e.seq > ? AND e.seq <= ?{} ORDER BY e.seq LIMIT ?) e) "
    "WHERE told - length(data) - coalesce(length(access), 0) <= ?"
)

WINDOW = 10_000
"""Numbers looked through at once where only some entries are wanted."""


class CursorExpired(Gone):
    """Entries after the cursor have been pruned: what they told of can only be read anew."""

    code, title = "cursor_expired", "These entries are no longer kept"


@dataclass(frozen=True, slots=True)
class Interest:
    """Which rows a reader wants to hear of: those of some types, or one; None stands for all."""

    types: frozenset[str] | None = None
    row: str | None = None

    def holds(self, type_name: str, row_id: str) -> bool:
        """Whether it includes the row."""
        return (self.types is None or type_name in self.types) and (self.row is None or row_id == self.row)


EVERYTHING = Interest()


class EventLog:
    """See the module."""

    def __init__(self, store: Store) -> None:
        self._database = store.database
        self._hops = {name: frozenset(hop.type for hop in sight.hops) for name, sight in store.sights.items() if sight.hops}

    def newest(self) -> int:
        """The highest number given so far; 0 before the first."""
        return int(self._database.read(NEWEST)[0][0])

    def oldest(self) -> int:
        """The lowest number that is still kept."""
        return int(self._database.read(OLDEST)[0][0])

    async def slice(self, after: int, until: int, interest: Interest = EVERYTHING) -> tuple[list[Entry], int]:
        """Entries after one number up to another, oldest first, and the number up to which everything has been looked at.

        Raises `CursorExpired` where some of them are gone already.
        """
        condition, values = self._condition(interest)
        until = min(until, after + WINDOW)
        rows = await self._database.query(_READ.format(condition), [after, until, *values, SLICE, BYTES])
        if self.oldest() > after + 1:
            raise self.expired()
        entries = [Entry(row[:-1]) for row in rows]
        whole = len(rows) < SLICE and (not rows or rows[-1][-1] <= BYTES)
        return entries, until if whole else entries[-1].seq

    def news(self, after: int) -> list[Entry]:
        """Entries after a number, of those that were just written."""
        return [Entry(row[:-1]) for row in self._database.read(_READ.format(""), (after, after + SLICE, SLICE, BYTES))]

    def expired(self) -> CursorExpired:
        """The error for a cursor that is too old."""
        return CursorExpired("The log does not reach back to this cursor: list again, then go on from meta.cursor")

    def _condition(self, interest: Interest) -> tuple[str, list[Any]]:
        """Entries about the rows themselves, and those about rows that show or hide them."""
        if interest == EVERYTHING:
            return "", []
        types = interest.types
        parts, values = [], []
        if types is not None:
            parts.append("e.type IN (SELECT value FROM json_each(?))")
            values.append(_json(types))
        if interest.row is not None:
            parts.append("e.row = ?")
            values.append(interest.row)
        others = [name for name, shown in self._hops.items() if types is None or not types.isdisjoint(shown)]
        about = " AND ".join(parts)
        if not others:
            return f" AND {about}", values
        hops = "(e.type IN (SELECT value FROM json_each(?)) AND instr(e.access, '\"hops\"') > 0)"
        return f" AND ({about} OR {hops})", [*values, _json(others)]


def _json(values: Iterable[str]) -> str:
    return orjson.dumps(sorted(values)).decode()
