"""The API as one ASGI application: an address is split once, and looked up by type and method.

No framework stands between the server and this: routing by a table of patterns costs more than the answer itself. What a
request may need is worked out when the definitions are loaded.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, TypeAlias
from urllib.parse import unquote_plus

from engine.access import Actor
from engine.api import bodies
from engine.api.documents import BASE, Document, Documents
from engine.api.parameters import ListParameters, parameters, unknown_parameter, whole
from engine.api.responses import LineStream, Receive, Response, Send, document_response, error_response
from engine.errors import BadRequest, HosterError, MethodNotAllowed, NotFound, PreconditionFailed
from engine.identity import Tokens
from engine.service import Page, Service
from engine.service.log import EventLog
from engine.service.validation import Values
from engine.store import ListQuery

Scope: TypeAlias = MutableMapping[str, Any]
Answer: TypeAlias = Response | LineStream

log = logging.getLogger("hoster.api")

PREFIX = f"{BASE}/"
EVENTS = "events"
MAX_EVENTS = 1000


class _Request:
    """What a handler of the API needs of a request."""

    __slots__ = ("actor", "body_limit", "headers", "method", "query", "receive")

    def __init__(self, scope: Scope, receive: Receive, body_limit: int) -> None:
        self.method: str = scope["method"]
        self.query: bytes = scope["query_string"]
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        self.receive = receive
        self.body_limit = body_limit
        self.actor: Actor

    async def document(self) -> dict[str, Any]:
        body = await bodies.read(self.receive, self.headers, self.body_limit)
        return bodies.parse(body, self.headers.get(b"content-type"))

    def version(self) -> int | None:
        """The version that `If-Match` insists on; `*` stands for any."""
        given = self.headers.get(b"if-match", b"*").strip()
        if given == b"*":
            return None
        digits = given.strip(b'"')
        if not digits.isdigit() or len(digits) > 18:
            raise PreconditionFailed("If-Match must hold an ETag of this resource")
        return int(digits)

    def no_parameters(self) -> None:
        for key, _ in parameters(self.query) if self.query else ():
            raise BadRequest(f"This address takes no parameters, and {key[:64]!r} is one", parameter=key[:128])


class API:
    """See the module. `body_limit` is in bytes."""

    def __init__(self, service: Service, tokens: Tokens, *, body_limit: int = 1_048_576) -> None:
        self._service = service
        self._tokens = tokens
        self._log = EventLog(service.store)
        self._body_limit = body_limit
        self._documents = {name: Documents(kind) for name, kind in service.store.types.items()}
        self._lists = {name: ListParameters(kind) for name, kind in service.store.types.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request below `/api/v1`."""
        request = _Request(scope, receive, self._body_limit)
        request_id = (
            _request_id(request.headers.get(b"x-request-id")) or "req_" + self._service.store.ambient.random_bytes(8).hex()
        )
        try:
            request.actor = self._tokens.identify(request.headers.get(b"authorization"))
            response = await self._dispatch(request, scope["path"])
        except HosterError as error:
            if error.status >= 500:
                log.error("%s", error.detail, exc_info=error, extra={"request_id": request_id})
            response = error_response(error)
        except Exception:
            log.exception("A request failed unexpectedly", extra={"request_id": request_id, "path": scope["path"]})
            response = error_response(
                HosterError("The server met a condition it did not expect; the request id leads to the cause")
            )
        await response.send(send, request_id.encode(), head=request.method == "HEAD")

    async def _dispatch(self, request: _Request, path: str) -> Answer:
        parts = path.removeprefix(PREFIX).split("/") if path.startswith(PREFIX) else []
        if parts == [EVENTS]:
            return await self._only(request, {"GET": self._events})
        if not parts or parts[0] not in self._documents:
            raise NotFound("There is nothing at this address")
        if len(parts) == 1:
            return await self._collection(request, parts[0])
        if len(parts) == 2 and parts[1]:
            return await self._resource(request, parts[0], parts[1])
        if len(parts) == 3 and parts[1]:
            return await self._member(request, *parts)
        raise NotFound("There is nothing at this address")

    # Collections

    async def _collection(self, request: _Request, name: str) -> Response:
        if request.method in ("GET", "HEAD"):
            query = self._lists[name].parse(request.query)
            return self._page(request, name, query, await self._service.page(request.actor, name, query))
        if request.method == "POST":
            return await self._create(request, name)
        return _other(request, "GET, HEAD, POST, OPTIONS")

    def _page(self, request: _Request, name: str, query: ListQuery, page: Page) -> Response:
        documents = self._documents[name]
        links = {"self": documents.path + _question(request.query)}
        number = query.offset // query.limit + 1
        if number > 1:
            links["prev"] = documents.path + _numbered(request.query, number - 1)
        if page.more:
            links["next"] = documents.path + _numbered(request.query, number + 1)
        document: Document = {"data": [documents.resource(seen) for seen in page.items], "links": links}
        if page.total is not None:
            document["meta"] = {"total": page.total}
        return document_response(200, document)

    async def _create(self, request: _Request, name: str) -> Response:
        request.no_parameters()
        kind = self._service.store.types[name].resource
        attributes, relationships = bodies.resource(await request.document(), kind)
        seen = await self._service.create(request.actor, name, attributes, relationships)
        document = self._documents[name].resource(seen)
        location = (b"location", document["links"]["self"].encode())
        return document_response(201, {"data": document}, version=seen.record.version, extra=(location,))

    # Resources

    async def _resource(self, request: _Request, name: str, row_id: str) -> Response:
        method = request.method
        if method in ("GET", "HEAD"):
            request.no_parameters()
            seen = self._service.get(request.actor, name, row_id)
            return document_response(200, {"data": self._documents[name].resource(seen)}, version=seen.record.version)
        if method == "PATCH":
            return await self._update(request, name, row_id)
        if method == "DELETE":
            return await self._delete(request, name, row_id)
        return _other(request, "GET, HEAD, PATCH, DELETE, OPTIONS")

    async def _update(self, request: _Request, name: str, row_id: str) -> Response:
        request.no_parameters()
        kind = self._service.store.types[name].resource
        attributes, relationships = bodies.resource(await request.document(), kind, row_id)
        seen = await self._service.update(request.actor, name, row_id, attributes, relationships, request.version())
        return document_response(200, {"data": self._documents[name].resource(seen)}, version=seen.record.version)

    async def _delete(self, request: _Request, name: str, row_id: str) -> Response:
        request.no_parameters()
        inputs = bodies.inputs(await request.document())
        seen = await self._service.delete(request.actor, name, row_id, inputs, request.version())
        if seen is None:
            return Response(204)
        return document_response(202, {"data": self._documents[name].resource(seen)}, version=seen.record.version)

    async def _member(self, request: _Request, name: str, row_id: str, member: str) -> Answer:
        kind = self._service.store.types[name]
        if member in kind.resource.reads:
            return await self._only(request, {"GET": lambda each: self._read(each, name, row_id, member)})
        self._service.transition(kind, member)
        return await self._only(request, {"POST": lambda each: self._fire(each, name, row_id, member)})

    async def _fire(self, request: _Request, name: str, row_id: str, transition: str) -> Response:
        request.no_parameters()
        inputs = bodies.inputs(await request.document())
        seen = await self._service.fire(request.actor, name, row_id, transition, inputs, request.version())
        status = 202 if seen.record.state in self._service.store.types[name].busy_states else 200
        return document_response(status, {"data": self._documents[name].resource(seen)}, version=seen.record.version)

    async def _read(self, request: _Request, name: str, row_id: str, read: str) -> Answer:
        declared = self._service.store.types[name].resource.reads[read]
        params = _typed(Values(declared.params, base=""), parameters(request.query))
        answer = await self._service.read(request.actor, name, row_id, read, params)
        if declared.stream:
            return LineStream(answer, request.receive)
        attributes = answer if isinstance(answer, Mapping) else {read: answer}
        document = {"type": f"{name}-{read}", "id": row_id, "attributes": attributes}
        return document_response(200, {"data": document})

    # The event log

    async def _events(self, request: _Request) -> Response:
        after, limit, type_name, row = 0, 100, None, None
        for key, value in parameters(request.query):
            if key == "page[after]":
                after = whole(key, value, 0, 2**62)
            elif key == "page[size]":
                limit = whole(key, value, 1, MAX_EVENTS)
            elif key == "filter[type]":
                type_name = value
            elif key == "filter[row]":
                row = value
            else:
                raise unknown_parameter(key, ("page[after]", "page[size]", "filter[type]", "filter[row]"))
        if type_name is not None and type_name not in self._documents:
            raise BadRequest(f"There is no resource type {type_name[:64]!r}", parameter="filter[type]")
        newest = self._log.newest()
        entries = await self._log.after(request.actor, after, limit, type_name=type_name, row=row)
        data = [
            {
                "type": "events",
                "id": str(entry.seq),
                "attributes": {
                    "seq": entry.seq, "at": entry.at, "kind": entry.kind, "actor": entry.actor, "version": entry.version,
                    "command": entry.command, **entry.data,
                },
                "relationships": {"subject": {"data": {"type": entry.type, "id": entry.row}}},
            }
            for entry in entries
        ]  # fmt: skip
        last = entries[-1].seq if entries else after
        cursor = last if len(entries) == limit else max(newest, last)
        return document_response(200, {"data": data, "meta": {"cursor": str(cursor)}})

    async def _only(self, request: _Request, handlers: Mapping[str, Callable[[_Request], Awaitable[Answer]]]) -> Answer:
        method = "GET" if request.method == "HEAD" and "GET" in handlers else request.method
        if method in handlers:
            return await handlers[method](request)
        allowed = [*handlers, *(["HEAD"] if "GET" in handlers else []), "OPTIONS"]
        return _other(request, ", ".join(allowed))


def _other(request: _Request, allow: str) -> Response:
    header = (b"allow", allow.encode())
    if request.method == "OPTIONS":
        return Response(204, extra=(header,))
    error = MethodNotAllowed(f"{request.method[:16]} is not possible here; possible are {allow}")
    return error_response(error, extra=(header,))


def _request_id(given: bytes | None) -> str | None:
    """The caller's request id, if it is one that can be logged as it is."""
    if given is None or not 0 < len(given) <= 128:
        return None
    text = given.decode("latin-1")
    return text if text.isascii() and text.isprintable() else None


def _question(query: bytes) -> str:
    return f"?{query.decode('ascii', 'replace')}" if query else ""


def _numbered(query: bytes, number: int) -> str:
    parts = [part for part in query.decode("ascii").split("&") if part]
    kept = [part for part in parts if unquote_plus(part.partition("=")[0]) != "page[number]"]
    return "?" + "&".join([*kept, f"page[number]={number}"])


def _typed(values: Values, given: list[tuple[str, str]]) -> dict[str, Any]:
    """Query parameters as the values that the declared parameters have."""
    return {name: values.from_text(name, text) for name, text in given}
