"""Responses: a status, a few headers and a body, written to the server in two messages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import orjson

from engine.api.documents import encode
from engine.errors import HosterError, Many
from engine.stopping import Stopping

Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]

MEDIA_TYPE = (b"content-type", b"application/vnd.api+json")
SAFE = (b"x-content-type-options", b"nosniff")
VARY = (b"vary", b"Accept, Authorization")
CACHE = (b"cache-control", b"no-store")


class Response:
    """What goes back to the client."""

    __slots__ = ("body", "headers", "status")

    def __init__(
        self,
        status: int,
        body: bytes = b"",
        extra: tuple[tuple[bytes, bytes], ...] = (),
        media_type: tuple[bytes, bytes] = MEDIA_TYPE,
    ) -> None:
        self.status, self.body = status, body
        self.headers: list[tuple[bytes, bytes]] = [SAFE, VARY, CACHE, *extra]
        if body:
            self.headers.append(media_type)

    async def send(self, send: Send, request_id: bytes, *, head: bool = False) -> None:
        """Write it out; for HEAD, with the length of a body that is not sent."""
        headers = [*self.headers, (b"x-request-id", request_id)]
        if self.status not in (204, 304):
            headers.append((b"content-length", str(len(self.body)).encode()))
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if head else self.body})


@dataclass(slots=True)
class Result:
    """What an endpoint has to say: a status and a document; `version` of a single resource becomes its ETag."""

    status: int
    document: Mapping[str, Any] | None = None
    version: int | None = None
    extra: tuple[tuple[bytes, bytes], ...] = ()
    media_type: tuple[bytes, bytes] = MEDIA_TYPE

    @property
    def headers(self) -> tuple[tuple[bytes, bytes], ...]:
        """The headers that are this answer's own."""
        return self.extra if self.version is None else (*self.extra, (b"etag", b'"%d"' % self.version))

    @property
    def body(self) -> bytes:
        return b"" if self.document is None else encode(self.document)

    def response(self) -> Response:
        """As it goes to the server."""
        return Response(self.status, self.body, self.headers, self.media_type)


class LineStream:
    """Lines as they come, one JSON value each (application/x-ndjson), until the source ends or the client leaves."""

    status = 200

    def __init__(self, lines: AsyncGenerator[Any], receive: Receive, stopping: Stopping | None = None) -> None:
        self._lines, self._receive, self._stopping = lines, receive, stopping

    async def send(self, send: Send, request_id: bytes, *, head: bool = False) -> None:
        """Write the lines; the source is closed whatever happens."""
        headers = [SAFE, VARY, CACHE, (b"content-type", b"application/x-ndjson"), (b"x-request-id", request_id)]
        try:
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            if not head:
                await while_connected(self._write(send), self._receive, self._stopping)
        finally:
            await self._lines.aclose()
        await send({"type": "http.response.body", "body": b""})

    async def _write(self, send: Send) -> None:
        async for line in self._lines:
            await send({"type": "http.response.body", "body": orjson.dumps(line) + b"\n", "more_body": True})


async def while_connected(work: Coroutine[Any, Any, None], receive: Receive, stopping: Stopping | None = None) -> None:
    """Run `work` until it ends, the client leaves or the process stops.

    The server says that a client has left only to whom listens, so one task does. Whatever happens, also to the task that
    waits here, nothing goes on running.
    """
    writing, leaving = asyncio.create_task(work), asyncio.create_task(_left(receive))

    def stop() -> None:
        writing.cancel()

    unsubscribe = stopping.subscribe(stop) if stopping is not None else None
    try:
        await asyncio.wait({writing, leaving}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        if unsubscribe is not None:
            unsubscribe()
        writing.cancel()
        leaving.cancel()
        ended, _ = await asyncio.gather(writing, leaving, return_exceptions=True)
    if isinstance(ended, Exception):
        raise ended  # the server cuts the connection, so that a broken stream does not look like a whole one


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        continue


def document_response(
    status: int, document: Mapping[str, Any], *, version: int | None = None, extra: tuple[tuple[bytes, bytes], ...] = ()
) -> Response:
    """A JSON:API document; `version` of a single resource becomes its ETag."""
    return Result(status, document, version, extra).response()


def error_response(error: HosterError, extra: tuple[tuple[bytes, bytes], ...] = ()) -> Response:
    """The error document; several problems of one request in one answer."""
    problems = error.problems if isinstance(error, Many) else (error,)
    if error.status == 401:
        extra = (*extra, (b"www-authenticate", b'Bearer realm="hoster"'))
    return Response(error.status, encode({"errors": [problem.document() for problem in problems]}), (*error.headers, *extra))
