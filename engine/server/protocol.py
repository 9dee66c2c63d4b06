"""uvicorn's HTTP/1.1 over httptools, with bounds: neither of them bounds a head, or the time that a request may take to come.

A request that comes whole in one piece, as nearly all do, pays for a few comparisons. Only one that is still unfinished
after a piece gets a timer. Refusals are JSON:API documents, and the connection ends with them: after an error nobody knows
where the next request begins.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from engine.errors import BadRequest, HeadTooLarge, HosterError, RequestTimeout, TooManyConnections
from engine.server.refusals import answer

IDLE, HEAD, BODY, REFUSED = range(4)

HOST, FRAMING = 1, 0b1110
SPECIAL = {
    b"host": HOST, b"content-length": 2, b"transfer-encoding": 4, b"expect": 8,
    b"authorization": 16, b"x-csrf-token": 32, b"origin": 64, b"sec-fetch-site": 128, b"content-type": 256,
    b"idempotency-key": 512,
}  # fmt: skip
"""Headers that decide where a request ends, whom it is for and who sends it: one of each at most, each with its bit. Of two
a proxy in front might have looked at the other one."""

# Called by these names, since `super()` costs as much as half of what this adds to a request.
_begin = HttpToolsProtocol.on_message_begin
_headers_complete = HttpToolsProtocol.on_headers_complete
_complete = HttpToolsProtocol.on_message_complete


@dataclass(frozen=True, slots=True)
class Limits:
    """What a client may ask of the server before the application has a say. Times are in seconds, sizes in bytes."""

    head: int = 32_768
    headers: int = 128
    head_seconds: float = 10.0
    stall_seconds: float = 30.0
    bytes_per_second: float = 1024.0
    pipeline: int = 64
    connections: int = 10_000
    linger_seconds: float = 2.0


class BoundedProtocol(HttpToolsProtocol):
    """One connection. `bounded` makes the class that knows its limits."""

    limits: ClassVar[Limits] = Limits()

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._place = IDLE
        self._watched = HEAD
        self._since = self._last = 0.0
        self._bytes = self._form = 0
        self._many = self._draining = False
        self._seen = 0
        self._timer: asyncio.TimerHandle | None = None

    # Connections

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        if len(self.connections) > self.limits.connections:
            self._refuse(TooManyConnections("The server has as many connections as it may; try again later"))
            return
        self._since = self.loop.time()
        self._timer = self.loop.call_later(self.limits.head_seconds, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._place == REFUSED:
            return
        if self._place != IDLE:
            self._unset_keepalive_if_required()
        self._many = len(data) > self.limits.head or self._place == HEAD
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self.cycle.keep_alive = False  # this server speaks nothing else, and what follows may be another protocol
        except httptools.HttpParserError as error:
            cause = error.__context__
            self._refuse(cause if isinstance(cause, HosterError) else BadRequest("This is no HTTP request"))
            return
        if self._place != IDLE:
            self._unfinished(len(data))
        elif self._timer is not None and self._watched == IDLE:  # else nothing has begun: blank lines are no request
            self._timer.cancel()
            self._timer, self._draining = None, False

    # What the parser has found

    def on_message_begin(self) -> None:
        _begin(self)
        self._unset_keepalive_if_required()
        self._place = HEAD
        self._watched = IDLE
        self._seen = 0

    def on_header(self, name: bytes, value: bytes) -> None:
        name = name.lower()
        if name in SPECIAL:
            bit = SPECIAL[name]
            if self._seen & bit:
                raise BadRequest(f"The header {name.decode()} is given twice")
            self._seen |= bit
            if bit & FRAMING:
                self._special(name, value)
        if self._place == HEAD:  # what comes after a body is no header, and nobody here asks for it
            self.headers.append((name, value))

    def _special(self, name: bytes, value: bytes) -> None:
        if name == b"expect" and value.lower() == b"100-continue":
            self.expect_100_continue = True
        elif name == b"transfer-encoding" and value.strip().lower() != b"chunked":
            raise BadRequest("The only transfer encoding is chunked")

    def on_headers_complete(self) -> None:
        if self._many and self._size() > self.limits.head:
            raise self._too_large()
        if len(self.headers) > self.limits.headers:
            raise HeadTooLarge(f"A request may have at most {self.limits.headers} headers")
        if not self._seen & HOST and self.parser.get_http_version() == "1.1":
            raise BadRequest("A request of HTTP/1.1 has a header host")
        if len(self.pipeline) >= self.limits.pipeline:
            raise BadRequest(f"More than {self.limits.pipeline} requests wait on this connection")
        _headers_complete(self)
        self._place = BODY

    def on_body(self, body: bytes) -> None:
        self._last, self._bytes = 0.0, self._bytes + len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._place = self._watched = IDLE
        _complete(self)

    def _size(self) -> int:
        return len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)

    def _too_large(self) -> HosterError:
        return HeadTooLarge(f"Address and headers may have at most {self.limits.head} bytes together")

    # Requests that are not there yet

    def _unfinished(self, size: int) -> None:
        """A piece has come, and the request goes on: see that it does not do so for ever, in bytes or in time."""
        now = self.loop.time()
        if self._watched != self._place:
            self._watched, self._since, self._last, self._bytes, self._form = self._place, now, now, 0, 0
            self._watch(self.limits.head_seconds if self._place == HEAD else self.limits.stall_seconds)
        elif self._place == HEAD:
            self._bytes += size
            if self._bytes > self.limits.head:
                self._refuse(self._too_large())
        elif self.cycle.response_complete:
            if not self._draining:  # it was answered before it was there: what is on its way may come, a whole film not
                self._draining = True
                self._watch(self.limits.linger_seconds)
        elif self._last == 0.0:  # some of it was body, and not only the form that body comes in
            self._last, self._form = now, 0
        else:
            self._form += size
            if self._form > self.limits.head:
                self._refuse(BadRequest("The form of the body takes more bytes than the body"))

    def _watch(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self.loop.call_later(seconds, self._look)

    def _look(self) -> None:
        """The time is up for the head, or it is time to see how the body gets on."""
        self._timer = None
        if self._watched == HEAD:
            silent = self._place == IDLE  # nothing has come at all: nobody waits for an answer
            self._refuse(RequestTimeout("The request did not come in time"), silent=silent)
        elif self._draining:
            self._refuse(RequestTimeout("The request was answered before it was there"), silent=True)
        else:
            self._look_at_body()

    def _look_at_body(self) -> None:
        now, stall = self.loop.time(), self.limits.stall_seconds
        if self.flow.read_paused:  # it is the application that takes its time
            self._since, self._last, self._bytes = now, now, 0
        slow = self._bytes < self.limits.bytes_per_second * (now - self._since)
        if now - self._last >= stall or (slow and now - self._since >= stall):
            self._refuse(RequestTimeout("The body of the request comes too slowly, or not at all"))
        else:
            self._watch(stall - (now - self._last))

    # Refusing

    def _refuse(self, refusal: HosterError, *, silent: bool = False) -> None:
        """Answer once whatever came before is answered, then end the connection."""
        body_of_running = self._place == BODY
        self._place = REFUSED
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self.transport.is_closing():
            return
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is None or (cycle.response_complete and not self.pipeline):
            self._end(b"" if silent or (body_of_running and cycle is not None) else answer(refusal))
        elif not body_of_running:
            if cycle.keep_alive:
                cycle.on_response = self._after(cycle.on_response, refusal)
        elif self.pipeline or cycle.response_started:
            self.transport.abort()
        else:
            self._end(answer(refusal))
            cycle.disconnected = True
            cycle.message_event.set()

    def _after(self, finish: Callable[..., None], refusal: HosterError) -> Callable[[], None]:
        def finished() -> None:
            finish()
            self._unset_keepalive_if_required()
            if not self.transport.is_closing():
                self._end(answer(refusal))

        return finished

    def _end(self, last: bytes) -> None:
        """Write `last`, then let the client read it: closing on what it still sends would throw it away at its end."""
        if not last or not self.transport.can_write_eof():
            self.transport.close()
            return
        self.transport.write(last)
        self.transport.write_eof()
        self._timer = self.loop.call_later(self.limits.linger_seconds, self.transport.abort)


def bounded(limits: Limits) -> type[BoundedProtocol]:
    """The protocol with these limits, for uvicorn's `http`."""
    return type("Protocol", (BoundedProtocol,), {"limits": limits})
