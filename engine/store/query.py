"""Lists: filters, order and pages as a value, and the SQL that answers it with the access rule inside.

Names have been checked against the definitions by whoever made the query; values are always bound. The text of a statement
depends on the shape of the query alone, so it is written once and kept.

A page begins at a number of rows, or after (or before) the place of a row: the values of that row in the keys of the order,
the id last. Such a place stays right while rows come and go, and costs the same however deep the page lies.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Literal, TypeAlias

from engine.access import Actor
from engine.rules import Condition
from engine.store.layout import Record
from engine.store.type_store import ALIAS, TypeStore, quoted
from engine.types import TYPES

Operator: TypeAlias = Literal["eq", "ne", "lt", "le", "gt", "ge", "in", "contains", "null"]

COMPARE = {"eq": "=", "ne": "IS NOT", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}


@dataclass(frozen=True, slots=True)
class Filter:
    """A condition on one attribute; `value` is a tuple for `in`, a boolean for `null`.

    With `via`, the attribute is one of the row behind that relationship, which the caller must be able to see.
    """

    name: str
    operator: Operator
    value: Any
    via: str | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """A key of the order."""

    name: str
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Where a row lies in an order: its values in the keys of `unique_order`. The page is after it, or `before` it."""

    values: tuple[Any, ...]
    before: bool = False


@dataclass(frozen=True, slots=True)
class ListQuery:
    """Which rows, in which order, and which of them. The id always comes last in the order, so pages do not overlap."""

    filters: tuple[Filter, ...] = ()
    order: tuple[Order, ...] = (Order("id", descending=True),)
    limit: int = 100
    offset: int = 0
    total: bool = False
    place: Place | None = None


Shape: TypeAlias = "tuple[str, Operator, int, str | None]"
"""What of a filter shows in the text of a statement: everything but its value."""

Nulls: TypeAlias = "tuple[tuple[bool, ...], bool] | None"
"""Which values of a place are null, and whether the page is before it; None where there is no place."""

Audience: TypeAlias = "Literal['one', 'many'] | None"
"""For whom a statement is: somebody who acts as one principal or as several; None for the system, who sees everything."""

Statement: TypeAlias = "tuple[str, list[Any]]"


class Lists:
    """The statements that list rows of one type. `targets` are the types behind its relationships, by relationship."""

    def __init__(self, kind: TypeStore, targets: Mapping[str, TypeStore]) -> None:
        self._kind = kind
        self._targets = targets
        self._text = lru_cache(maxsize=512)(self._page_text)

    def page(self, actor: Actor, query: ListQuery, now: str) -> Statement:
        """The SELECT for a page, one row more than asked for so that the end is known; one `before` comes back to front."""
        place, shapes = query.place, tuple(map(_shape, query.filters))
        nulls = None if place is None else (tuple(value is None for value in place.values), place.before)
        parameters = self._parameters(actor, query.filters, now)
        if place is not None:
            parameters += place.values
        return self._text(shapes, query.order, nulls, _audience(actor)), [*parameters, query.limit + 1, query.offset]

    def count(self, actor: Actor, query: ListQuery, now: str) -> Statement:
        """The SELECT for the number of all rows that fit, whatever the page."""
        where = self._where(map(_shape, query.filters), _audience(actor))
        text = f"SELECT count(*) FROM {quoted(self._kind.name)} {ALIAS} WHERE {where}"
        return text, self._parameters(actor, query.filters, now)

    # Texts

    def _page_text(self, shapes: tuple[Shape, ...], order: tuple[Order, ...], nulls: Nulls, audience: Audience) -> str:
        kind, keys = self._kind, unique_order(order)
        where = self._where(shapes, audience)
        if nulls is not None:
            which, before = nulls
            keys = turned(keys) if before else keys
            where += f" AND {_beyond(kind, keys, which, where.count('?') + 1)}"
        by = ", ".join(f"{_column(kind, key.name)}{' DESC' if key.descending else ''}" for key in keys)
        return f"{kind.select} WHERE {where} ORDER BY {by} LIMIT ? OFFSET ?"

    def _where(self, shapes: Iterable[Shape], audience: Audience) -> str:
        """Filters, presence and access as one condition; `_parameters` has its values in the same order."""
        parts = [f"1{self._kind.present}"]
        parts += [self._filter(*shape, audience) for shape in shapes]
        if audience is not None:
            parts.append(f"({_read(self._kind, audience).text})")
        return " AND ".join(parts)

    def _filter(self, name: str, operator: Operator, width: int, via: str | None, audience: Audience) -> str:
        if via is None:
            return _condition(_column(self._kind, name), operator, width)
        target = self._targets[via]
        inner = f"1{target.present} AND {_condition(_column(target, name), operator, width)}"
        if audience is not None:
            inner += f" AND ({_read(target, audience).text})"
        return f"{ALIAS}.{quoted(via)} IN (SELECT {ALIAS}.id FROM {quoted(target.name)} {ALIAS} WHERE {inner})"

    # Values

    def _parameters(self, actor: Actor, filters: Iterable[Filter], now: str) -> list[Any]:
        parameters: list[Any] = []
        for each in filters:
            kind = self._kind if each.via is None else self._targets[each.via]
            parameters += _values(kind, each)
            if each.via is not None and not actor.system:
                parameters += kind.permissions.read.fitting(actor.facts).parameters(actor.facts, now)
        if not actor.system:
            parameters += self._kind.permissions.read.fitting(actor.facts).parameters(actor.facts, now)
        return parameters


