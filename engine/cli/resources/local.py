"""The application in this process, behind the same HTTP client as a server: no port, no token, one code path.

It runs in a thread with an event loop of its own, so that commands stay plain functions. Whoever can open the database is
its operator. Answers come piece by piece, as event streams need.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections.abc import Coroutine, Iterator, MutableMapping
from concurrent.futures import Future
from typing import Any, TypeVar

import httpx

from engine.access import SYSTEM, Actor
from engine.app import Hoster, assemble
from engine.identity import Identity
from engine.identity.gateway import Credentials
from engine.settings import Settings

Result = TypeVar("Result")


class AtHome(Identity):
    """Lets everybody in as the operator: only this process can ask."""

    operator: Actor | None = None

    def identify(self, request: Credentials) -> Actor | None:
        """The operator."""
        return self.operator or super().identify(request)


@contextlib.contextmanager
def application(settings: Settings, *, works: bool) -> Iterator[httpx.Client]:
    """A client of the application. `works`: it runs commands and timers too, as a worker does."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="application", daemon=True)
    thread.start()
    try:
        hoster = _run(loop, _open(settings, works))
        try:
            transport = _Transport(hoster, loop)
            with httpx.Client(transport=transport, base_url="http://localhost", timeout=None) as client:  # noqa: S113
                yield client
        finally:
            _run(loop, hoster.stop())
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def _run(loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, Result]) -> Result:
    return asyncio.run_coroutine_threadsafe(work, loop).result()


async def _open(settings: Settings, works: bool) -> Hoster:
    hoster = assemble(settings, role="worker" if works else "none", identity=AtHome)
    await hoster.start()
    assert isinstance(hoster.identity, AtHome)  # noqa: S101  just said
    people = hoster.identity.people
    operator = await hoster.store.write(SYSTEM, hoster.tokens.first_operator)
    (row,) = hoster.database.read(people.statement(people.kind.name, "id", "k.id = ?"), (operator,))
    hoster.identity.operator = people.actor(row)
    return hoster


class _Transport(httpx.BaseTransport):
    def __init__(self, hoster: Hoster, loop: asyncio.AbstractEventLoop) -> None:
        self._hoster, self._loop = hoster, loop

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        exchange = _Exchange(self._hoster, self._loop, request)
        status, headers = exchange.begin()
        return httpx.Response(status, headers=headers, stream=exchange)


class _Exchange(httpx.SyncByteStream):
    """One request and its answer, which other threads take piece by piece."""

    def __init__(self, hoster: Hoster, loop: asyncio.AbstractEventLoop, request: httpx.Request) -> None:
        self._hoster, self._loop = hoster, loop
        self._body = request.read()
        self._scope = _scope(request)
        self._said: queue.SimpleQueue[MutableMapping[str, Any] | BaseException | None] = queue.SimpleQueue()
        self._left = asyncio.Event()
        self._asked = False
        self._future: Future[None] | None = None

    def begin(self) -> tuple[int, list[tuple[bytes, bytes]]]:
        """Ask; the status and headers."""
        self._future = asyncio.run_coroutine_threadsafe(self._answer(), self._loop)
        start = self._take()
        if start is None:
            raise httpx.RemoteProtocolError("The application ended without an answer")
        return start["status"], start["headers"]

    def __iter__(self) -> Iterator[bytes]:
        while (message := self._take()) is not None:
            yield message.get("body", b"")

    def close(self) -> None:
        """Listen no longer."""
        with contextlib.suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self._left.set)

    def _take(self) -> MutableMapping[str, Any] | None:
        said = self._said.get()
        if isinstance(said, BaseException):
            raise said
        return said

    async def _answer(self) -> None:
        try:
            await self._hoster.asgi(self._scope, self._receive, self._send)
        except Exception as error:  # the one who asked is in another thread, and has to see it there
            self._said.put(error)
        finally:
            self._said.put(None)

    async def _receive(self) -> MutableMapping[str, Any]:
        if self._asked:
            await self._left.wait()
            return {"type": "http.disconnect"}
        self._asked = True
        return {"type": "http.request", "body": self._body, "more_body": False}

    async def _send(self, message: MutableMapping[str, Any]) -> None:
        self._said.put(message)


def _scope(request: httpx.Request) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": "http",
        "path": request.url.path,
        "raw_path": request.url.raw_path.partition(b"?")[0],
        "query_string": request.url.query,
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "server": ("localhost", 80),
        "client": ("127.0.0.1", 0),
        "root_path": "",
        "state": {},
    }
