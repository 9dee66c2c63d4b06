"""Query parameters, as JSON:API names them. Whatever is not known is refused, by name.

`filter[name]=value` is equality; `filter[name][op]=value` knows ne, lt, le, gt, ge, in (comma-separated), contains and
null (true or false); `filter[relationship.name]` asks it of the row behind a relationship. `sort=-price,name`.
`page[size]` with `page[number]`, or with `page[after]` or `page[before]` and a cursor from a link. `page[total]=true`.
`include=template.creator,node`. `fields[type]=name,other`.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from math import isinf
from types import MappingProxyType
from typing import Any, TypeAlias, get_args
from urllib.parse import parse_qsl

from engine.api import cursors
from engine.api.documents import Documents
from engine.errors import BadRequest
from engine.model import ROW_VERSION
from engine.service.inclusion import Paths, paths
from engine.service.validation import escape
from engine.store import Filter, ListQuery, Operator, Order, Place, TypeStore
from engine.types import TIMESTAMP, matches, to_address, to_utc

DEFAULT_SIZE, MAX_SIZE, MAX_OFFSET = 100, 1000, 1_000_000
MAX_PARAMETERS, MAX_VALUES, MAX_INCLUDES, MAX_SORTS = 50, 500, 20, 10
_FILTER = re.compile(r"filter\[(?:([a-z0-9_]{1,63})\.)?([a-z0-9_]{1,63})\](?:\[([a-z]{1,10})\])?")
_FIELDS = re.compile(r"fields\[([a-z0-9_]{1,63})\]")
_WHOLE = re.compile(r"-?[0-9]{1,19}")
_NUMBER = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,18})?([eE][+-]?[0-9]{1,3})?")
_LEAST, _MOST = -(2**63), 2**63 - 1

Pairs: TypeAlias = "list[tuple[str, str]]"
Fields: TypeAlias = "Mapping[str, frozenset[str]]"

NO_FIELDS: Fields = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class View:
    """How resources are shown: what is included along relationships, and which fields of which type.

    Where `include` was asked for, if by an empty value, documents have the member `included`; None where it was not.
    """

    include: Paths | None = None
    fields: Fields = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Listing:
    """A list that was asked for. `numbered` says that its pages go by number."""

    query: ListQuery
    view: View = View()
    numbered: bool = False


PLAIN = View()


class Parameters:
    """Reads the query strings of addresses of one type; equal query strings are read once."""

    def __init__(self, kind: TypeStore, types: Mapping[str, TypeStore], documents: Mapping[str, Documents]) -> None:
        self._kind = kind
        self._documents = documents
        self._types = types
        self._kinds = filterable(kind)
        self._behind = {each.name: filterable(types[each.to]) for each in kind.resource.relationships.values()}
        order = kind.resource.view.order
        self._default_order: tuple[Order, ...] = (Order(order.lstrip("-"), order.startswith("-")),)
        self.listing = lru_cache(maxsize=512)(self._listing)
        self.view = lru_cache(maxsize=128)(self._view)

    def _view(self, query_string: bytes) -> View:
        """What an address of one resource may be asked with."""
        include, fields, others = self._shown(parameters(query_string))
        for key, _ in others:
            raise unknown_parameter(key, ("include", "fields[type]"))
        return View(include, fields)

    def _listing(self, query_string: bytes) -> Listing:
        include, fields, others = self._shown(parameters(query_string))
        filters: list[Filter] = []
        order, size, number, total = self._default_order, DEFAULT_SIZE, 0, False
        cursor: tuple[str, str] | None = None
        for key, value in others:
            if key.startswith("filter["):
                filters.append(self._filter(key, value))
            elif key == "sort":
                order = self._orders(value)
            elif key == "page[size]":
                size = whole(key, value, 1, MAX_SIZE)
            elif key == "page[number]":
                number = whole(key, value, 1, MAX_OFFSET)
            elif key == "page[total]":
                total = boolean(key, value)
            elif key in ("page[after]", "page[before]"):
                cursor = _one_cursor(cursor, key, value)
            else:
                known = ("sort", "page[size]", "page[number]", "page[after]", "page[before]", "page[total]", "filter[…]")
                raise unknown_parameter(key, (*known, "include", "fields[type]"))
        if number and cursor:
            raise BadRequest(f"Either page[number] or {cursor[0]}, not both", parameter=cursor[0])
        place = None if cursor is None else self._place(*cursor, order)
        offset = _offset(number or 1, size)
        query = ListQuery(tuple(filters), order, size, offset, total, place)
        return Listing(query, View(include, fields), numbered=number > 0)

    def _shown(self, pairs: Pairs) -> tuple[Paths | None, Fields, Pairs]:
        include: Paths | None = None
        fields: dict[str, frozenset[str]] = {}
        others: Pairs = []
        for key, value in pairs:
            if key == "include":
                include = self._include(value)
            elif key.startswith("fields["):
                name, names = self._fields(key, value)
                fields[name] = names
            else:
                others.append((key, value))
        return include, MappingProxyType(fields) if fields else NO_FIELDS, others

    def _include(self, value: str) -> Paths:
        wanted = [tuple(path.split(".")) for path in value.split(",")] if value else []
        if len(wanted) > MAX_INCLUDES:
            raise BadRequest(f"include may name at most {MAX_INCLUDES} paths", parameter="include")
        try:
            return paths(wanted, self._kind, self._types)
        except LookupError as error:
            raise BadRequest(str(error.args[0]), parameter="include") from error

    def _fields(self, key: str, value: str) -> tuple[str, frozenset[str]]:
        match = _FIELDS.fullmatch(key)
        documents = self._documents.get(match[1]) if match else None
        if match is None or documents is None:
            raise BadRequest("Fields are chosen as fields[type]=name,other, for a type that there is", parameter=key[:128])
        names = frozenset(value.split(",")) if value else frozenset()
        for name in names - documents.fields:
            raise _unknown_name(name, documents.fields, key, f"{match[1]} has no field")
        return match[1], names

    def _place(self, key: str, text: str, order: tuple[Order, ...]) -> Place:
        values = cursors.read(text, order)
        if values is None:
            raise BadRequest("This is no cursor of a list in this order; take it from a link of such a list", parameter=key)
        return Place(values, before=key == "page[before]")

    def _filter(self, key: str, value: str) -> Filter:
        match = _FILTER.fullmatch(key)
        if match is None:
            raise BadRequest("A filter is written filter[name]=value or filter[name][op]=value", parameter=key[:128])
        via, name, operator = match[1], match[2], match[3] or "eq"
        kinds = self._kinds
        if via is not None:
            if via not in self._behind or via not in self._kinds:
                raise _unknown_name(via, self._behind, key, "There is no relationship")
            kinds = self._behind[via]
        kind = _known(kinds, name, key)
        if operator not in get_args(Operator):
            known = ", ".join(get_args(Operator))
            raise BadRequest(f"There is no filter operator {operator!r}; there are {known}", parameter=key)
        if operator == "null":
            return Filter(name, "null", boolean(key, value), via)
        if kind == "json" or (operator == "contains" and kind in ("integer", "number", "boolean", "timestamp", "money")):
            raise BadRequest(f"{name} is of type {kind}, which cannot be filtered by {operator}", parameter=key)
        if operator == "in":
            values = value.split(",")
            if len(values) > MAX_VALUES:
                raise BadRequest(f"{key} may list at most {MAX_VALUES} values", parameter=key)
            return Filter(name, "in", tuple(_value(kind, key, each) for each in values), via)
        typed: Operator = operator  # type: ignore[assignment]  # it is one of get_args(Operator)
        return Filter(name, typed, _value(kind, key, value), via)

    def _orders(self, value: str) -> tuple[Order, ...]:
        names = value.split(",")
        if len(names) > MAX_SORTS or len({name.removeprefix("-") for name in names}) < len(names):
            raise BadRequest(f"sort takes at most {MAX_SORTS} names, each once", parameter="sort")
        return tuple(self._order(name) for name in names)

    def _order(self, text: str) -> Order:
        name = text.removeprefix("-")
        if _known(self._kinds, name, "sort") == "json":
            raise BadRequest(f"{name} is of type json, which has no order", parameter="sort")
        return Order(name, text.startswith("-"))


def filterable(kind: TypeStore) -> dict[str, str]:
    """The names that lists of a type are filtered and sorted by, with their types: what everybody sees who sees the row."""
    hidden = {ROW_VERSION, *kind.layout.sealed, *kind.permissions.attributes}
    return {name: of for name, of in kind.layout.kinds.items() if name not in hidden}


def parameters(query_string: bytes) -> Pairs:
    """The parameters of a query string; each may come once."""
    if query_string.count(b"&") >= MAX_PARAMETERS:
        raise BadRequest(f"An address may have at most {MAX_PARAMETERS} parameters", parameter="")
    try:
        pairs = parse_qsl(
            query_string.decode("ascii"), keep_blank_values=True, strict_parsing=bool(query_string), errors="strict"
        )
    except ValueError as error:
        raise BadRequest("The query string is not well-formed", parameter="") from error
    seen: set[str] = set()
    for key, value in pairs:
        if key in seen:
            raise BadRequest(f"{key[:128]} is given twice", parameter=key[:128])
        if "\0" in value:
            raise BadRequest("A value may not hold a NUL character", parameter=key[:128])
        seen.add(key)
    return pairs


def unknown_parameter(key: str, known: Iterable[str]) -> BadRequest:
    """The error for a parameter that the path does not have."""
    return BadRequest(f"There is no parameter {escape(key)!r}; there are {', '.join(known)}", parameter=key[:128])


def whole(parameter: str, value: str, low: int, high: int) -> int:
    """A whole number within bounds."""
    if not _WHOLE.fullmatch(value) or not low <= int(value) <= high:
        raise BadRequest(f"{parameter} must be a whole number from {low} to {high}", parameter=parameter)
    return int(value)


def boolean(parameter: str, value: str) -> bool:
    """true or false."""
    if value not in ("true", "false"):
        raise BadRequest(f"{parameter} must be true or false", parameter=parameter)
    return value == "true"


def _one_cursor(present: tuple[str, str] | None, key: str, value: str) -> tuple[str, str]:
    if present is not None:
        raise BadRequest("Either page[after] or page[before], not both", parameter=key)
    return key, value


def _offset(number: int, size: int) -> int:
    offset = (number - 1) * size
    if offset > MAX_OFFSET:
        raise BadRequest(f"Pages end at row {MAX_OFFSET}; go on from page to page by links", parameter="page[number]")
    return offset


def _known(kinds: Mapping[str, str], name: str, parameter: str) -> str:
    kind = kinds.get(name)
    if kind is None:
        raise _unknown_name(name, kinds, parameter, "Nothing to filter or sort by here is called")
    return kind


def _unknown_name(name: str, known: Iterable[str], parameter: str, sentence: str) -> BadRequest:
    close = difflib.get_close_matches(name[:64], list(known), 1)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    return BadRequest(f"{sentence} {name[:64]!r}{hint}", parameter=parameter[:128])


def _value(kind: str, parameter: str, value: str) -> Any:
    if kind == "boolean":
        return boolean(parameter, value)
    if kind in ("integer", "money"):
        return whole(parameter, value, _LEAST, _MOST)
    if kind == "number":
        if not _NUMBER.fullmatch(value) or isinf(float(value)):
            raise BadRequest(f"{parameter} must be a number", parameter=parameter)
        return float(value)
    if kind == "email":
        return to_address(value)
    return _time(parameter, value) if kind == "timestamp" else value


def _time(parameter: str, value: str) -> str:
    try:
        if matches(TIMESTAMP, value):
            return to_utc(value)
    except ValueError:
        pass
    raise BadRequest(f"{parameter} must be a time such as 2026-01-31T09:30:00Z", parameter=parameter)
