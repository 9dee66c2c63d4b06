"""The addresses of the description: `openapi.json`, `schema` and `docs`.

They tell of types, never of rows, so whoever reaches the server may read them. The document and the pages are made when they
are first asked for, and even what makes them is imported only then; later they come from memory, or not at all for a client
that has them already.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from functools import cached_property
from importlib.resources import files
from typing import TYPE_CHECKING, Any, TypeAlias

import orjson

from engine.ambient import Ambient
from engine.api.documents import BASE
from engine.api.request import Request
from engine.api.responses import SAFE, Response, Send, document_response, error_response
from engine.errors import MethodNotAllowed, NotFound
from engine.model import Definitions

if TYPE_CHECKING:
    from engine.api.description.page import Pages
    from engine.api.description.type_document import TypeDocument

Answer: TypeAlias = "Response | Kept"
Endpoint: TypeAlias = Callable[[Request, list[str]], Awaitable[Answer]]

ALLOWED = (b"allow", b"GET, HEAD, OPTIONS")
POLICY = (
    b"content-security-policy",
    b"default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
)


class Kept:
    """Something that is the same for everybody, with its ETag; to a client that has it, only that it is still so."""

    def __init__(self, body: bytes, media_type: bytes, *extra: tuple[bytes, bytes]) -> None:
        self.status = 200
        self.body = body
        self.etag = b'"' + hashlib.sha256(body).hexdigest()[:32].encode() + b'"'
        self.headers = [SAFE, (b"cache-control", b"no-cache"), (b"etag", self.etag), *extra]
        self._type = (b"content-type", media_type)

    def answer(self, request: Request) -> Kept:
        """This, or 304 for a client that has it."""
        given = request.headers.get(b"if-none-match", b"")
        tags = {each.strip().removeprefix(b"W/") for each in given.split(b",")}
        if self.etag in tags or given.strip() == b"*":
            return _Unchanged(self)
        return self

    async def send(self, send: Send, request_id: bytes, *, head: bool = False) -> None:
        """Write it out."""
        length = (b"content-length", str(len(self.body)).encode())
        headers = [*self.headers, self._type, length, (b"x-request-id", request_id)]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if head else self.body})


class _Unchanged(Kept):
    def __init__(self, kept: Kept) -> None:
        self.status, self.body, self.etag, self.headers = 304, b"", kept.etag, kept.headers

    async def send(self, send: Send, request_id: bytes, *, head: bool = False) -> None:
        headers = [*self.headers, (b"x-request-id", request_id)]
        await send({"type": "http.response.start", "status": 304, "headers": headers})
        await send({"type": "http.response.body", "body": b""})


class Description:
    """See the module. `endpoints` go to the API."""

    def __init__(self, definitions: Definitions, ambient: Ambient) -> None:
        self._definitions = definitions
        self._ambient = ambient
        self._pages: dict[str, Kept] = {}

    @property
    def endpoints(self) -> Mapping[str, Endpoint]:
        """What answers at which first part of an address."""
        return {"openapi.json": self.openapi, "schema": self.schema, "docs": self.docs}

    @cached_property
    def document(self) -> dict[str, Any]:
        """The OpenAPI document."""
        from engine.api.description.openapi import openapi

        return openapi(self._definitions)

    @cached_property
    def _document(self) -> Kept:
        return Kept(orjson.dumps(self.document), b"application/json")

    @cached_property
    def _types(self) -> dict[str, TypeDocument]:
        from engine.api.description.type_document import TypeDocument

        return {name: TypeDocument(self._definitions, each) for name, each in self._definitions.types.items()}

    @cached_property
    def _writer(self) -> Pages:
        from engine.api.description.page import Pages

        return Pages(self.document)

    @cached_property
    def _style(self) -> Kept:
        return Kept(files(__package__).joinpath("style.css").read_bytes(), b"text/css; charset=utf-8")

    async def openapi(self, request: Request, rest: list[str]) -> Answer:
        """`GET /api/v1/openapi.json`."""
        if rest:
            raise _nothing()
        refused = _refused(request)
        if refused is not None:
            return refused
        request.no_parameters()
        return self._document.answer(request)

    async def schema(self, request: Request, rest: list[str]) -> Answer:
        """`GET /api/v1/schema`, and of one type `/api/v1/schema/{type}`."""
        if len(rest) > 1 or (rest and rest[0] not in self._types):
            raise _nothing()
        refused = _refused(request)
        if refused is not None:
            return refused
        request.no_parameters()
        now = self._ambient.now()
        meta = {"digest": self._definitions.digest}
        if rest:
            return document_response(200, {"data": self._types[rest[0]].resource(request.actor, now), "meta": meta})
        data = [each.resource(request.actor, now) for each in self._types.values()]
        return document_response(200, {"data": data, "links": {"self": f"{BASE}/schema"}, "meta": meta})

    async def docs(self, request: Request, rest: list[str]) -> Answer:
        """`GET /api/v1/docs`, a page for each type below it, and their style sheet."""
        if len(rest) > 1:
            raise _nothing()
        refused = _refused(request)
        if refused is not None:
            return refused
        request.no_parameters()
        if rest == ["style.css"]:
            return self._style.answer(request)
        name = rest[0] if rest else ""
        if name not in self._pages:
            page = self._writer.page(name)
            if page is None:
                raise _nothing()
            self._pages[name] = Kept(page.encode(), b"text/html; charset=utf-8", POLICY, (b"referrer-policy", b"no-referrer"))
        return self._pages[name].answer(request)


def _nothing() -> NotFound:
    return NotFound("There is nothing at this address")


def _refused(request: Request) -> Response | None:
    """The answer to methods that only read addresses do not have."""
    if request.method in ("GET", "HEAD"):
        return None
    if request.method == "OPTIONS":
        return Response(204, extra=(ALLOWED,))
    error = MethodNotAllowed(f"{request.method[:16]} is not possible here; possible are {ALLOWED[1].decode()}")
    return error_response(error, extra=(ALLOWED,))
