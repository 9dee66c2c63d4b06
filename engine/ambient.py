"""Time, ids and randomness: the one place they enter the program, so that tests can hold them still.

Times are UTC text with milliseconds, `2026-01-31T09:30:00.000Z`: they sort as text, are what the API shows, and are
stored as they are. Ids begin with their creation time, so rows that are made together lie together in an index.
"""

from __future__ import annotations

import os
import random
import time
from datetime import UTC, datetime
from functools import lru_cache

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base 32 in lower case: no letter that is mistaken for a digit."""


_LETTERS = (ALPHABET * 8).encode()
"""A digit for each byte: five of its bits."""


class Ambient:
    """The real world. Subclass it to hold time or randomness still."""

    def time(self) -> float:
        """Seconds since the epoch."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds on a clock that never goes back."""
        return time.monotonic()

    def random_bytes(self, count: int) -> bytes:
        """`count` bytes that nobody can guess."""
        return os.urandom(count)

    def jitter(self) -> float:
        """A number between 0 and 1 that spreads retries; not for secrets."""
        return random.random()

    def now(self) -> str:
        """The time as text, in milliseconds."""
        return timestamp(self.time())

    def id(self, prefix: str = "", at: float | None = None) -> str:
        """A new id: prefix, then 26 characters, 48 bits of milliseconds (`at`, default now) and 80 random bits."""
        made = _when(int((self.time() if at is None else at) * 1000))
        return prefix + made + self.random_bytes(16).translate(_LETTERS).decode()

    def token(self) -> str:
        """A new secret of 256 bits, as URL-safe text."""
        return self.random_bytes(32).hex()


def timestamp(seconds: float) -> str:
    """Seconds since the epoch as the text form of a timestamp."""
    return _text(int(seconds * 1000))


def utc(text: str) -> str:
    """Any RFC 3339 time in the form of a timestamp, to the millisecond: a float has not room for that in every year.

    Raises `ValueError` where there is no such time, `OverflowError` outside of the years 1 to 9999.
    """
    return datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def seconds(text: str) -> float:
    """The text form of a timestamp as seconds since the epoch."""
    return datetime.fromisoformat(text).timestamp()


@lru_cache(maxsize=16)
def _text(milliseconds: int) -> str:
    """Everything that is written together has the same time."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


@lru_cache(maxsize=16)
def _when(milliseconds: int) -> str:
    """50 bits as 10 digits."""
    return "".join(ALPHABET[milliseconds >> shift & 31] for shift in range(45, -5, -5))
