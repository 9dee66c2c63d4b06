"""How often somebody may write: per user, or per address where there is none."""

from __future__ import annotations

from collections.abc import Collection

from engine.api.request import Request
from engine.rates import Network, Rate, Rates, client_address

READS = frozenset({"GET", "HEAD", "OPTIONS"})


class WriteLimit:
    """Asked for each request once it is known who asks. `proxies` are those whose word on the client's address counts."""

    def __init__(self, rates: Rates, rate: Rate | None, proxies: Collection[Network]) -> None:
        self._rates, self._rate, self._proxies = rates, rate, proxies

    def require(self, request: Request, writes: int = 1) -> None:
        """Raise `TooMany` where so many writes come too soon."""
        if self._rate is None or request.method in READS or writes < 1:
            return
        whose = request.actor.id or f"address {client_address(request.peer, request.headers, self._proxies)}"
        for _ in range(writes):
            self._rates.require(f"writes of {whose}", self._rate)
