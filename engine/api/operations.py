"""Several writes in one request, all or none: the Atomic Operations extension of JSON:API 1.1.

Operations name what they write by `ref` or `href`. A resource that one operation creates may have a local id (`lid`), by
which later ones refer to it: the server makes its id before anything is written. An error points into the operation it is
about; a transition is an operation with the `href` of the transition and `op: update`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.api import bodies
from engine.api.documents import BASE, Document, Documents
from engine.api.methods import Answer, by_method
from engine.api.negotiation import ATOMIC, JSON_API
from engine.api.request import Request
from engine.api.responses import Response, Result
from engine.api.writing import Writing
from engine.errors import BadRequest, HosterError, Many, NotFound, Unauthenticated
from engine.service import Seen, Service
from engine.service.changes import Change, Create, Fire, Update
from engine.service.validation import escape
from engine.store import Unit

MAX_OPERATIONS = 100
MEDIA_TYPE = (b"content-type", f'{JSON_API};ext="{ATOMIC}"'.encode())
BASE_POINTER = "/atomic:operations"
_MEMBERS = {"op", "ref", "href", "data", "meta"}


class Operations:
    """Serves `POST /api/v1/operations`."""

    def __init__(self, service: Service, documents: Mapping[str, Documents], writing: Writing) -> None:
        self._service = service
        self._documents = documents
        self._write = writing

    async def __call__(self, request: Request, rest: list[str]) -> Answer:
        """The address has nothing below it."""
        if rest:
            raise NotFound("There is nothing at this address")
        return await by_method(request, {"POST": self._post})

    async def _post(self, request: Request) -> Response:
        if not request.actor.facts["known"]:
            raise Unauthenticated("Sign in, or send a token: Authorization: Bearer …")
        operations = _operations(await request.document(ATOMIC))
        reading = _Reading(self._service, request)
        changes = [_Nth(number, reading.change, operation) for number, operation in enumerate(operations)]
        return await self._write(request, changes, self._results)

    def _results(self, results: Sequence[Seen | None]) -> Result:
        """One result for each operation, in order; empty for one that left nothing."""
        shown = [{} if seen is None else {"data": self._document(seen)} for seen in results]
        if any(shown):
            return Result(200, {"atomic:results": shown}, media_type=MEDIA_TYPE)
        return Result(204)

    def _document(self, seen: Seen) -> Document:
        return self._documents[seen.record.layout.resource.name].resource(seen)


class _Reading:
    """Turns the operations of one request into changes, one after the other."""

    def __init__(self, service: Service, request: Request) -> None:
        self._service = service
        self._actor = request.actor
        self._made: dict[tuple[str, str], str] = {}

    def change(self, operation: Mapping[str, Any]) -> Change:
        """The change that an operation stands for; raises with a pointer into the operation."""
        unexpected = operation.keys() - _MEMBERS
        if unexpected:
            raise BadRequest(f"An operation has no member {min(unexpected)[:64]!r}", pointer=f"/{escape(min(unexpected))}")
        if "ref" in operation and "href" in operation:
            raise BadRequest("An operation has ref or href, not both", pointer="/ref")
        make = {"add": self._add, "update": self._update, "remove": self._remove}.get(_text(operation.get("op")))
        if make is None:
            raise BadRequest("op is add, update or remove", pointer="/op")
        return make(operation)

    def _add(self, operation: Mapping[str, Any]) -> Change:
        data = operation.get("data")
        if not isinstance(data, dict) or not isinstance(data.get("type"), str):
            raise BadRequest("An add has the resource object in `data`, with its type", pointer="/data")
        name = data["type"]
        kind = self._kind(name, "/data/type")
        if "href" in operation and operation["href"] != f"{BASE}/{name}":
            raise BadRequest(f"Resources of type {name} are added at {BASE}/{name}", pointer="/href")
        if "ref" in operation:
            raise BadRequest("Only resources are added; a to-many relationship is changed at its other end", pointer="/ref")
        ambient = self._service.store.ambient
        row_id = ambient.id(kind.id_prefix, ambient.time())
        attributes, relationships = bodies.resource({"data": self._known(data)}, kind)
        change = Create(self._service, self._actor, name, attributes, relationships, row_id)
        if "lid" in data:
            key = name, _text(data["lid"])
            if not key[1] or key in self._made:
                raise BadRequest("A lid is a text, and each is given once", pointer="/data/lid")
            self._made[key] = row_id
        return change

    def _update(self, operation: Mapping[str, Any]) -> Change:
        data = operation.get("data")
        name, row_id, member = self._target(operation)
        kind = self._kind(name, "/ref")
        if member is None:
            addressed = {"type": name, "id": row_id, **data} if isinstance(data, dict) else data
            attributes, relationships = bodies.resource({"data": self._known(addressed)}, kind, row_id)
            return Update(self._service, self._actor, name, row_id, attributes, relationships)
        if member in kind.relationships:
            linked = bodies.linkage({"data": self._resolved(data)}, kind.relationships[member])
            return Update(self._service, self._actor, name, row_id, {}, {member: linked})
        return Fire(self._service, self._actor, name, row_id, member, bodies.inputs({"data": data} if data else {}))

    def _remove(self, operation: Mapping[str, Any]) -> Change:
        name, row_id, member = self._target(operation)
        self._kind(name, "/ref")
        if member is not None:
            raise BadRequest("Only resources are removed; empty a to-one relationship by an update to null", pointer="/ref")
        data = operation.get("data")
        return self._service.deletion(self._actor, name, row_id, bodies.inputs({"data": data} if data else {}))

    def _target(self, operation: Mapping[str, Any]) -> tuple[str, str, str | None]:
        """Type, id and perhaps relationship or transition that an operation is about."""
        if "href" in operation:
            return self._addressed(_text(operation["href"]))
        ref, data = operation.get("ref"), operation.get("data")
        if ref is None and isinstance(data, dict) and operation.get("op") == "update":
            ref = {name: data[name] for name in ("type", "id", "lid") if name in data}
        resolved = self._resolved(ref)
        if not isinstance(resolved, dict) or not all(isinstance(resolved.get(name), str) for name in ("type", "id")):
            raise BadRequest("The operation must say what it is about: ref with type and id, or href", pointer="/ref")
        relationship = resolved.get("relationship")
        if relationship is not None and relationship not in self._kind(resolved["type"], "/ref/type").relationships:
            raise NotFound(f"{resolved['type']} has no such to-one relationship", pointer="/ref/relationship")
        return resolved["type"], resolved["id"], relationship

    def _addressed(self, href: str) -> tuple[str, str, str | None]:
        parts = href.removeprefix(f"{BASE}/").split("/") if href.startswith(f"{BASE}/") else []
        if len(parts) == 4 and parts[2] == "relationships":
            parts = [parts[0], parts[1], parts[3]]
        if not 2 <= len(parts) <= 3 or not all(parts):
            raise BadRequest(f"href is an address such as {BASE}/type/id, without parameters", pointer="/href")
        return parts[0], parts[1], parts[2] if len(parts) == 3 else None

    def _kind(self, name: str, pointer: str) -> Any:
        kind = self._service.store.types.get(name)
        if kind is None:
            raise NotFound(f"There is no resource type {name[:64]!r}", pointer=pointer)
        return kind.resource

    def _known(self, data: Any) -> Any:
        """A resource object with the ids of what it calls by local ids."""
        if not isinstance(data, dict):
            return data
        data = {name: value for name, value in data.items() if name != "lid"}
        relationships = data.get("relationships")
        if isinstance(relationships, dict):
            data["relationships"] = {
                name: {**value, "data": self._resolved(value["data"])} if isinstance(value, dict) and "data" in value else value
                for name, value in relationships.items()
            }
        return data

    def _resolved(self, linkage: Any) -> Any:
        if not isinstance(linkage, dict) or "lid" not in linkage or "id" in linkage:
            return linkage
        made = self._made.get((_text(linkage.get("type")), _text(linkage["lid"])))
        if made is None:
            raise BadRequest("No earlier operation of this request gives a resource of this type this lid", pointer="/ref/lid")
        return {**{name: value for name, value in linkage.items() if name != "lid"}, "id": made}


class _Nth:
    """The change of the nth operation; what is wrong with it is told with a pointer to that operation."""

    def __init__(self, number: int, make: Any, operation: Mapping[str, Any]) -> None:
        self._pointer = f"{BASE_POINTER}/{number}"
        try:
            self._change: Change = make(operation)
        except HosterError as error:
            self._place(error)
            raise

    async def prepare(self) -> None:
        try:
            await self._change.prepare()
        except HosterError as error:
            self._place(error)
            raise

    def apply(self, unit: Unit) -> Seen | None:
        try:
            return self._change.apply(unit)
        except HosterError as error:
            self._place(error)
            raise

    def _place(self, error: HosterError) -> None:
        for problem in error.problems if isinstance(error, Many) else (error,):
            problem.pointer = self._pointer + (problem.pointer or "")
            problem.parameter = None


def _operations(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    operations = document.get("atomic:operations")
    if not isinstance(operations, list) or not 0 < len(operations) <= MAX_OPERATIONS:
        raise BadRequest(f"The body has a member `atomic:operations`, a list of 1 to {MAX_OPERATIONS}", pointer="")
    for number, operation in enumerate(operations):
        if not isinstance(operation, dict):
            raise BadRequest("An operation is an object", pointer=f"{BASE_POINTER}/{number}")
    return operations


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
