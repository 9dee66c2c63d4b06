"""One request as the endpoints of the API see it."""

from __future__ import annotations

from collections.abc import MutableMapping
from functools import lru_cache
from typing import Any, TypeAlias
from urllib.parse import quote

from engine.access import ANONYMOUS, Actor
from engine.api import bodies, negotiation
from engine.api.parameters import parameters
from engine.api.responses import Receive
from engine.errors import BadRequest, PreconditionFailed, UnsupportedMediaType
from engine.stopping import Stopping

Scope: TypeAlias = MutableMapping[str, Any]
IN_QUERY = "-._~!$&'()*+,;=:@/?%"
"""What may stand in the query of a URI beside letters and digits (RFC 3986), with the mark of what is encoded already."""


class Request:
    """What an endpoint needs of a request. `headers` are by lower-case name; of repeated ones the last counts.

    Those that hold lists may come in several lines: `listed` has them as one.
    """

    __slots__ = ("actor", "body_limit", "headers", "id", "method", "path", "query", "raw", "receive", "scope")

    def __init__(self, scope: Scope, receive: Receive, body_limit: int) -> None:
        self.scope = scope
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.query: bytes = scope["query_string"]
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        self.receive = receive
        self.body_limit = body_limit
        self.actor: Actor = ANONYMOUS
        self.id = ""
        self.raw = b""

    def log_fields(self) -> dict[str, str]:
        """What every line says that is logged while this request is answered."""
        parts = self.path.split("/", 5)[3:5]
        row = {"row": "/".join(parts)[:128]} if len(parts) == 2 else {}
        return {"request_id": self.id, "actor": self.actor.label, **row}

    @property
    def stopping(self) -> Stopping | None:
        """Tells when the process is to end; None where nothing serves."""
        stopping: Stopping | None = self.scope.get("state", {}).get("stopping")
        return stopping

    @property
    def link(self) -> str:
        """The address of this request, as links have it."""
        return f"{self.path}?{encoded(self.query)}" if self.query else self.path

    @property
    def peer(self) -> str:
        """The address at the other end of the connection, as the server sees it; empty for a local socket."""
        client = self.scope.get("client")
        return str(client[0]) if client else ""

    def listed(self, name: bytes) -> bytes | None:
        """A header that holds a list, whatever number of lines it came in."""
        lines = [value for key, value in self.scope["headers"] if key == name]
        return b", ".join(lines) if lines else None

    async def document(self, extension: str | None = None) -> dict[str, Any]:
        """The JSON object of the body; an empty one where there is no body. `raw` is the body then.

        Raises where the body is too large, no JSON, or of a type that is not read here; with `extension`, where it does not
        say that it is of that extension of JSON:API.
        """
        self.raw = await bodies.read(self.receive, self.headers, self.body_limit)
        if not self.raw:
            return {}
        extensions = negotiation.body_extensions(self.headers.get(b"content-type"))
        if extension is not None and extension not in extensions:
            raise UnsupportedMediaType(f'Send Content-Type: {negotiation.JSON_API};ext="{extension}"')
        return bodies.parse(self.raw)

    def version(self) -> int | None:
        """The version that `If-Match` insists on; `*` stands for any."""
        given = self.headers.get(b"if-match", b"*").strip()
        if given == b"*":
            return None
        digits = given.removeprefix(b'"').removesuffix(b'"')
        if given != b'"%s"' % digits or not digits.isdigit() or len(digits) > 18:
            raise PreconditionFailed("If-Match must hold one ETag of this resource, in double quotes as it was given")
        return int(digits)

    def has(self, version: int) -> bool:
        """Whether the caller has this version already, as `If-None-Match` says."""
        if b"if-none-match" not in self.headers:
            return False
        tags = [tag.strip().removeprefix(b"W/") for tag in (self.listed(b"if-none-match") or b"").split(b",")]
        return b"*" in tags or b'"%d"' % version in tags

    def no_parameters(self) -> None:
        """Raise `BadRequest` where the query string holds anything."""
        for key, _ in parameters(self.query) if self.query else ():
            raise BadRequest(f"This address takes no parameters, and {key[:64]!r} is one", parameter=key[:128])


@lru_cache(maxsize=512)
def encoded(query: bytes) -> str:
    """A query string as a URI may have it: many clients send brackets as they are, and links may not hold them so."""
    return quote(query, safe=IN_QUERY)