def unique_order(order: tuple[Order, ...]) -> tuple[Order, ...]:
    """The keys of an order with the id as the last of them.

    Creation time is the id's first half: the id gives the same order, unique, without an index of its own.
    """
    keys = tuple(Order("id", key.descending) if key.name == "created_at" else key for key in order)
    names = [key.name for key in keys]
    if "id" in names:
        return keys[: names.index("id") + 1]
    return (*keys, Order("id", keys[-1].descending if keys else True))


def turned(order: tuple[Order, ...]) -> tuple[Order, ...]:
    """The order from back to front."""
    return tuple(replace(key, descending=not key.descending) for key in order)


def place_of(record: Record, order: tuple[Order, ...]) -> tuple[Any, ...]:
    """The values that say where `record` lies in an order."""
    return tuple(_value(record, key.name) for key in unique_order(order))


def _audience(actor: Actor) -> Audience:
    if actor.system:
        return None
    return "one" if len(actor.facts["principals"]) == 1 else "many"


def _read(kind: TypeStore, audience: Audience) -> Condition:
    read = kind.permissions.read
    return read.narrow if audience == "one" and read.narrow is not None else read


def _shape(each: Filter) -> Shape:
    """`null` has no placeholder; what it asks for takes the place of their number."""
    width = len(each.value) if each.operator == "in" else int(bool(each.operator == "null" and each.value))
    return each.name, each.operator, width, each.via


def _condition(column: str, operator: Operator, width: int) -> str:
    if operator == "null":
        return f"{column} IS {'' if width else 'NOT '}NULL"
    if operator == "in":
        return f"{column} IN ({', '.join('?' * width)})"
    if operator == "contains":
        return f"instr(casefold({column}), ?) > 0"
    return f"{column} {COMPARE[operator]} ?"


def _beyond(kind: TypeStore, keys: tuple[Order, ...], nulls: tuple[bool, ...], first: int) -> str:
    """Rows after a place: equal in the first keys, beyond it in the next. Null is the least value, as in ORDER BY.

    A bound on the first key alone says nothing new, but lets an index begin at the place.
    """
    parts: list[str] = []
    equal = ""
    for number, (key, null) in enumerate(zip(keys, nulls, strict=True), first):
        column = _column(kind, key.name)
        if not null:
            less = f"{column} < ?{number}" + ("" if key.name in kind.required else f" OR {column} IS NULL")
            parts.append(f"{equal}({less})" if key.descending else f"{equal}{column} > ?{number}")
        elif not key.descending:
            parts.append(f"{equal}{column} IS NOT NULL")
        equal += f"{column} IS ?{number} AND "
    beyond = f"({' OR '.join(f'({part})' for part in parts)})"
    key, column = keys[0], _column(kind, keys[0].name)
    if nulls[0] or (key.descending and key.name not in kind.required):
        return beyond
    return f"{column} {'<=' if key.descending else '>='} ?{first} AND {beyond}"


def _column(kind: TypeStore, name: str) -> str:
    column = f"{ALIAS}.{quoted(name)}"
    return f"json_extract({column}, '$.amount')" if kind.layout.kinds[name] == "money" else column


def _values(kind: TypeStore, each: Filter) -> list[Any]:
    if each.operator == "null":
        return []
    if each.operator == "contains":
        return [each.value.casefold()]
    of = kind.layout.kinds[each.name]
    convert = None if of in ("money", "json") else TYPES[of].to_column
    values = each.value if each.operator == "in" else (each.value,)
    return [value if convert is None or value is None else convert(value) for value in values]


def _value(record: Record, name: str) -> Any:
    value = record.row[name] if record.layout.kinds[name] == "money" else record.values[record.layout.index[name]]
    return value["amount"] if isinstance(value, dict) else value
