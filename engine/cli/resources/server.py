"""One server as the commands see it: documents in, documents out, errors as `Refused`, and its resource types."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

from engine.cli.resources.failures import NoServer, Refused, unknown
from engine.cli.resources.schema import Type

if TYPE_CHECKING:
    import httpx

API = "/api/v1"
MEDIA_TYPE = "application/vnd.api+json"
PAGE = 500
"""Entries of a page where all are wanted."""

Parameters = Mapping[str, str]


class Answer(NamedTuple):
    """What a write was answered with. `working`: commands are at work because of it."""

    document: dict[str, Any]
    working: bool


class Server:
    """See the module. `place` says where it is, for messages; `anonymous` that it does not know who asks."""

    def __init__(self, client: httpx.Client, place: str, *, anonymous: bool) -> None:
        self.client, self.place, self.anonymous = client, place, anonymous

    # Types

    @cached_property
    def types(self) -> dict[str, Type]:
        """All resource types of the server, by name."""
        found = (Type(each["attributes"]) for each in self.get("/schema")["data"])
        return {each.name: each for each in found}

    def type(self, name: str) -> Type:
        """One of them; raises `Usage` where there is none."""
        if name not in self.types:
            raise unknown("There is no resource type", name, self.types)
        return self.types[name]

    # Requests

    def get(self, path: str, parameters: Parameters | None = None) -> dict[str, Any]:
        """The document at `path`, which is below /api/v1."""
        return self._send("GET", path, parameters).document

    def write(
        self,
        method: str,
        path: str,
        document: Mapping[str, Any] | None = None,
        *,
        key: str | None = None,
        dry_run: bool = False,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Change something, once: under `key`, or one that is made for it, it is sent again when the connection is lost."""
        import secrets

        given = {"idempotency-key": key or f"cli-{secrets.token_hex(16)}", **(headers or {})}
        if dry_run:
            del given["idempotency-key"]
        return self._send(method, path, {"dry_run": "true"} if dry_run else None, document, given)

    def pages(self, path: str, parameters: Parameters) -> Iterator[dict[str, Any]]:
        """A list page by page, by its links."""
        document = self.get(path, parameters)
        yield document
        while following := (document.get("links") or {}).get("next"):
            document = self.get(str(following).removeprefix(API))
            yield document

    def _send(
        self,
        method: str,
        path: str,
        parameters: Parameters | None = None,
        document: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        import json

        content = None if document is None else json.dumps(document).encode()
        given = {"accept": MEDIA_TYPE, **({"content-type": MEDIA_TYPE} if content else {}), **(headers or {})}
        request = self.client.build_request(method, API + path, params=parameters, content=content, headers=given)
        response = self._twice(request)
        return Answer(self.read(response), response.status_code == 202)

    def _twice(self, request: httpx.Request) -> httpx.Response:
        """Send, and send again when the connection was lost: what is sent twice is done once."""
        import httpx

        try:
            return self.client.send(request)
        except httpx.ConnectError as error:
            raise self.unreached(error) from error
        except httpx.TransportError:
            pass
        try:
            return self.client.send(request)
        except httpx.TransportError as error:
            raise self.unreached(error, request.headers.get("idempotency-key")) from error

    def unreached(self, error: Exception, key: str | None = None) -> NoServer:
        """The failure for a connection that was not made, or lost while a write was on its way."""
        why = str(error) or type(error).__name__
        hint = f"Whether it was done is not known; the same command with --idempotency-key {key} does it once" if key else None
        return NoServer(f"No server answers at {self.place}: {why}", code="no_server", hint=hint)

    def read(self, response: httpx.Response) -> dict[str, Any]:
        """The document of an answer; raises for an error, and for what no such server would say."""
        content = response.read()
        if not content and response.is_success:
            return {}
        try:
            document = response.json()
        except ValueError:
            document = None
        if isinstance(document, dict) and response.is_success:
            return document
        if isinstance(document, dict) and isinstance(document.get("errors"), list) and document["errors"]:
            raise Refused(response.status_code, document["errors"])
        raise NoServer(f"What answers at {self.place} is no such server: status {response.status_code}", code="no_server")


def path_of(type_name: str, row_id: str, *more: str) -> str:
    """The path of a resource, or of something of it, below /api/v1."""
    return "/" + "/".join(quote(step, safe="") for step in (type_name, row_id, *more))
