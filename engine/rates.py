"""How often somebody may do something: token buckets in memory, one for each key, in this process only.

A bucket holds as many tokens as the rule allows in its time and fills evenly, so that a burst is possible once and the rate
holds in the long run. Buckets are in the order of their last use, and there is a bound on how many are kept: who makes up
keys pushes out others' buckets, which is to their favour, and never fills the memory.
"""

from __future__ import annotations

import ipaddress
import re
from collections import OrderedDict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from engine.ambient import Ambient
from engine.errors import TooMany

MOST_BUCKETS = 50_000

_RATE = re.compile(r"([0-9]{1,9})/([0-9]{0,4})([smhd])")
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class Rate:
    """`count` times in `seconds`."""

    count: int
    seconds: float


def parse_rate(text: str) -> Rate | None:
    """`600/m`, `10/15m`, `1000/h`; None for `off`. Raises ValueError."""
    if text.lower() == "off":
        return None
    match = _RATE.fullmatch(text)
    if match is None or int(match[1]) == 0 or match[2].startswith("0"):
        raise ValueError(text)
    return Rate(int(match[1]), int(match[2] or 1) * _SECONDS[match[3]])


class _Bucket:
    __slots__ = ("at", "tokens")

    def __init__(self, tokens: float, at: float) -> None:
        self.tokens, self.at = tokens, at


class Rates:
    """See the module."""

    def __init__(self, ambient: Ambient, most: int = MOST_BUCKETS) -> None:
        self._monotonic = ambient.monotonic
        self._most = most
        self._buckets: OrderedDict[tuple[Rate, str], _Bucket] = OrderedDict()

    def take(self, key: str, rate: Rate) -> float | None:
        """Take a token from the bucket of `key`: None when there was one, else the seconds until there is."""
        now = self._monotonic()
        name = (rate, key)
        bucket = self._buckets.get(name)
        if bucket is None:
            self._make(name, rate, now)
            return None
        self._buckets.move_to_end(name)
        tokens = min(float(rate.count), bucket.tokens + (now - bucket.at) * rate.count / rate.seconds)
        bucket.at = now
        if tokens >= 1.0:
            bucket.tokens = tokens - 1.0
            return None
        bucket.tokens = tokens
        return (1.0 - tokens) * rate.seconds / rate.count

    def require(self, key: str, rate: Rate | None) -> None:
        """Take a token, or raise `TooMany`; a rate of None is no limit."""
        wait = None if rate is None else self.take(key, rate)
        if wait is not None:
            raise TooMany(wait)

    def __len__(self) -> int:
        """How many buckets are kept."""
        return len(self._buckets)

    def _make(self, name: tuple[Rate, str], rate: Rate, now: float) -> None:
        self._buckets[name] = _Bucket(rate.count - 1.0, now)
        for _ in range(2):  # two for each that is made: in time all that are full again go, and the bound holds
            (oldest, _key), bucket = next(iter(self._buckets.items()))
            if len(self._buckets) > self._most or (now - bucket.at >= oldest.seconds and len(self._buckets) > 1):
                self._buckets.popitem(last=False)


def client_address(peer: str, headers: Mapping[bytes, bytes], trusted: Collection[Network]) -> str:
    """Whose request it is: the peer's address, or, where that is a trusted proxy, whom the proxies say it is from.

    `X-Forwarded-For` is read from its end, for as long as those who wrote it are trusted: what stands before that the
    client may have made up. Of IPv6 the first 64 bits count, since one customer has all the addresses below.
    """
    address = _address(peer)
    if address is None:
        return peer
    if trusted and _within(address, trusted):
        given = headers.get(b"x-forwarded-for", b"").decode("latin-1").split(",")
        for each in reversed(given):
            named = _address(each.strip())
            if named is None:
                break
            address = named
            if not _within(named, trusted):
                break
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return (isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped) or address


def _within(address: ipaddress.IPv4Address | ipaddress.IPv6Address, networks: Collection[Network]) -> bool:
    return any(address.version == each.version and address in each for each in networks)
