"""The store: rows of every resource type, read and written by the same few functions."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import orjson

from engine.access import SYSTEM, Actor
from engine.ambient import Ambient, timestamp
from engine.database import Database, ForeignKeyViolation, NotNullViolation, Transaction, UniqueViolation
from engine.database.interface import Row
from engine.errors import Conflict, Invalid, NotFound
from engine.model import Definitions
from engine.store.layout import Record
from engine.store.limits import Limits
from engine.store.query import Filter, ListQuery, Lists
from engine.store.sight import sights
from engine.store.type_store import ALIAS, TypeStore, quoted
from engine.store.unit import Unit

if TYPE_CHECKING:
    from engine.secrets import Keyring

Result = TypeVar("Result")

COUNTED = 1000
"""Rows that are counted one by one before each term of a rule is counted by itself."""


class Taken(Conflict):
    """A value that must be unique is in use by another row."""

    code, title = "taken", "This value is already taken"


class Store:
    """Reads are methods here; writes are functions over a `Unit`, given to `write`."""

    def __init__(self, definitions: Definitions, database: Database, keyring: Keyring, ambient: Ambient) -> None:
        self.definitions = definitions
        self.database = database
        self.keyring = keyring
        self.ambient = ambient
        self.types: Mapping[str, TypeStore] = {
            name: TypeStore(definitions, resource, database.dialect, keyring) for name, resource in definitions.types.items()
        }
        self.limits = {
            name: Limits(definitions, kind, database.dialect) for name, kind in self.types.items() if kind.resource.limits
        }
        self.sights = sights(definitions, self.types)
        self._lists = {name: Lists(kind, self._targets(kind)) for name, kind in self.types.items()}

    def _targets(self, kind: TypeStore) -> dict[str, TypeStore]:
        return {each.name: self.types[each.to] for each in kind.resource.relationships.values()}

    def kind(self, name: str) -> TypeStore:
        """The compiled type; raises `NotFound`."""
        kind = self.types.get(name)
        if kind is None:
            raise NotFound(f"There is no resource type {name!r}")
        return kind

    @property
    def now(self) -> str:
        """The time, as text."""
        return timestamp(self.ambient.time())

    async def write(self, actor: Actor, work: Callable[[Unit], Result], *, command: int | None = None) -> Result:
        """Run `work` as one unit; returns when it is on disk, raises what it raises with nothing kept."""
        return await self.submit(actor, work, command=command)

    def submit(self, actor: Actor, work: Callable[[Unit], Result], *, command: int | None = None) -> asyncio.Future[Result]:
        """Queue `work` as one unit; the future has its result when it is on disk. To cancel it takes the work back."""

        def inside(transaction: Transaction) -> Result:
            return work(Unit(self, transaction, actor, command))

        return self.database.submit(inside)

    def find(self, kind: TypeStore, actor: Actor, row_id: str) -> Record | None:
        """The row, if there is one that `actor` may see."""
        if actor.system:
            rows = self.database.read(kind.by_id, (row_id,))
        else:
            rows = self.database.read(*kind.readable(row_id, actor.facts, self.now))
        return Record(kind.layout, rows[0]) if rows else None

    def related(self, kind: TypeStore, record: Record) -> Mapping[str, Mapping[str, Any] | None]:
        """The rows behind the relationships of `record`, gone ones too, each read as the system when it is first asked for."""
        return Related(self, kind, record)

    async def page(self, kind: TypeStore, actor: Actor, query: ListQuery) -> tuple[list[Record], bool]:
        """A page of rows that `actor` may see, and whether more follow; for one before a place, whether more lie before."""
        rows = await self.database.query(*self._lists[kind.name].page(actor, query, self.now), query.limit)
        records = [Record(kind.layout, values) for values in rows[: query.limit]]
        if query.place is not None and query.place.before:
            records.reverse()
        return records, len(rows) > query.limit

    async def count(self, kind: TypeStore, actor: Actor, query: ListQuery) -> int:
        """How many rows fit the query's filters and may be seen by `actor`."""
        rows = await self.database.query(*self._lists[kind.name].count(actor, query, self.now), COUNTED)
        return int(rows[0][0])

    async def among(self, kind: TypeStore, actor: Actor, ids: Collection[str]) -> list[Record]:
        """Those of the rows with these ids that `actor` may see."""
        if not ids:
            return []
        text, parameters = f"{kind.select} WHERE {ALIAS}.id IN (SELECT value FROM json_each(?)){kind.present}", [_json(ids)]
        return await self._readable(kind, actor, text, parameters)

    async def referring(self, kind: TypeStore, actor: Actor, by: str, ids: Collection[str], limit: int) -> list[Record]:
        """Rows that `actor` may see whose relationship `by` points at one of these, newest first, at most `limit`."""
        if not ids:
            return []
        column = f"{ALIAS}.{quoted(by)}"
        text = f"{kind.select} WHERE {column} IN (SELECT value FROM json_each(?)){kind.present}"
        return await self._readable(kind, actor, text, [_json(ids)], limit)

    async def _readable(
        self, kind: TypeStore, actor: Actor, text: str, parameters: list[Any], limit: int | None = None
    ) -> list[Record]:
        if not actor.system:
            read = kind.permissions.read.fitting(actor.facts)
            text += f" AND ({read.text})"
            parameters += read.parameters(actor.facts, self.now)
        if limit is not None:
            text += f" ORDER BY {ALIAS}.id DESC LIMIT ?"
            parameters.append(limit)
        return [Record(kind.layout, values) for values in await self.database.query(text, parameters)]

    def hidden(
        self, kind: TypeStore, actor: Actor, ids: Collection[str], read: Callable[..., list[Row]] | None = None
    ) -> dict[str, frozenset[str]]:
        """The attributes of each row that `actor` may not read, for types where attributes have rules of their own.

        `read` is how to ask, where that is not the database as it was last committed: `Transaction.all`.
        """
        if not kind.hides or not ids:
            return {}
        statement, binds = kind.hides
        parameters = [value for condition in binds for value in condition.parameters(actor.facts, self.now)]
        rows = (read or self.database.read)(statement, [*parameters, _json(ids)])
        names = tuple(kind.permissions.attributes)
        return {row[0]: frozenset(name for name, may in zip(names, row[1:], strict=True) if not may) for row in rows}

    async def where(self, name: str, /, **equal: Any) -> list[Record]:
        """All rows, read as the system, whose attributes equal these."""
        filters = tuple(
            Filter(key, "null", True) if value is None else Filter(key, "eq", value) for key, value in equal.items()
        )
        records, _ = await self.page(self.kind(name), SYSTEM, ListQuery(filters, limit=1_000_000))
        return records

    def explain(self, kind: TypeStore, error: Exception) -> Exception:
        """A violated constraint as an error for people; any other error as it is."""
        if isinstance(error, UniqueViolation):
            name = error.columns[-1]
            within = f" within the same {' and '.join(error.columns[:-1])}" if len(error.columns) > 1 else ""
            return Taken(f"Another resource in {kind.name} has this {name}{within}", pointer=f"/data/attributes/{name}")
        if isinstance(error, NotNullViolation):
            return Invalid(f"{error.column} needs a value", code="required", pointer=f"/data/attributes/{error.column}")
        if isinstance(error, ForeignKeyViolation):
            return Conflict("A resource that this refers to does not exist, or is in use", code="broken_reference")
        return error


class Related(Mapping[str, "Mapping[str, Any] | None"]):
    """See `Store.related`."""

    def __init__(self, store: Store, kind: TypeStore, record: Record) -> None:
        self._store = store
        self._links = kind.resource.relationships
        self._record = record
        self._found: dict[str, Mapping[str, Any] | None] = {}

    def __getitem__(self, name: str) -> Mapping[str, Any] | None:
        if name not in self._found:
            target, row_id = self._store.kind(self._links[name].to), self._record.row[name]
            rows = [] if row_id is None else self._store.database.read(target.by_id_with_gone, (row_id,))
            self._found[name] = Record(target.layout, rows[0]).row if rows else None
        return self._found[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._links)

    def __len__(self) -> int:
        return len(self._links)


def _json(values: Collection[str]) -> str:
    """A list as one bound value, so that the text of a statement does not depend on its length."""
    return orjson.dumps(list(values)).decode()
