"""The rows of a database as they are now: counted, and read as rules see them. Nothing here writes."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import orjson

from engine.model import STANDARD, Definitions, ResourceType
from engine.schema.plan.change import SHOWN_IDS
from engine.types import TYPES


class Found(NamedTuple):
    """How many rows, and the first of them."""

    number: int
    ids: tuple[str, ...] = ()


class Rows:
    """Reads the rows of the definitions that the database is for."""

    def __init__(self, connection: sqlite3.Connection, definitions: Definitions) -> None:
        self._connection = connection
        self._definitions = definitions
        self._related: dict[tuple[str, str], Mapping[str, Any] | None] = {}
        self._tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}

    def __contains__(self, table: str) -> bool:
        return table in self._tables

    def count(self, table: str, where: str = "1", parameters: Sequence[Any] = ()) -> Found:
        """Rows of a table for which a condition holds; `table` and the names in `where` come from checked definitions."""
        if table not in self._tables:
            return Found(0)
        key = "number" if table == "_definitions" else "id"
        source = f'FROM "{table}" t WHERE {where}'
        (count,) = self._connection.execute(f"SELECT count(*) {source}", parameters).fetchone()
        ids = self._connection.execute(f"SELECT t.{key} {source} ORDER BY t.{key} LIMIT {SHOWN_IDS}", parameters)
        return Found(int(count), tuple(str(row_id) for (row_id,) in ids))

    def duplicates(self, table: str, columns: Sequence[str], where: str) -> Found:
        """Rows that share the values of these columns with another."""
        listed = ", ".join(f'"{column}"' for column in columns)
        same = f'SELECT {listed} FROM "{table}" t WHERE {where} GROUP BY {listed} HAVING count(*) > 1'  # noqa: S608  likewise
        wanted = " AND ".join(f't."{column}" IS d."{column}"' for column in columns)
        return self.count(table, f"{where} AND EXISTS (SELECT 1 FROM ({same}) d WHERE {wanted})")  # noqa: S608  likewise

    def of(self, resource: ResourceType) -> Iterator[dict[str, Any]]:
        """Every row of a type, by the names it has now; what is concealed is not read."""
        if resource.name in self._tables:
            names, read = _reader(resource)
            for values in self._connection.execute(f'SELECT {names} FROM "{resource.name}"'):  # noqa: S608  likewise
                yield read(values)

    def related(self, resource: ResourceType, row: Mapping[str, Any], names: frozenset[str]) -> dict[str, Any]:
        """The rows behind relationships of a row."""
        return {name: self._one(resource.relationships[name].to, row.get(name)) for name in names}

    def _one(self, type_name: str, row_id: str | None) -> Mapping[str, Any] | None:
        target = self._definitions.types.get(type_name)
        if row_id is None or target is None or type_name not in self._tables:
            return None
        if (type_name, row_id) not in self._related:
            names, read = _reader(target)
            found = self._connection.execute(f'SELECT {names} FROM "{type_name}" WHERE id = ?', (row_id,)).fetchone()  # noqa: S608
            self._related[type_name, row_id] = None if found is None else read(found)
        return self._related[type_name, row_id]


def _reader(resource: ResourceType) -> tuple[str, Callable[[tuple[Any, ...]], dict[str, Any]]]:
    """The columns that can be read, and how to read a row of them."""
    kinds: dict[str, str] = {**STANDARD, **dict.fromkeys(resource.relationships, "string")}
    if resource.lifecycle is not None:
        kinds[resource.lifecycle.attribute] = "enum"
    kinds |= {each.name: each.type for each in resource.attributes.values() if not each.concealed}

    def read(values: tuple[Any, ...]) -> dict[str, Any]:
        return {name: value_of(kind, value) for (name, kind), value in zip(kinds.items(), values, strict=True)}

    return ", ".join(f'"{name}"' for name in kinds), read


def value_of(kind: str, column: Any) -> Any:
    """A value as rules and schemas see it, from its column."""
    if column is None:
        return None
    if kind == "boolean":
        return column == 1
    return orjson.loads(column) if TYPES[kind].from_column is not None else column
