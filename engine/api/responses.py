"""Responses: a status, a few headers and a body, written to the server in two messages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

import orjson

from engine.api.documents import Document, encode
from engine.errors import HosterError, Many

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
        if self.status != 204:
            headers.append((b"content-length", str(len(self.body)).encode()))
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if head else self.body})


class LineStream:
    """Lines as they come, one JSON value each (application/x-ndjson), until the source ends or the client leaves."""

    def __init__(self, lines: AsyncGenerator[Any], receive: Receive) -> None:
        self._lines, self._receive = lines, receive

    async def send(self, send: Send, request_id: bytes, *, head: bool = False) -> None:
        """Write the lines. The server says that a client has left only to whom listens, so one task does."""
        headers = [SAFE, VARY, CACHE, (b"content-type", b"application/x-ndjson"), (b"x-request-id", request_id)]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        if not head:
            writing, leaving = asyncio.create_task(self._write(send)), asyncio.create_task(self._left())
            await asyncio.wait({writing, leaving}, return_when=asyncio.FIRST_COMPLETED)
            for task in (writing, leaving):
                task.cancel()
            ended, _ = await asyncio.gather(writing, leaving, return_exceptions=True)
        else:
            ended = None
        await self._lines.aclose()
        if isinstance(ended, Exception):
            raise ended  # the server cuts the connection, so that a broken stream does not look like a whole one
        await send({"type": "http.response.body", "body": b""})

    async def _write(self, send: Send) -> None:
        async for line in self._lines:
            await send({"type": "http.response.body", "body": orjson.dumps(line) + b"\n", "more_body": True})

    async def _left(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            continue


def document_response(
    status: int, document: Document, *, version: int | None = None, extra: tuple[tuple[bytes, bytes], ...] = ()
) -> Response:
    """A JSON:API document; `version` of a single resource becomes its ETag."""
    etag = () if version is None else ((b"etag", b'"%d"' % version),)
    return Response(status, encode(document), (*etag, *extra))


def error_response(error: HosterError, extra: tuple[tuple[bytes, bytes], ...] = ()) -> Response:
    """The error document; several problems of one request in one answer."""
    problems = error.problems if isinstance(error, Many) else (error,)
    if error.status == 401:
        extra = (*extra, (b"www-authenticate", b'Bearer realm="hoster"'))
    return Response(error.status, encode({"errors": [problem.document() for problem in problems]}), extra)
