"""Query parameters of lists: `filter[…]`, `sort`, `page[…]`. Anything else is refused, by name.

`filter[name]=value` is equality; `filter[name][op]=value` knows ne, lt, le, gt, ge, in (comma-separated), contains and
null (true or false). `sort=-price,name`. `page[size]`, `page[number]`, `page[total]=true`.
"""

from __future__ import annotations

import difflib
import re
from functools import lru_cache
from typing import Any, get_args
from urllib.parse import parse_qsl

from engine.errors import BadRequest
from engine.model import ROW_VERSION
from engine.service.validation import escape
from engine.store import Filter, ListQuery, Operator, Order, TypeStore
from engine.types import TIMESTAMP, matches, to_utc

DEFAULT_SIZE, MAX_SIZE, MAX_OFFSET = 100, 1000, 1_000_000
MAX_PARAMETERS, MAX_VALUES = 50, 500
_FILTER = re.compile(r"^filter\[([a-z0-9_]{1,63})\](?:\[([a-z]{1,10})\])?$")
_WHOLE = re.compile(r"^-?[0-9]{1,18}$")
_NUMBER = re.compile(r"^-?[0-9]{1,18}(\.[0-9]{1,18})?$")


class ListParameters:
    """Reads the query string of lists of one type; equal query strings are read once."""

    def __init__(self, kind: TypeStore) -> None:
        self._kinds = {
            name: value
            for name, value in kind.layout.kinds.items()
            if value != "secret" and name != ROW_VERSION and name not in kind.permissions.attributes
        }
        order = kind.resource.view.order
        self._default_order = (Order(order.lstrip("-"), order.startswith("-")),)
        self.parse = lru_cache(maxsize=512)(self._parse)

    def _parse(self, query_string: bytes) -> ListQuery:
        filters: list[Filter] = []
        order: tuple[Order, ...] = self._default_order
        size, number, total = DEFAULT_SIZE, 1, False
        for key, value in parameters(query_string):
            if key.startswith("filter["):
                filters.append(self._filter(key, value))
            elif key == "sort":
                order = tuple(self._order(each) for each in value.split(","))
            elif key == "page[size]":
                size = whole(key, value, 1, MAX_SIZE)
            elif key == "page[number]":
                number = whole(key, value, 1, MAX_OFFSET)
            elif key == "page[total]":
                total = bool(_boolean(key, value))
            else:
                raise unknown_parameter(key, ("sort", "page[size]", "page[number]", "page[total]", "filter[…]"))
        offset = (number - 1) * size
        if offset > MAX_OFFSET:
            raise BadRequest(f"Pages end at row {MAX_OFFSET}; narrow the list by a filter", parameter="page[number]")
        return ListQuery(tuple(filters), order, size, offset, total)

    def _filter(self, key: str, value: str) -> Filter:
        match = _FILTER.match(key)
        if match is None:
            raise BadRequest("A filter is written filter[name]=value or filter[name][op]=value", parameter=key[:128])
        name, operator = match[1], match[2] or "eq"
        kind = self._kind(name, key)
        if operator not in get_args(Operator):
            raise BadRequest(
                f"There is no filter operator {operator!r}; there are {', '.join(get_args(Operator))}", parameter=key
            )
        if operator == "null":
            return Filter(name, "null", _boolean(key, value))
        if kind == "json" or (operator == "contains" and kind in ("integer", "number", "boolean", "timestamp", "money")):
            raise BadRequest(f"{name} is of type {kind}, which cannot be filtered by {operator}", parameter=key)
        if operator == "in":
            values = value.split(",")
            if len(values) > MAX_VALUES:
                raise BadRequest(f"{key} may list at most {MAX_VALUES} values", parameter=key)
            return Filter(name, "in", tuple(_value(kind, key, each) for each in values))
        typed: Operator = operator  # type: ignore[assignment]  # it is one of get_args(Operator)
        return Filter(name, typed, _value(kind, key, value))

    def _order(self, text: str) -> Order:
        name = text.removeprefix("-")
        if self._kind(name, "sort") == "json":
            raise BadRequest(f"{name} is of type json, which has no order", parameter="sort")
        return Order(name, text.startswith("-"))

    def _kind(self, name: str, parameter: str) -> str:
        kind = self._kinds.get(name)
        if kind is None:
            close = difflib.get_close_matches(name[:64], self._kinds, 1)
            hint = f"; did you mean {close[0]!r}?" if close else ""
            raise BadRequest(f"Nothing here is called {name[:64]!r}{hint}", parameter=parameter)
        return kind


def parameters(query_string: bytes) -> list[tuple[str, str]]:
    """The parameters of a query string; each may come once."""
    try:
        pairs = parse_qsl(
            query_string.decode("ascii"), keep_blank_values=True, strict_parsing=bool(query_string),
            errors="strict", max_num_fields=MAX_PARAMETERS,
        )  # fmt: skip
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


def unknown_parameter(key: str, known: tuple[str, ...]) -> BadRequest:
    """The error for a parameter that the path does not have."""
    return BadRequest(f"There is no parameter {escape(key)!r}; there are {', '.join(known)}", parameter=key[:128])


def whole(parameter: str, value: str, low: int, high: int) -> int:
    """A whole number within bounds."""
    if not _WHOLE.match(value) or not low <= int(value) <= high:
        raise BadRequest(f"{parameter} must be a whole number from {low} to {high}", parameter=parameter)
    return int(value)


def _boolean(parameter: str, value: str) -> bool:
    if value not in ("true", "false"):
        raise BadRequest(f"{parameter} must be true or false", parameter=parameter)
    return value == "true"


def _value(kind: str, parameter: str, value: str) -> Any:
    if kind == "boolean":
        return _boolean(parameter, value)
    if kind in ("integer", "money"):
        if not _WHOLE.match(value):
            raise BadRequest(f"{parameter} must be a whole number", parameter=parameter)
        return int(value)
    if kind == "number":
        if not _NUMBER.match(value):
            raise BadRequest(f"{parameter} must be a number", parameter=parameter)
        return float(value)
    return _time(parameter, value) if kind == "timestamp" else value


def _time(parameter: str, value: str) -> str:
    try:
        if matches(TIMESTAMP, value):
            return to_utc(value)
    except ValueError:
        pass
    raise BadRequest(f"{parameter} must be a time such as 2026-01-31T09:30:00Z", parameter=parameter)
