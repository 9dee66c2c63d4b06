"""Times and durations that are written out in rules, such as `duration("2d")` and `timestamp("2026-01-31T09:30:00Z")`."""

from __future__ import annotations

import re
from decimal import Decimal

from engine.types import TIMESTAMP, matches, to_utc

MAX_DURATION = 36_500 * 86_400_000
"""A hundred years in milliseconds: far beyond any use, and far within what databases can add to a time."""

_UNITS = {"d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1_000, "ms": 1}
_PART = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,9})?)(ms|[dhms])")
_DURATION = re.compile(r"-?(?:[0-9]{1,12}(?:\.[0-9]{1,9})?(?:ms|[dhms]))+")


def milliseconds(text: str) -> int | None:
    """The length of a duration such as `90s`, `1h30m` or `2d`; None if it is none, or longer than a hundred years."""
    if len(text) > 60 or _DURATION.fullmatch(text) is None:
        return None
    total = sum((Decimal(count) * _UNITS[unit] for count, unit in _PART.findall(text)), Decimal(0))
    if total != int(total) or total > MAX_DURATION:
        return None
    return -int(total) if text.startswith("-") else int(total)


def moment(text: str) -> str | None:
    """A time as rows hold it, UTC with milliseconds; None if `text` is no RFC 3339 time."""
    if not matches(TIMESTAMP, text):
        return None
    try:
        return to_utc(text)
    except (ValueError, OverflowError):
        return None
