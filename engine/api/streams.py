"""Answers that go on: Server-Sent Events, for as long as the client listens."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

import orjson

from engine.api.responses import CACHE, SAFE, VARY, Receive, Send, while_connected

EVENT_STREAM = (b"content-type", b"text/event-stream; charset=utf-8")
UNBUFFERED = (b"x-accel-buffering", b"no")
"""Tells proxies to pass on what comes when it comes."""

RETRY = 2000
"""Milliseconds after which a client that lost the connection should be back."""


class EventStream:
    """Writes what `source` sends, until that ends or the client leaves."""

    status = 200

    def __init__(
        self, source: Callable[[Send], Coroutine[Any, Any, None]], receive: Receive, closed: Callable[[], None]
    ) -> None:
        self._source, self._receive, self._closed = source, receive, closed

    async def send(self, send: Send, request_id: bytes, *, head: bool = False) -> None:
        """Write it out; for HEAD, only how it begins."""
        headers = [SAFE, VARY, CACHE, UNBUFFERED, EVENT_STREAM, (b"x-request-id", request_id)]
        try:
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            if not head:
                await while_connected(self._source(send), self._receive)
            await send({"type": "http.response.body", "body": b""})
        finally:
            self._closed()


def frame(event: str, data: Any, cursor: str | None = None, *, retry: int | None = None) -> bytes:
    """One event. `data` becomes one line of JSON, which holds no line break."""
    lines = [b"event: " + event.encode(), b"data: " + orjson.dumps(data)]
    if cursor is not None:
        lines.insert(0, b"id: " + cursor.encode())
    if retry is not None:
        lines.insert(0, b"retry: %d" % retry)
    return b"\n".join(lines) + b"\n\n"


def heartbeat(cursor: str) -> bytes:
    """A sign of life that no listener sees, with the place up to which there was nothing for them."""
    return b": still here\nid: " + cursor.encode() + b"\n\n"
