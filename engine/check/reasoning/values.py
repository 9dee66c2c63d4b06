"""A set of values of one type: null or not, and beside it either some values one by one, or a range with gaps.

Every operation gives a set that is exact or too large.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

Scalar: TypeAlias = "bool | int | float | str"

#: More values than this are kept as a range.
MOST = 64


@dataclass(frozen=True, slots=True)
class Values:
    """`some` are the values that are not null, where they are few; else they lie between `low` and `high`, both possible
    and None where there is no bound, except for those in `gaps`."""

    null: bool = False
    some: frozenset[Any] | None = None
    low: Any = None
    high: Any = None
    gaps: frozenset[Any] = frozenset()

    @property
    def empty(self) -> bool:
        """Whether there is no value at all."""
        return not self.null and self.some is not None and not self.some

    @property
    def single(self) -> bool:
        """Whether there is exactly one value, which may be null."""
        return self.some is not None and len(self.some) + self.null == 1

    def admits(self, value: Scalar) -> bool:
        """Whether a value that is not null is one of them."""
        if self.some is not None:
            return value in self.some
        return (
            value not in self.gaps
            and (self.low is None or bool(self.low <= value))
            and (self.high is None or bool(value <= self.high))
        )

    def both(self, other: Values) -> Values:
        """The values that are in both sets."""
        null = self.null and other.null
        if self.some is not None:
            return Values(null, frozenset(filter(other.admits, self.some)))
        if other.some is not None:
            return Values(null, frozenset(filter(self.admits, other.some)))
        low, high = _tighter(max, self.low, other.low), _tighter(min, self.high, other.high)
        return spread(null, low, high, self.gaps | other.gaps)

    def either(self, other: Values) -> Values:
        """The values that are in one of the sets."""
        null = self.null or other.null
        for one, another in ((self, other), (other, self)):
            if one.some is not None and not one.some:
                return replace(another, null=null)
        if self.some is not None and other.some is not None and len(self.some | other.some) <= MOST:
            return Values(null, self.some | other.some)
        (low, high), (lower, higher) = self.bounds(), other.bounds()
        gaps = frozenset(gap for gap in self.gaps | other.gaps if not self.admits(gap) and not other.admits(gap))
        return spread(
            null,
            None if low is None or lower is None else min(low, lower),
            None if high is None or higher is None else max(high, higher),
            gaps,
        )

    def without(self, value: Scalar) -> Values:
        """All of them but one."""
        if self.some is not None:
            return replace(self, some=self.some - {value})
        return spread(self.null, self.low, self.high, self.gaps | {value})

    def that(self, fits: Callable[[Any], bool]) -> Values:
        """Those that fit and are not null, as far as they are known one by one."""
        return Values(False, frozenset(filter(fits, self.some))) if self.some is not None else replace(self, null=False)

    def bounds(self) -> tuple[Any, Any]:
        """The least and the greatest of them, None where there is none or where it is not known."""
        if self.some is None:
            return self.low, self.high
        return (min(self.some), max(self.some)) if self.some else (None, None)


def only(values: Iterable[Scalar], *, null: bool = False) -> Values:
    """These values, and null if it says so."""
    return Values(null, frozenset(values))


def spread(null: bool, low: Any, high: Any, gaps: frozenset[Any] = frozenset()) -> Values:
    """The values between two bounds, without gaps at the ends of whole numbers."""
    if isinstance(low, int):
        while low in gaps:
            low += 1
    if isinstance(high, int):
        while high in gaps:
            high -= 1
    if low is not None and high is not None:
        if low > high:
            return Values(null, frozenset())
        if low == high:
            return Values(null, frozenset({low}) - gaps)
    return Values(null, None, low, high, gaps)


def _tighter(choose: Callable[[Any, Any], Any], one: Any, another: Any) -> Any:
    if one is None or another is None:
        return another if one is None else one
    return choose(one, another)


ANY = Values(null=True)
"""Nothing is known."""
THERE = Values()
"""It is not null; nothing else is known."""
NULL = only((), null=True)
TRUE, FALSE = only((True,)), only((False,))
EITHER = only((True, False))
