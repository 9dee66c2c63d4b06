"""Time, ids and randomness: the one place they enter the program, so that tests can hold them still.

Times are UTC text with milliseconds, `2026-01-31T09:30:00.000Z`: they sort as text, are what the API shows, and are
stored as they are. Ids begin with their creation time, so rows that are made together lie together in an index.
"""

from __future__ import annotations

import os
import random
import time
from datetime import UTC, datetime

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base 32 in lower case: no letter that is mistaken for a digit."""


_PAIRS = tuple(high + low for high in ALPHABET for low in ALPHABET)


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
        number = (int((self.time() if at is None else at) * 1000) << 80) | int.from_bytes(self.random_bytes(10), "big")
        return prefix + _encode(number)

    def token(self) -> str:
        """A new secret of 256 bits, as URL-safe text."""
        return self.random_bytes(32).hex()


def timestamp(seconds: float) -> str:
    """Seconds since the epoch as the text form of a timestamp."""
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def seconds(text: str) -> float:
    """The text form of a timestamp as seconds since the epoch."""
    return datetime.fromisoformat(text).timestamp()


def _encode(number: int) -> str:
    """130 bits as 26 digits, two at a time."""
    pairs = []
    for _ in range(13):
        number, pair = divmod(number, 1024)
        pairs.append(_PAIRS[pair])
    pairs.reverse()
    return "".join(pairs)
