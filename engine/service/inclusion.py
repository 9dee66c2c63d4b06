"""Compound documents: what lies along relationships of the rows that are shown, read level by level.

One query for each relationship of a level, whatever the number of rows, each with the read rule of its type inside: what the
caller may not see is not included.
"""

from __future__ import annotations

import asyncio
import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

from engine.errors import BadRequest
from engine.model import Relationship, Reverse
from engine.store import TypeStore

if TYPE_CHECKING:
    from engine.access import Actor
    from engine.service.desk import Desk
    from engine.service.seen import Seen

MAX_DEPTH = 4
MAX_INCLUDED = 5000
"""Rows that one document may include; a list of that many belongs to an address of its own."""

MAX_MANY = 1000
"""Rows that one to-many relationship may bring into a document."""

Paths: TypeAlias = "Mapping[str, Paths]"
Key: TypeAlias = "tuple[str, str]"


@dataclass(slots=True)
class Included:
    """What a document holds beside its primary data: rows, each once, and which rows a to-many relationship leads to."""

    rows: dict[Key, Seen] = field(default_factory=dict)
    many: dict[tuple[str, str, str], list[str]] = field(default_factory=dict)


def paths(
    wanted: Iterable[tuple[str, ...]], kind: TypeStore | None = None, types: Mapping[str, TypeStore] | None = None
) -> Paths:
    """Relationship paths as a tree; `LookupError` with a sentence for one that does not exist."""
    tree: dict[str, Paths] = {}
    for path in wanted:
        assert kind is not None  # noqa: S101  given with every path
        assert types is not None  # noqa: S101  likewise
        if len(path) > MAX_DEPTH:
            raise LookupError(f"A path may have at most {MAX_DEPTH} steps")
        level, at = tree, kind
        for step in path:
            at = types[_end(at, step)]
            level = level.setdefault(step, {})  # type: ignore[assignment]  # made as a dict right here
    return MappingProxyType(tree)


def _end(kind: TypeStore, step: str) -> str:
    ends = {each.name: each.to for each in kind.resource.relationships.values()}
    ends |= {each.name: each.type for each in kind.resource.reverses.values()}
    if step not in ends:
        close = difflib.get_close_matches(step[:64], ends, 1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        raise LookupError(f"{kind.name} has no relationship {step[:64]!r}{hint}")
    return ends[step]


class Inclusion:
    """Gathers what one document includes."""

    def __init__(self, desk: Desk, actor: Actor) -> None:
        self._desk = desk
        self._actor = actor
        self._found = Included()
        self._primary: set[Key] = set()

    async def gather(self, kind: TypeStore, primary: Iterable[Seen], wanted: Paths) -> Included:
        """The rows along `wanted` from the `primary` ones, without those."""
        rows = list(primary)
        self._primary = {(kind.name, seen.record.id) for seen in rows}
        await self._level(kind, rows, wanted)
        return self._found

    async def _level(self, kind: TypeStore, rows: list[Seen], wanted: Paths) -> None:
        for name, further in wanted.items():
            end = kind.resource.relationships.get(name) or kind.resource.reverses[name]
            if isinstance(end, Relationship):
                target, reached = await self._one(kind, rows, end)
            else:
                target, reached = await self._many(kind, rows, end)
            for seen in reached:
                key = target.name, seen.record.id
                if key not in self._primary:
                    self._found.rows.setdefault(key, seen)
            if len(self._found.rows) > MAX_INCLUDED:
                raise BadRequest(f"A document includes at most {MAX_INCLUDED} resources; ask for fewer", parameter="include")
            await asyncio.sleep(0)  # each step may bring thousands of rows
            await self._level(target, reached, further)

    async def _one(self, kind: TypeStore, rows: list[Seen], end: Relationship) -> tuple[TypeStore, list[Seen]]:
        target, position = self._desk.kind(self._actor, end.to), kind.layout.index[end.name]
        linked = {seen.record.values[position]: None for seen in rows if end.name not in seen.hidden}
        linked.pop(None, None)
        records = await self._desk.store.among(target, self._actor, linked)
        return target, self._desk.shown(self._actor, target, records)

    async def _many(self, kind: TypeStore, rows: list[Seen], end: Reverse) -> tuple[TypeStore, list[Seen]]:
        target = self._desk.kind(self._actor, end.type)
        ids = [seen.record.id for seen in rows]
        records = await self._desk.store.referring(target, self._actor, end.by, ids, MAX_MANY + 1)
        if len(records) > MAX_MANY:
            detail = f"{end.name} leads to more than {MAX_MANY} resources; read them at the address of the relationship"
            raise BadRequest(detail, parameter="include")
        reached = [seen for seen in self._desk.shown(self._actor, target, records) if end.by not in seen.hidden]
        position = target.layout.index[end.by]
        linkage = {row_id: self._found.many.setdefault((kind.name, row_id, end.name), []) for row_id in ids}
        for seen in reached:
            ids_there = linkage[seen.record.values[position]]
            if seen.record.id not in ids_there:
                ids_there.append(seen.record.id)
        return target, reached
