"""Lists: filters, order and pages as a value, and the SQL that answers it with the access rule inside.

Names have been checked against the definitions by whoever made the query; values are always bound.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from engine.access import Actor
from engine.store.layout import Layout
from engine.store.type_store import ALIAS, TypeStore, quoted
from engine.types import TYPES

Operator: TypeAlias = Literal["eq", "ne", "lt", "le", "gt", "ge", "in", "contains", "null"]

COMPARE = {"eq": "=", "ne": "IS NOT", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}


@dataclass(frozen=True, slots=True)
class Filter:
    """A condition on one attribute; `value` is a tuple for `in`, a boolean for `null`."""

    name: str
    operator: Operator
    value: Any


@dataclass(frozen=True, slots=True)
class Order:
    """A key of the order."""

    name: str
    descending: bool = False


@dataclass(frozen=True, slots=True)
class ListQuery:
    """Which rows, in which order, and which of them. The id always comes last in the order, so pages do not overlap."""

    filters: tuple[Filter, ...] = ()
    order: tuple[Order, ...] = (Order("id", descending=True),)
    limit: int = 100
    offset: int = 0
    total: bool = False


def statement(kind: TypeStore, actor: Actor, query: ListQuery, now: str) -> tuple[str, list[Any]]:
    """The SELECT for a page, one row more than asked for so that the end is known."""
    where, parameters = condition(kind, actor, query, now)
    order = ", ".join(_key(kind.layout, key) for key in _unique_order(query.order))
    return f"{kind.select} WHERE {where} ORDER BY {order} LIMIT ? OFFSET ?", [*parameters, query.limit + 1, query.offset]


def count_statement(kind: TypeStore, actor: Actor, query: ListQuery, now: str) -> tuple[str, list[Any]]:
    """The SELECT for the number of all rows that fit."""
    where, parameters = condition(kind, actor, query, now)
    return f"SELECT count(*) FROM {quoted(kind.name)} {ALIAS} WHERE {where}", parameters


def condition(kind: TypeStore, actor: Actor, query: ListQuery, now: str) -> tuple[str, list[Any]]:
    """Filters, presence and access as one condition."""
    parts, parameters = [f"1{kind.present}"], []
    for each in query.filters:
        text, values = _filter(kind.layout, each)
        parts.append(text)
        parameters.extend(values)
    if not actor.system:
        parts.append(f"({kind.permissions.read.text})")
        parameters.extend(kind.permissions.read.parameters(actor.facts, now))
    return " AND ".join(parts), parameters


def _unique_order(order: tuple[Order, ...]) -> tuple[Order, ...]:
    """Creation time is the id's first half: the id gives the same order, unique, without an index of its own."""
    keys = tuple(Order("id", key.descending) if key.name == "created_at" else key for key in order)
    if any(key.name == "id" for key in keys):
        return keys
    return (*keys, Order("id", keys[-1].descending if keys else True))


def _key(layout: Layout, key: Order) -> str:
    return f"{_column(layout, key.name)}{' DESC' if key.descending else ''}"


def _column(layout: Layout, name: str) -> str:
    column = f"{ALIAS}.{quoted(name)}"
    return f"json_extract({column}, '$.amount')" if layout.kinds[name] == "money" else column


def _filter(layout: Layout, each: Filter) -> tuple[str, list[Any]]:
    column = _column(layout, each.name)
    if each.operator == "null":
        return f"{column} IS {'' if each.value else 'NOT '}NULL", []
    if each.operator == "in":
        return f"{column} IN ({', '.join('?' * len(each.value))})", [_bound(layout, each.name, value) for value in each.value]
    if each.operator == "contains":
        return f"instr(lower({column}), lower(?)) > 0", [each.value]
    return f"{column} {COMPARE[each.operator]} ?", [_bound(layout, each.name, each.value)]


def _bound(layout: Layout, name: str, value: Any) -> Any:
    kind = layout.kinds[name]
    convert = None if kind in ("money", "json") else TYPES[kind].to_column
    return value if convert is None or value is None else convert(value)
