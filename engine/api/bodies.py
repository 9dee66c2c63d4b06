"""Request bodies: read within bounds, parsed, and taken apart into attributes and relationships."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import orjson

from engine.errors import BadRequest, Conflict, Forbidden, HosterError, Invalid, TooLarge
from engine.model import Relationship, ResourceType, Reverse
from engine.service.validation import MAX_PROBLEMS, escape, raise_all

NUL_ESCAPED = b"\\u0000"


async def read(receive: Callable[[], Awaitable[Any]], headers: Mapping[bytes, bytes], limit: int) -> bytes:
    """The whole body, or `TooLarge` before more than `limit` bytes are kept."""
    announced = headers.get(b"content-length", b"0")
    if announced.isdigit() and int(announced) > limit:
        raise TooLarge(f"A request body may have at most {limit} bytes")
    body = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise BadRequest("The client went away before it had sent the whole body")
        body += bytes(message.get("body", b""))
        if len(body) > limit:
            raise TooLarge(f"A request body may have at most {limit} bytes")
        if not message.get("more_body"):
            return body


def parse(body: bytes) -> dict[str, Any]:
    """The JSON object in a body."""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadRequest(
            f"The body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}", pointer=""
        ) from error
    if not isinstance(document, dict):
        raise BadRequest("The body must be a JSON object with a member `data`", pointer="")
    if NUL_ESCAPED in body:
        _refuse_nul(document)
    return document


def resource(
    document: Mapping[str, Any], kind: ResourceType, row_id: str | None = None
) -> tuple[dict[str, Any], dict[str, str | None]]:
    """Attributes and related ids of a resource object; its type and id must be those of the address."""
    data = document.get("data")
    if not isinstance(data, dict):
        raise BadRequest(
            "The body must have a member `data` with the resource object", pointer="/data" if "data" in document else ""
        )
    data = plain(data)
    unexpected = set(data) - {"type", "id", "attributes", "relationships", "meta", "links", "lid"}
    if unexpected:
        name = min(unexpected)
        raise BadRequest(
            f"A resource object has no member {name[:64]!r}; values belong in `attributes`", pointer=f"/data/{escape(name)}"
        )
    if not isinstance(data.get("lid", ""), str):
        raise BadRequest("A lid is a text", pointer="/data/lid")
    _addressed(data, kind, row_id)
    return _object(data, "attributes"), _related(_object(data, "relationships"), kind)


def inputs(document: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs of a transition: the attributes of `data`, all of it optional."""
    if not document:
        return {}
    data = document.get("data")
    if not isinstance(data, dict):
        raise BadRequest('Inputs are sent as {"data": {"attributes": {…}}}', pointer="/data" if "data" in document else "")
    return _object(data, "attributes")


def linkage(document: Mapping[str, Any], relationship: Relationship) -> str | None:
    """The id in the linkage of a to-one relationship; another type is not the address's, as in any document."""
    if "data" not in document:
        raise BadRequest("The body must have a member `data`: null, or {type, id}", pointer="")
    data = document["data"]
    if isinstance(data, dict) and "type" in data and data["type"] != relationship.to:
        raise Conflict(f"{relationship.name} refers to {relationship.to}", code="wrong_type", pointer="/data/type")
    return _linked(data, relationship.name, relationship, "/data")


def plain(members: dict[str, Any]) -> dict[str, Any]:
    """Without @-members, which JSON:API has every reader pass over."""
    if any(name.startswith("@") for name in members):
        return {name: value for name, value in members.items() if not name.startswith("@")}
    return members


def to_many(end: Reverse, pointer: str | None = None) -> Forbidden:
    """The error for who would change a relationship to many."""
    detail = f"{end.name} is changed at its other end: {end.by} of each of {end.type}"
    return Forbidden(detail, code="read_only", pointer=pointer)


def _addressed(data: Mapping[str, Any], kind: ResourceType, row_id: str | None) -> None:
    if "type" not in data:
        raise BadRequest(f"The resource object must say its type, {kind.name!r}", pointer="/data")
    if data["type"] != kind.name:
        raise Conflict(f"This address is for resources of type {kind.name!r}", pointer="/data/type", code="wrong_type")
    if row_id is None and "id" in data:
        raise Conflict("Ids are made by the server", pointer="/data/id", code="client_id")
    if row_id is not None and data.get("id") != row_id:
        missing = "id" not in data
        detail = "The resource object must say its id" if missing else "The id differs from the one in the address"
        error = BadRequest if missing else Conflict
        raise error(detail, pointer="/data" if missing else "/data/id")


def _object(data: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = data.get(name, {})
    if not isinstance(value, dict):
        raise BadRequest(f"{name} must be an object", pointer=f"/data/{name}")
    return plain(value)


def _related(relationships: Mapping[str, Any], kind: ResourceType) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    problems: list[HosterError] = []
    for name, value in relationships.items():
        pointer = f"/data/relationships/{escape(name)}"
        if len(problems) >= MAX_PROBLEMS:
            break
        if not isinstance(value, dict) or "data" not in value:
            problems.append(BadRequest("A relationship is an object with a member `data`", pointer=pointer))
            continue
        if name in kind.reverses:
            problems.append(to_many(kind.reverses[name], pointer))
            continue
        try:
            found[name] = _linked(value["data"], name, kind.relationships.get(name), f"{pointer}/data")
        except HosterError as error:
            problems.append(error)
    raise_all(problems)
    return found


def _linked(data: Any, name: str, declared: Relationship | None, pointer: str) -> str | None:
    if data is None:
        return None
    if not isinstance(data, dict) or not isinstance(data.get("id"), str):
        raise BadRequest("The data of a relationship is null or {type, id}", pointer=pointer)
    if declared is not None and data.get("type") != declared.to:
        raise Invalid(f"{name} refers to {declared.to}", code="wrong_type", pointer=f"{pointer}/type")
    return str(data["id"])


def _refuse_nul(document: Any) -> None:
    """No database keeps a NUL inside a text faithfully, so none is let in."""
    left: list[tuple[str, Any]] = [("", document)]
    while left:
        pointer, value = left.pop()
        if isinstance(value, str) and "\0" in value:
            raise Invalid("A text may not hold a NUL character", code="nul_character", pointer=pointer)
        children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        for name, child in children:
            if isinstance(name, str) and "\0" in name:
                raise Invalid("A name may not hold a NUL character", code="nul_character", pointer=pointer)
            left.append((f"{pointer}/{escape(str(name))}", child))
