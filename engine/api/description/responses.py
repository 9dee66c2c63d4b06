"""The answers of operations: documents, and errors with the codes they can have, as shared components."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from engine.api.description.codes import Facet, possible
from engine.api.description.naming import reference
from engine.api.description.values import Schema

MEDIA_TYPE = "application/vnd.api+json"

REASONS = {
    400: "The request cannot be understood", 401: "Nobody is signed in, or the token is wrong", 403: "Not allowed",
    404: "There is no such thing, or none that the caller may see", 406: "None of the accepted media types can be sent",
    408: "The request did not come in time", 409: "It conflicts with what is stored", 410: "What is asked for has been pruned",
    412: "The resource has another version than If-Match names",
    413: "The body is too large", 415: "The body is of another media type", 422: "A value is not valid",
    429: "Too many requests; Retry-After says when to come back", 431: "Address and headers are too large",
    500: "Our fault; the request id leads to the cause",
    503: "Something that the answer needs does not respond just now",
}  # fmt: skip

ALWAYS = (400, 401, 403, 404, 406, 408, 429, 431, 500, 503)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of operation: its name in components, what can go wrong, and whether functions of others answer it.

    What functions of others raise has codes that nobody here knows; then no codes are listed.
    """

    name: str
    facets: frozenset[Facet]
    statuses: tuple[int, ...] = ()
    open: bool = False


_BODY = (409, 413, 415, 422)


def _kind(name: str, facets: Iterable[Facet], *statuses: int, open_: bool = False) -> Kind:
    return Kind(name, frozenset(facets), (*ALWAYS, *statuses), open_)


LIST = _kind("List", ["parameters"])
GET = _kind("Get", ["parameters", "row"])
CREATE = _kind("Create", ["body", "values", "write", "create", "links", "key", "parameters"], *_BODY, 412)
UPDATE = _kind("Update", ["body", "values", "write", "update", "links", "row", "version", "key", "parameters"], *_BODY, 412)
DELETE = _kind("Delete", ["body", "write", "delete", "row", "version", "key", "parameters"], *_BODY, 412)
MOVE = _kind("Move", ["body", "values", "write", "move", "delete", "row", "version", "key", "parameters"], *_BODY, 412)
READ = _kind("Read", ["parameters", "row"], 409, 422, open_=True)
EVENTS = _kind("Events", ["parameters", "events"], 410)
OPERATIONS = _kind("Operations", [], *_BODY, 412, open_=True)
ACCOUNT = _kind("Account", [], *_BODY, 410, 412, open_=True)


class Answers:
    """Gives operations their answers, and keeps the components that these need."""

    def __init__(self) -> None:
        self.components: dict[str, Any] = {}

    def errors(self, kind: Kind) -> dict[str, Any]:
        """The failures of a kind of operation, by status."""
        return {str(status): self._error(kind, status) for status in sorted(set(kind.statuses))}

    def _error(self, kind: Kind, status: int) -> dict[str, Any]:
        name = f"{kind.name}Error{status}"
        if name not in self.components:
            self.components[name] = _error(kind, status)
        return reference(name, "responses")


def _error(kind: Kind, status: int) -> dict[str, Any]:
    schema: Schema = reference("Errors")
    codes = [] if kind.open else possible(kind.facets, status)
    if codes:
        item = {"type": "object", "properties": {"code": {"type": "string", "enum": codes}}}
        schema = {"allOf": [schema, {"type": "object", "properties": {"errors": {"type": "array", "items": item}}}]}
    headers: dict[str, Any] = {"X-Request-ID": reference("RequestId", "headers")}
    if status == 401:
        headers["WWW-Authenticate"] = reference("Authenticate", "headers")
    if status == 429:
        headers["Retry-After"] = reference("RetryAfter", "headers")
    return {"description": REASONS[status], "headers": headers, "content": {MEDIA_TYPE: {"schema": schema}}}


def document(
    description: str,
    schema: Schema,
    *,
    etag: bool = False,
    location: bool = False,
    links: Mapping[str, Any] | None = None,
    media_type: str = MEDIA_TYPE,
) -> dict[str, Any]:
    """An answer with a document."""
    headers: dict[str, Any] = {"X-Request-ID": reference("RequestId", "headers")}
    if location:
        headers["Location"] = reference("Location", "headers")
    if etag:
        headers["ETag"] = reference("ETag", "headers")
    answer: dict[str, Any] = {
        "description": description,
        "headers": headers,
        "content": {media_type: {"schema": schema}},
    }
    return {**answer, "links": dict(links)} if links else answer


def empty(description: str) -> dict[str, Any]:
    """An answer without a body."""
    return {"description": description, "headers": {"X-Request-ID": reference("RequestId", "headers")}}
