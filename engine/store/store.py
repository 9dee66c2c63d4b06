"""The store: rows of every resource type, read and written by the same few functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import orjson

from engine.access import SYSTEM, Actor
from engine.ambient import Ambient, timestamp
from engine.database import Database, ForeignKeyViolation, NotNullViolation, Transaction, UniqueViolation
from engine.errors import Conflict, Invalid, NotFound
from engine.model import Definitions
from engine.store.layout import Record
from engine.store.query import Filter, ListQuery, count_statement, statement
from engine.store.type_store import TypeStore
from engine.store.unit import Unit

if TYPE_CHECKING:
    from engine.secrets import Keyring

Result = TypeVar("Result")


class Taken(Conflict):
    """A value that must be unique is in use by another row."""

    code, title = "taken", "This value is already taken"


class Store:
    """Reads are methods here; writes are functions over a `Unit`, given to `write`."""

    def __init__(self, definitions: Definitions, database: Database, keyring: Keyring, ambient: Ambient) -> None:
        self.definitions = definitions
        self.database = database
        self.ambient = ambient
        self.types: Mapping[str, TypeStore] = {
            name: TypeStore(definitions, resource, database.dialect, keyring) for name, resource in definitions.types.items()
        }

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

        def inside(transaction: Transaction) -> Result:
            return work(Unit(self, transaction, actor, command))

        return await self.database.write(inside)

    def find(self, kind: TypeStore, actor: Actor, row_id: str) -> Record | None:
        """The row, if there is one that `actor` may see."""
        if actor.system:
            rows = self.database.read(kind.by_id, (row_id,))
        else:
            parameters = (row_id, *kind.permissions.read.parameters(actor.facts, self.now))
            rows = self.database.read(kind.readable_by_id, parameters)
        return Record(kind.layout, rows[0]) if rows else None

    def related(self, kind: TypeStore, record: Record) -> dict[str, dict[str, Any] | None]:
        """The rows behind every relationship of `record`, gone ones too, read as the system."""
        found: dict[str, dict[str, Any] | None] = {}
        for name, relationship in kind.resource.relationships.items():
            target, row_id = self.kind(relationship.to), record.row[name]
            rows = [] if row_id is None else self.database.read(target.by_id_with_gone, (row_id,))
            found[name] = Record(target.layout, rows[0]).row if rows else None
        return found

    async def page(self, kind: TypeStore, actor: Actor, query: ListQuery) -> tuple[list[Record], bool]:
        """A page of rows that `actor` may see, and whether more follow."""
        rows = await self.database.query(*statement(kind, actor, query, self.now))
        return [Record(kind.layout, values) for values in rows[: query.limit]], len(rows) > query.limit

    async def count(self, kind: TypeStore, actor: Actor, query: ListQuery) -> int:
        """How many rows fit the query's filters and may be seen by `actor`."""
        rows = await self.database.query(*count_statement(kind, actor, query, self.now))
        return int(rows[0][0])

    def hidden(self, kind: TypeStore, actor: Actor, ids: Sequence[str]) -> dict[str, frozenset[str]]:
        """The attributes of each row that `actor` may not read, for types where attributes have rules of their own."""
        if not kind.hides or not ids:
            return {}
        statement, binds = kind.hides
        parameters = [value for condition in binds for value in condition.parameters(actor.facts, self.now)]
        rows = self.database.read(statement, [*parameters, orjson.dumps(list(ids)).decode()])
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
