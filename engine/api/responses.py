"""Responses: a status, a few headers and a body, written to the server in two messages."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from engine.api.documents import Document, encode
from engine.errors import HosterError, Many

MEDIA_TYPE = (b"content-type", b"application/vnd.api+json")
SAFE = (b"x-content-type-options", b"nosniff")
VARY = (b"vary", b"Accept, Authorization")
CACHE = (b"cache-control", b"no-store")


class Response:
    """What goes back to the client."""

    __slots__ = ("body", "headers", "status")

    def __init__(self, status: int, body: bytes = b"", extra: tuple[tuple[bytes, bytes], ...] = ()) -> None:
        self.status, self.body = status, body
        self.headers: list[tuple[bytes, bytes]] = [SAFE, VARY, CACHE, *extra]
        if body:
            self.headers.append(MEDIA_TYPE)

    async def send(
        self, send: Callable[[MutableMapping[str, Any]], Awaitable[None]], request_id: bytes, *, head: bool = False
    ) -> None:
        """Write it out; for HEAD, with the length of a body that is not sent."""
        headers = [*self.headers, (b"x-request-id", request_id)]
        if self.status != 204:
            headers.append((b"content-length", str(len(self.body)).encode()))
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if head else self.body})


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
