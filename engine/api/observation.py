"""What is kept of a request once its answer is made: a count and a time for the metrics, and, where wanted, a line in the log.

The time is that until the answer begins: how long a stream goes on, or a client takes to read, says nothing of the server.
"""

from __future__ import annotations

import logging

from engine.api.request import Request
from engine.metrics import Metrics

log = logging.getLogger("hoster.requests")


class Observation:
    """See the module. `level` is that of the line, one for each request; it never holds the query string."""

    def __init__(self, metrics: Metrics, level: int = logging.DEBUG) -> None:
        self._count = metrics.request
        self._level = level

    def answered(self, request: Request, status: int, seconds: float) -> None:
        """The answer is made."""
        parts = request.path.split("/", 4)
        self._count(request.method, parts[3] if len(parts) > 3 else "", status, seconds)
        if log.isEnabledFor(self._level):
            fields = {"status": status, "ms": round(seconds * 1000, 3), "peer": request.peer, **request.log_fields()}
            log.log(self._level, "%s %s", request.method[:16], request.path[:256], extra=fields)
