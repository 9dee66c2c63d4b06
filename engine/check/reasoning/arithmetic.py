"""Arithmetic on ranges: where the result of an operation lies when its operands lie somewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from engine.check.reasoning.values import Values, only, spread
from engine.rules import runtime
from engine.rules.lexer import MAX_INTEGER, MIN_INTEGER

_FEW = 16
_INTEGERS: Mapping[str, Callable[[Any, Any], Any]] = {
    "+": runtime.int_plus,
    "-": runtime.int_minus,
    "*": runtime.int_times,
    "/": runtime.int_divide,
    "%": runtime.int_modulo,
}
_FLOATS: Mapping[str, Callable[[Any, Any], Any]] = {
    "+": runtime.float_plus,
    "-": runtime.float_minus,
    "*": runtime.float_times,
    "/": runtime.float_divide,
}


def calculated(operator: str, kind: str, left: Values, right: Values) -> Values:
    """The values of an arithmetic operation on two ints or two floats."""
    apply = (_INTEGERS if kind == "int" else _FLOATS)[operator]
    exact = pairwise(apply, left, right)
    if exact is not None:
        return exact
    null = left.null or right.null or operator in "/%"
    (low, high), (lower, higher) = left.bounds(), right.bounds()
    ends = (MIN_INTEGER, MAX_INTEGER) if kind == "int" else (None, None)
    if operator == "-":
        lower, higher = (None if higher is None else -higher), (None if lower is None else -lower)
        operator = "+"
    if operator == "+":
        return spread(null, _sum(kind, low, lower, ends[0]), _sum(kind, high, higher, ends[1]))
    if operator == "*" and None not in (low, high, lower, higher):
        corners = [apply(one, other) for one in (low, high) for other in (lower, higher)]
        return spread(null, min(corners), max(corners))
    return spread(null, *ends)


def pairwise(apply: Callable[[Any, Any], Any], left: Values, right: Values) -> Values | None:
    """The result for each pair of values, null where one is null; None where there are too many pairs."""
    if left.some is None or right.some is None or len(left.some) * len(right.some) > _FEW:
        return None
    results = [apply(one, other) for one in left.some for other in right.some]
    return only((each for each in results if each is not None), null=left.null or right.null or None in results)


def _sum(kind: str, one: Any, other: Any, end: Any) -> Any:
    if one is None or other is None:
        return end
    return _INTEGERS["+"](one, other) if kind == "int" else _FLOATS["+"](one, other)


def as_float(values: Values) -> Values:
    """Ints as the nearest floats."""
    if values.some is not None:
        return only(map(float, values.some), null=values.null)
    low, high = (None if bound is None else float(bound) for bound in (values.low, values.high))
    return spread(values.null, low, high)
