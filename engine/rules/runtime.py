"""What the generated Python functions call: null-aware operations whose results equal those of the databases, bit by bit.

Any operand may be null, and makes the result null. Numbers stay within 64 bits by saturation, not by wrapping round.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from engine.rules.lexer import MAX_INTEGER, MIN_INTEGER

MAX_FLOAT = 1.7976931348623157e308
EARLIEST = "0001-01-01T00:00:00.000Z"

_NOT_SLUG = re.compile("[^a-z0-9]+")
_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}


def read(mapping: Mapping[str, Any] | None, key: str) -> Any:
    """The value at `key`; null where there is no such key, or no mapping."""
    return None if mapping is None else mapping.get(key)


def whole(value: float) -> int:
    """A number of a JSON list as an int."""
    return max(MIN_INTEGER, min(MAX_INTEGER, int(value)))


def int_plus(left: int | None, right: int | None) -> int | None:
    return None if left is None or right is None else whole(left + right)


def int_minus(left: int | None, right: int | None) -> int | None:
    return None if left is None or right is None else whole(left - right)


def int_times(left: int | None, right: int | None) -> int | None:
    return None if left is None or right is None else whole(left * right)


def int_divide(left: int | None, right: int | None) -> int | None:
    """The quotient without its fraction; null when dividing by zero."""
    if left is None or not right:
        return None
    quotient = abs(left) // abs(right)
    return whole(quotient if (left < 0) == (right < 0) else -quotient)


def int_modulo(left: int | None, right: int | None) -> int | None:
    """The remainder, with the sign of `left`; null when dividing by zero."""
    if left is None or not right:
        return None
    remainder = abs(left) % abs(right)
    return -remainder if left < 0 else remainder


def float_plus(left: float | None, right: float | None) -> float | None:
    return None if left is None or right is None else _finite(left + right)


def float_minus(left: float | None, right: float | None) -> float | None:
    return None if left is None or right is None else _finite(left - right)


def float_times(left: float | None, right: float | None) -> float | None:
    return None if left is None or right is None else _finite(left * right)


def float_divide(left: float | None, right: float | None) -> float | None:
    """The quotient; null when dividing by zero."""
    return None if left is None or not right else _finite(left / right)


def _finite(value: float) -> float:
    return max(-MAX_FLOAT, min(MAX_FLOAT, value))


def to_float(value: int | None) -> float | None:
    return None if value is None else float(value)


def join(left: str | None, right: str | None) -> str | None:
    return None if left is None or right is None else left + right


def size(value: Any) -> int | None:
    """Characters of a text, items of a list."""
    return None if value is None else len(value)


def lower_ascii(text: str | None) -> str | None:
    """A to Z as a to z. Other letters stay: databases do not agree on them."""
    if text is None:
        return None
    return text.lower() if text.isascii() else text.translate(_LOWER)


def slugify(text: str | None) -> str | None:
    """Lower case, with one hyphen for everything between letters a to z and digits."""
    return None if text is None else _NOT_SLUG.sub("-", text.lower()).strip("-")


def shift(moment: str | None, milliseconds: int) -> str | None:
    """A time moved; null when that leaves the years 1 to 9999."""
    if moment is None:
        return None
    try:
        moved = datetime.fromisoformat(moment) + timedelta(milliseconds=milliseconds)
    except (ValueError, OverflowError):
        return None
    text = f"{moved.replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"
    return text if text > EARLIEST else None
