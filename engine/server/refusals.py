"""What a client is told whose request never reaches the application."""

from __future__ import annotations

from email.utils import formatdate
from http import HTTPStatus

import orjson

from engine.errors import HosterError


def answer(error: HosterError) -> bytes:
    """The whole response, a JSON:API document as all errors are; the connection ends with it."""
    status, body = HTTPStatus(error.status), orjson.dumps({"errors": [error.document()]})
    headers = (
        (b"date", formatdate(usegmt=True).encode()),
        (b"content-type", b"application/vnd.api+json"),
        (b"x-content-type-options", b"nosniff"),
        (b"cache-control", b"no-store"),
        *error.headers,
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
    )
    lines = [f"HTTP/1.1 {status.value} {status.phrase}".encode(), *(b"%s: %s" % header for header in headers)]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body
