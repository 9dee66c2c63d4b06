"""Durations, byte sizes and fractions of a processor, exactly: whole nanoseconds, bytes and billionths, no floats.

Each function takes the text of a compose file and raises `ValueError` with a sentence for people.
"""

from __future__ import annotations

import re
from decimal import Decimal

SECOND = 1_000_000_000
MIB = 1024 * 1024
MAX_INTEGER = 2**63 - 1

_NANOSECONDS = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,
    "ms": 1_000_000,
    "s": SECOND,
    "m": 60 * SECOND,
    "h": 3600 * SECOND,
    "d": 86400 * SECOND,
    "w": 7 * 86400 * SECOND,
}
_NUMBER = r"[0-9]{1,15}(?:\.[0-9]{1,9})?"
_PART = re.compile(rf"({_NUMBER})(ns|us|µs|ms|s|m|h|d|w)")
_DURATION = re.compile(rf"(?:{_NUMBER}(?:ns|us|µs|ms|s|m|h|d|w))+")
_BYTES = re.compile(rf"({_NUMBER})\s?(b|[kmgtp]b?|[kmgtp]ib)?", re.IGNORECASE)
_CPUS = re.compile(r"[0-9]{1,4}(?:\.[0-9]{1,9})?|\.[0-9]{1,9}")


def nanoseconds(text: str) -> int:
    """A duration such as `1m30s`, in nanoseconds."""
    if text == "0":
        return 0
    if _DURATION.fullmatch(text) is None:
        raise ValueError(f"{text!r} is not a duration: write for example 30s or 1m30s")
    total = sum(Decimal(number) * _NANOSECONDS[unit] for number, unit in _PART.findall(text))
    if total > MAX_INTEGER:
        raise ValueError(f"{text!r} is too long a time")
    return int(total)


def byte_count(text: str) -> int:
    """A size such as `512m` or `1.5gb`, in bytes; units are powers of 1024."""
    match = _BYTES.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not a size: write for example 512m or 1gb")
    power = " kmgtp".index((match.group(2) or " ")[0].lower()) if (match.group(2) or "b").lower() != "b" else 0
    total = int(Decimal(match.group(1)) * 1024**power)
    if total > MAX_INTEGER:
        raise ValueError(f"{text!r} is too large")
    return total


def nano_cpus(text: str) -> int:
    """A number of processors such as `0.5`, in billionths of one."""
    if _CPUS.fullmatch(text) is None:
        raise ValueError(f"{text!r} is not a number of processors: write for example 0.5")
    return int(Decimal(text) * SECOND)
