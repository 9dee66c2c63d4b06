"""Lists: filters, order and pages as a value, and the SQL that answers it with the access rule inside.

Names have been checked against the definitions by whoever made the query; values are always bound. The text of a statement
depends on the shape of the query alone, so it is written once and kept.

Who may see a row is most often one thing or another: its owner, or everybody if it is public. Where many rows can be seen, a
walk along the order finds a page of them at once; where few can, it goes past all the others. So there is a second statement
for the same page, for when the first takes too long: it finds a page for each term of the rule, by an index of its own, and
takes the page from those.

A page begins at a number of rows, or after (or before) the place of a row: the values of that row in the keys of the order,
the id last. Such a place stays right while rows come and go, and costs the same however deep the page lies.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Literal, NamedTuple, TypeAlias

from engine.access import Actor
from engine.database.interface import Otherwise, Statement
from engine.rules import Condition
from engine.rules.condition import PRINCIPALS
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


Shapes: TypeAlias = "tuple[Shape, ...]"


class Select(NamedTuple):
    """A statement and its values, and perhaps how to make another with the same answer: see the module."""

    text: str
    values: list[Any]
    otherwise: Otherwise | None


class Audience(NamedTuple):
    """For whom a statement is, as far as its text shows it. `terms` of the rule for reading are those of which one is enough
    for them; None where they see everything. `alone` says that they act as one principal; the `system` has no rules at all."""

    system: bool
    alone: bool
    terms: tuple[int, ...] | None


class Lists:
    """The statements that list rows of one type. `targets` are the types behind its relationships, by relationship."""

    def __init__(self, kind: TypeStore, targets: Mapping[str, TypeStore]) -> None:
        self._kind = kind
        self._targets = targets
        self._from = f"{quoted(kind.name)} {ALIAS}"
        self._text = lru_cache(maxsize=512)(self._page_text)
        self._apart = lru_cache(maxsize=128)(self._apart_text)

    def page(self, actor: Actor, query: ListQuery, now: str) -> Select:
        """The SELECT for a page, one row more than asked for so that the end is known; one `before` comes back to front."""
        place, audience = query.place, self._audience(actor, now)
        nulls = None if place is None else (tuple(value is None for value in place.values), place.before)
        shape = tuple(map(_shape, query.filters)), query.order, nulls, audience
        before = () if place is None else place.values
        ends = [query.limit + 1, query.offset]
        filters, terms = self._filter_values(actor, query.filters, now), self._term_values(actor, audience, now)

        def apart() -> Statement:
            inner = [query.limit + 1 + query.offset]
            return self._apart(*shape), [value for term in terms for value in (*filters, *term, *before, *inner)] + ends

        whole = [*filters, *(value for term in terms for value in term), *before, *ends]
        return Select(self._text(*shape), whole, apart if len(terms) > 1 else None)

    def count(self, actor: Actor, query: ListQuery, now: str) -> Select:
        """The SELECT for the number of all rows that fit, whatever the page."""
        audience, shapes = self._audience(actor, now), tuple(map(_shape, query.filters))
        filters, terms = self._filter_values(actor, query.filters, now), self._term_values(actor, audience, now)

        def apart() -> Statement:
            values = [value for number in range(len(terms)) for part in (filters, *terms[number::-1]) for value in part]
            return self._counts_apart(shapes, audience), values

        text = f"SELECT count(*) FROM {self._from} WHERE {self._where(shapes, audience)}"
        whole = [*filters, *(value for term in terms for value in term)]
        return Select(text, whole, apart if len(terms) > 1 else None)

    # Texts

    def _page_text(self, shapes: Shapes, order: tuple[Order, ...], nulls: Nulls, audience: Audience) -> str:
        where = self._beyond(self._where(shapes, audience), order, nulls, 1)
        return f"{self._kind.select} WHERE {where} ORDER BY {self._order(order, nulls)} LIMIT ? OFFSET ?"

    def _apart_text(self, shapes: Shapes, order: tuple[Order, ...], nulls: Nulls, audience: Audience) -> str:
        """A page for each term, and of those the page."""
        parts, first, by = [], 1, self._order(order, nulls)
        for term in audience.terms or ():
            where = self._where(shapes, audience, term)
            beyond = self._beyond(where, order, nulls, first)
            parts.append(f"SELECT id FROM (SELECT {ALIAS}.id FROM {self._from} WHERE {beyond} ORDER BY {by} LIMIT ?)")
            first += where.count("?") + (0 if nulls is None else len(nulls[0])) + 1
        return f"{self._kind.select} WHERE {ALIAS}.id IN ({' UNION ALL '.join(parts)}) ORDER BY {by} LIMIT ? OFFSET ?"

    def _counts_apart(self, shapes: Shapes, audience: Audience) -> str:
        """Each term counts what none before it has."""
        parts = []
        for number, term in enumerate(audience.terms or ()):
            where = self._where(shapes, audience, term)
            earlier = reversed((audience.terms or ())[:number])
            where += "".join(f" AND ({self._term(each, audience).text}) IS NOT TRUE" for each in earlier)
            parts.append(f"(SELECT count(*) FROM {self._from} WHERE {where})")
        return f"SELECT {' + '.join(parts)}"

    def _order(self, order: tuple[Order, ...], nulls: Nulls) -> str:
        keys = _keys(order, nulls)
        return ", ".join(f"{_column(self._kind, key.name)}{' DESC' if key.descending else ''}" for key in keys)

    def _beyond(self, where: str, order: tuple[Order, ...], nulls: Nulls, first: int) -> str:
        """Only what lies after the place; `first` is the number of the first placeholder of `where`."""
        if nulls is None:
            return where
        return f"{where} AND {_beyond(self._kind, _keys(order, nulls), nulls[0], where.count('?') + first)}"

    def _where(self, shapes: Shapes, audience: Audience, only: int | None = None) -> str:
        """Filters, presence and access as one condition; with `only`, what that term of the rule lets in."""
        parts = [f"1{self._kind.present}", *(self._filter(*shape, audience) for shape in shapes)]
        terms = audience.terms if only is None else (only,)
        if terms is not None:
            parts.append("(" + (" OR ".join(self._term(each, audience).text for each in terms) or "0") + ")")
        if only is not None:
            equal = self._kind.permissions.read_terms[only].equal
            parts += [f"{ALIAS}.{quoted(column)} = {_written(value)}" for column, value in equal]
        return " AND ".join(parts)

    def _filter(self, name: str, operator: Operator, width: int, via: str | None, audience: Audience) -> str:
        if via is None:
            return _condition(_column(self._kind, name), operator, width)
        target = self._targets[via]
        inner = f"1{target.present} AND {_condition(_column(target, name), operator, width)}"
        if not audience.system:
            inner += f" AND ({_fitting(target.permissions.read, audience).text})"
        return f"{ALIAS}.{quoted(via)} IN (SELECT {ALIAS}.id FROM {quoted(target.name)} {ALIAS} WHERE {inner})"

    # For whom

    def _audience(self, actor: Actor, now: str) -> Audience:
        """What of the rule for reading is left for them, once what it says of the one who asks is settled."""
        facts = actor.facts
        alone = len(facts[PRINCIPALS]) == 1
        if actor.system:
            return Audience(True, alone, None)
        left: list[int] = []
        for number, term in enumerate(self._kind.permissions.read_terms):
            if term.settled is None:
                left.append(number)
            elif term.settled({}, user=facts, now=now):
                return Audience(False, alone, None)
        return Audience(False, alone, tuple(left))

    def _term(self, number: int, audience: Audience) -> Condition:
        return _fitting(self._kind.permissions.read_terms[number].condition, audience)

    # Values

    def _filter_values(self, actor: Actor, filters: Iterable[Filter], now: str) -> list[Any]:
        parameters: list[Any] = []
        for each in filters:
            kind = self._kind if each.via is None else self._targets[each.via]
            parameters += _values(kind, each)
            if each.via is not None and not actor.system:
                parameters += kind.permissions.read.fitting(actor.facts).parameters(actor.facts, now)
        return parameters

    def _term_values(self, actor: Actor, audience: Audience, now: str) -> list[tuple[Any, ...]]:
        return [self._term(each, audience).parameters(actor.facts, now) for each in audience.terms or ()]


@lru_cache(maxsize=256)
def unique_order(order: tuple[Order, ...]) -> tuple[Order, ...]:
    """The keys of an order with the id as the last of them.

    Creation time is the id's first half: the id gives the same order, unique, without an index of its own.
    """
    keys = tuple(Order("id", key.descending) if key.name == "created_at" else key for key in order)
    names = [key.name for key in keys]
    if "id" in names:
        return keys[: names.index("id") + 1]
    return (*keys, Order("id", keys[-1].descending if keys else True))


def _keys(order: tuple[Order, ...], nulls: Nulls) -> tuple[Order, ...]:
    """The keys in which a page is read: a page before a place, from its end."""
    return turned(unique_order(order)) if nulls is not None and nulls[1] else unique_order(order)


def turned(order: tuple[Order, ...]) -> tuple[Order, ...]:
    """The order from back to front."""
    return tuple(replace(key, descending=not key.descending) for key in order)


def place_of(record: Record, order: tuple[Order, ...]) -> tuple[Any, ...]:
    """The values that say where `record` lies in an order."""
    return tuple(_value(record, key.name) for key in unique_order(order))


def _fitting(condition: Condition, audience: Audience) -> Condition:
    return condition.narrow if audience.alone and condition.narrow is not None else condition


def _written(value: int | str) -> str:
    """A value of a definition as it stands in the conditions of indexes."""
    return str(value) if isinstance(value, int) else "'" + value.replace("'", "''") + "'"


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
