"""Several writes in one request, all or none: the Atomic Operations extension of JSON:API 1.1.

Operations name what they write by `ref` or `href`. A resource that one operation creates may have a local id (`lid`), by
which later ones refer to it: the server makes its id before anything is written. An error points into the operation it is
about; a transition is an operation with the `href` of the transition and `op: update`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.api import bodies, pointers
from engine.api.documents import BASE, Document, Documents
from engine.api.methods import Answer, by_method
from engine.api.negotiation import ATOMIC, JSON_API
from engine.api.request import Request
from engine.api.responses import Response, Result
from engine.api.write_limit import WriteLimit
from engine.api.writing import Writing
from engine.errors import BadRequest, NotFound, PreconditionFailed, Unauthenticated
from engine.model import Relationship, ResourceType
from engine.service import Seen, Service
from engine.service.changes import Change, Create, Fire, Update
from engine.service.validation import escape

MAX_OPERATIONS = 100
MEDIA_TYPE = (b"content-type", f'{JSON_API};ext="{ATOMIC}"'.encode())
BASE_POINTER = "/atomic:operations"
_MEMBERS = {"op", "ref", "href", "data", "meta"}


class Operations:
    """Serves `POST /api/v1/operations`."""

    def __init__(
        self, service: Service, documents: Mapping[str, Documents], writing: Writing, limit: WriteLimit | None = None
    ) -> None:
        self._service = service
        self._limit = limit
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
        if b"if-match" in request.headers:
            raise PreconditionFailed("If-Match is about one resource, and these are several; change that one by itself")
        operations = _operations(await request.document(ATOMIC))
        if self._limit is not None:
            self._limit.require(request, len(operations) - 1)  # the request itself has counted as one
        reading = _Reading(self._service, request)
        changes = [_nth(number, reading, operation) for number, operation in enumerate(operations)]
        return await self._write(request, changes, self._results)

    def _results(self, results: Sequence[Seen | None]) -> Result:
        """One result for each operation, in order; empty for one that left nothing."""
        shown = [{} if seen is None else {"data": self._document(seen)} for seen in results]
        if any(shown):
            return Result(200, {"atomic:results": shown}, media_type=MEDIA_TYPE)
        return Result(204)

    def _document(self, seen: Seen) -> Document:
        return self._documents[seen.record.layout.resource.name].resource(seen)


@dataclass(frozen=True, slots=True)
class _Target:
    """What an operation is about: a resource, or a relationship or transition of one. `pointer` is where it says so."""

    type: str
    id: str
    relationship: str | None = None
    transition: str | None = None
    pointer: str = "/ref"


class _Reading:
    """Turns the operations of one request into changes, one after the other."""

    def __init__(self, service: Service, request: Request) -> None:
        self._service = service
        self._actor = request.actor
        self._made: dict[tuple[str, str], str] = {}

    def change(self, operation: Mapping[str, Any]) -> Change:
        """The change that an operation stands for; raises with a pointer into the operation."""
        unexpected = {name for name in operation if not name.startswith("@")} - _MEMBERS
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
        data, target = operation.get("data"), self._target(operation)
        name, row_id, kind = target.type, target.id, self._kind(target.type, target.pointer)
        if target.transition is not None:
            inputs = bodies.inputs({"data": data} if data else {})
            return Fire(self._service, self._actor, name, row_id, target.transition, inputs)
        if target.relationship is None:
            addressed = {"type": name, "id": row_id, **data} if isinstance(data, dict) else data
            attributes, relationships = bodies.resource({"data": self._known(addressed)}, kind, row_id)
            return Update(self._service, self._actor, name, row_id, attributes, relationships)
        relationship = _to_one(kind, target)
        linked = bodies.linkage({"data": self._resolved(data, "/data")} if "data" in operation else {}, relationship)
        update = Update(self._service, self._actor, name, row_id, {}, {relationship.name: linked})
        return pointers.Pointed(update, pointers.linkage)

    def _remove(self, operation: Mapping[str, Any]) -> Change:
        target = self._target(operation)
        kind = self._kind(target.type, target.pointer)
        if target.relationship is not None:
            _to_one(kind, target)
        if target.relationship is not None or target.transition is not None:
            detail = "Only resources are removed; empty a to-one relationship by an update to null"
            raise BadRequest(detail, pointer=target.pointer)
        data = operation.get("data")
        return self._service.deletion(self._actor, target.type, target.id, bodies.inputs({"data": data} if data else {}))

    def _target(self, operation: Mapping[str, Any]) -> _Target:
        if "href" in operation:
            return _addressed(_text(operation["href"]))
        ref, data, pointer = operation.get("ref"), operation.get("data"), "/ref"
        if "ref" not in operation and isinstance(data, dict) and operation.get("op") == "update":
            ref, pointer = {name: data[name] for name in ("type", "id", "lid") if name in data}, "/data"
        resolved = self._resolved(ref, pointer)
        if not isinstance(resolved, dict) or not all(isinstance(resolved.get(name), str) for name in ("type", "id")):
            where = pointer if pointer[1:] in operation else ""
            raise BadRequest("The operation must say what it is about: ref with type and id, or href", pointer=where)
        relationship = resolved.get("relationship")
        if relationship is not None and not isinstance(relationship, str):
            raise BadRequest("relationship is the name of one", pointer="/ref/relationship")
        return _Target(resolved["type"], resolved["id"], relationship, pointer=pointer)

    def _kind(self, name: str, pointer: str) -> ResourceType:
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
            data["relationships"] = {name: self._related(name, value) for name, value in relationships.items()}
        return data

    def _related(self, name: str, relationship: Any) -> Any:
        if not isinstance(relationship, dict) or "data" not in relationship:
            return relationship
        pointer = f"/data/relationships/{escape(name)}/data"
        return {**relationship, "data": self._resolved(relationship["data"], pointer)}

    def _resolved(self, linkage: Any, pointer: str) -> Any:
        """A resource identifier with the id of what it calls by a local id; `pointer` is where it stands."""
        if not isinstance(linkage, dict) or "lid" not in linkage or "id" in linkage:
            return linkage
        made = self._made.get((_text(linkage.get("type")), _text(linkage["lid"])))
        if made is None:
            detail = "No earlier operation of this request gives a resource of this type this lid"
            raise BadRequest(detail, pointer=f"{pointer}/lid")
        return {**{name: value for name, value in linkage.items() if name != "lid"}, "id": made}


def _nth(number: int, reading: _Reading, operation: Mapping[str, Any]) -> Change:
    """The change of the nth operation; what is wrong with it is told with a pointer to that operation."""
    base = f"{BASE_POINTER}/{number}"

    def place(pointer: str | None) -> str:
        return base + (pointer or "")

    with pointers.placed(place):
        return pointers.Pointed(reading.change(operation), place)


def _operations(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    operations = document.get("atomic:operations")
    if not isinstance(operations, list) or not 0 < len(operations) <= MAX_OPERATIONS:
        raise BadRequest(f"The body has a member `atomic:operations`, a list of 1 to {MAX_OPERATIONS}", pointer="")
    for number, operation in enumerate(operations):
        if not isinstance(operation, dict):
            raise BadRequest("An operation is an object", pointer=f"{BASE_POINTER}/{number}")
    return operations


def _addressed(href: str) -> _Target:
    parts = href.removeprefix(f"{BASE}/").split("/") if href.startswith(f"{BASE}/") else []
    if not 2 <= len(parts) <= 4 or not all(parts) or "?" in href or (len(parts) == 4 and parts[2] != "relationships"):
        raise BadRequest(f"href is an address such as {BASE}/type/id, without parameters", pointer="/href")
    if len(parts) == 4:
        return _Target(parts[0], parts[1], relationship=parts[3], pointer="/href")
    return _Target(parts[0], parts[1], transition=parts[2] if len(parts) == 3 else None, pointer="/href")


def _to_one(kind: ResourceType, target: _Target) -> Relationship:
    """The relationship that is to be changed, if it is one that can be."""
    name = target.relationship or ""
    pointer = "/ref/relationship" if target.pointer == "/ref" else target.pointer
    if name in kind.reverses:
        raise bodies.to_many(kind.reverses[name], pointer)
    if name not in kind.relationships:
        raise NotFound(f"{kind.name} has no relationship {name[:64]!r}", pointer=pointer)
    return kind.relationships[name]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
