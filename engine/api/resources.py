"""The addresses of resources: collections, single resources, their moves and reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.api import bodies
from engine.api.actions import actions_document
from engine.api.documents import Documents
from engine.api.methods import Answer, by_method
from engine.api.parameters import PLAIN, Pairs, Parameters, parameters
from engine.api.relationships import Relationships
from engine.api.request import Request
from engine.api.responses import LineStream, Response, Result
from engine.api.shape import Shapes
from engine.api.writing import Writing
from engine.errors import NotFound
from engine.service import Seen, Service
from engine.service.actions import actions
from engine.service.changes import Create, Fire, Update
from engine.service.validation import Values
from engine.store import TypeStore


class Resources:
    """Serves one resource type."""

    def __init__(
        self,
        service: Service,
        kind: TypeStore,
        documents: Mapping[str, Documents],
        parameters: Mapping[str, Parameters],
        shapes: Shapes,
        writing: Writing,
    ) -> None:
        self._service = service
        self._kind = kind
        self.name = kind.name
        self._documents = documents[kind.name]
        self._parameters = parameters[kind.name]
        self._shapes = shapes
        self._write = writing
        self._relationships = Relationships(service, kind, parameters, shapes, writing)
        self._collection = {"GET": self._list, "POST": self._create}
        self._resource = {"GET": self._get, "PATCH": self._update, "DELETE": self._delete}

    async def __call__(self, request: Request, rest: list[str]) -> Answer:
        """Answer for the address `rest` below that of the type."""
        if not rest:
            return await by_method(request, self._collection)
        row_id = rest[0]
        if len(rest) == 1 and row_id:
            return await by_method(request, self._resource, row_id)
        if len(rest) == 2 and row_id:
            return await self._member(request, row_id, rest[1])
        if len(rest) == 3 and row_id and rest[1] == "relationships":
            return await self._relationships.linkage(request, row_id, rest[2])
        raise NotFound("There is nothing at this address")

    # Collections

    async def _list(self, request: Request) -> Response:
        listing = self._parameters.listing(request.query)
        page = await self._service.page(request.actor, self.name, listing.query)
        return Result(200, await self._shapes.page(request, self.name, page, listing)).response()

    async def _create(self, request: Request) -> Response:
        self._service.writable_kind(request.actor, self.name)
        attributes, relationships = bodies.resource(await request.document(), self._kind.resource)
        change = Create(self._service, request.actor, self.name, attributes, relationships)
        return await self._write(request, [change], self._created)

    def _created(self, results: Sequence[Seen | None]) -> Result:
        result = self._changed(results, 201)
        if result.document is not None and result.status == 201:
            result.extra = ((b"location", result.document["links"]["self"].encode()),)
        return result

    # Resources

    async def _get(self, request: Request, row_id: str) -> Response:
        view = self._parameters.view(request.query) if request.query else PLAIN
        seen = self._service.get(request.actor, self.name, row_id)
        version = seen.record.version
        if request.has(version) and view.include is None and not self._kind.hides:
            return Result(304, version=version).response()  # what is included, or hidden, changes without the version
        return Result(200, await self._shapes.one(request, self.name, seen, view), version).response()

    async def _update(self, request: Request, row_id: str) -> Response:
        self._service.writable_kind(request.actor, self.name)
        attributes, relationships = bodies.resource(await request.document(), self._kind.resource, row_id)
        version = request.version()
        change = Update(self._service, request.actor, self.name, row_id, attributes, relationships, version)
        return await self._write(request, [change], self._changed)

    async def _delete(self, request: Request, row_id: str) -> Response:
        self._service.writable_kind(request.actor, self.name)
        inputs = bodies.inputs(await request.document())
        change = self._service.deletion(request.actor, self.name, row_id, inputs, request.version())
        return await self._write(request, [change], self._removed)

    # Members

    async def _member(self, request: Request, row_id: str, member: str) -> Answer:
        resource = self._kind.resource
        if member in resource.reads:
            return await by_method(request, {"GET": self._read}, row_id, member)
        if member in resource.relationships or member in resource.reverses:
            return await self._relationships.related(request, row_id, member)
        if member == "actions":
            return await by_method(request, {"GET": self._actions}, row_id)
        self._service.transition(self._kind, member)
        return await by_method(request, {"POST": self._fire}, row_id, member)

    async def _fire(self, request: Request, row_id: str, transition: str) -> Response:
        self._service.writable_kind(request.actor, self.name)
        inputs = bodies.inputs(await request.document())
        change = Fire(self._service, request.actor, self.name, row_id, transition, inputs, request.version())
        return await self._write(request, [change], self._moved)

    async def _read(self, request: Request, row_id: str, read: str) -> Answer:
        declared = self._kind.resource.reads[read]
        params = _typed(Values(declared.params, base=""), parameters(request.query))
        answer = await self._service.read(request.actor, self.name, row_id, read, params)
        if declared.stream:
            return LineStream(answer, request.receive, request.stopping)
        attributes = answer if isinstance(answer, Mapping) else {read: answer}
        data = {"type": f"{self.name}-{read}", "id": row_id, "attributes": attributes}
        return Result(200, {"data": data, "links": {"self": request.path}}).response()

    async def _actions(self, request: Request, row_id: str) -> Response:
        request.no_parameters()
        found = actions(self._service.store, request.actor, self.name, row_id)
        return Result(200, actions_document(self.name, row_id, found)).response()

    # Answers to writes

    def _changed(self, results: Sequence[Seen | None], status: int = 200) -> Result:
        (seen,) = results
        if seen is None:
            return Result(204)
        data = self._documents.resource(seen)
        link = f"{self._documents.path}/{seen.record.id}"
        return Result(status, {"data": data, "links": {"self": link}}, seen.record.version)

    def _moved(self, results: Sequence[Seen | None]) -> Result:
        """202 while a command is at work for the row."""
        (seen,) = results
        busy = seen is not None and seen.record.state in self._kind.busy_states
        return self._changed(results, 202 if busy else 200)

    def _removed(self, results: Sequence[Seen | None]) -> Result:
        """202 while a command is at work for the row, else nothing: what answers DELETE with 200 may have no primary data."""
        result = self._moved(results)
        return result if result.status == 202 else Result(204)


def _typed(values: Values, given: Pairs) -> dict[str, Any]:
    """Query parameters as the values that the declared parameters have."""
    return {name: values.from_text(name, text) for name, text in given}
