"""Comparisons by order: which values of a set stand in an order to some value of another."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from engine.check.reasoning.values import Values, spread

OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}
MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_ORDERS: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}


def bounded(operator: str, values: Values, other: Values) -> Values:
    """Those of `values` that stand in this order to one of the others."""
    low, high = other.bounds()
    if other.some is not None and not other.some:
        return Values(False, frozenset())
    least = operator in (">", ">=")
    bound = low if least else high
    if bound is None:
        return values.that(lambda _: True)
    fitting = values.that(lambda value: _ORDERS[operator](value, bound))
    if values.some is not None:
        return fitting
    if "=" not in operator:
        bound = _above(bound) if least else _below(bound)
    return fitting.both(spread(False, bound, None) if least else spread(False, None, bound))


def _below(bound: Any) -> Any:
    """The greatest value under a bound; for texts and times the bound itself, which is too large and never too small."""
    if isinstance(bound, int):
        return bound - 1
    return math.nextafter(bound, -math.inf) if isinstance(bound, float) else bound


def _above(bound: Any) -> Any:
    """The least value over a bound, likewise."""
    if isinstance(bound, int):
        return bound + 1
    return math.nextafter(bound, math.inf) if isinstance(bound, float) else bound
