"""The addresses of relationships: what a resource is linked to, and the linkage itself.

`…/{id}/{name}` is the other resource, or the list of those that point at this one; `…/{id}/relationships/{name}` is the
linkage, which PATCH changes where it is to-one. To-many ones are read here, and changed at their other end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from engine.api import bodies, pointers
from engine.api.methods import Answer, by_method
from engine.api.parameters import PLAIN, Listing, Parameters
from engine.api.request import Request
from engine.api.responses import Response, Result
from engine.api.shape import Shapes
from engine.api.writing import Writing
from engine.errors import BadRequest, NotFound
from engine.model import Reverse
from engine.service import Page, Seen, Service
from engine.service.changes import Update
from engine.store import Filter, TypeStore


class Relationships:
    """Serves the relationships of one resource type."""

    def __init__(
        self, service: Service, kind: TypeStore, parameters: Mapping[str, Parameters], shapes: Shapes, writing: Writing
    ) -> None:
        self._service = service
        self._kind = kind
        self._parameters = parameters
        self._shapes = shapes
        self._write = writing

    async def related(self, request: Request, row_id: str, name: str) -> Answer:
        """`…/{id}/{name}`."""
        handler = self._one if name in self._kind.resource.relationships else self._many
        return await by_method(request, {"GET": handler}, row_id, name)

    async def linkage(self, request: Request, row_id: str, name: str) -> Answer:
        """`…/{id}/relationships/{name}`."""
        if name in self._kind.resource.relationships:
            return await by_method(request, {"GET": self._linkage, "PATCH": self._relink}, row_id, name)
        if name in self._kind.resource.reverses:
            closed = dict.fromkeys(("POST", "PATCH", "DELETE"), self._closed)
            return await by_method(request, {"GET": self._many_linkage, **closed}, row_id, name)
        raise NotFound(f"{self._kind.name} has no relationship {name[:64]!r}")

    # To one

    def _linked(self, request: Request, row_id: str, name: str) -> str | None:
        """The id at the other end; a relationship that is hidden from the caller does not exist."""
        seen = self._service.get(request.actor, self._kind.name, row_id)
        if name in seen.hidden:
            raise NotFound(f"{self._kind.name} has no relationship {name[:64]!r}")
        linked: str | None = seen.record.values[self._kind.layout.index[name]]
        return linked

    async def _one(self, request: Request, row_id: str, name: str) -> Response:
        target = self._kind.resource.relationships[name].to
        view = self._parameters[target].view(request.query) if request.query else PLAIN
        linked = self._linked(request, row_id, name)
        if linked is None:
            return Result(200, self._shapes.none(request, view)).response()
        seen = self._service.get(request.actor, target, linked)
        document = await self._shapes.one(request, target, seen, view)
        return Result(200, document).response()  # no ETag: it may lead elsewhere later

    async def _linkage(self, request: Request, row_id: str, name: str) -> Response:
        request.no_parameters()
        return self._link_result(request.path, name, self._linked(request, row_id, name)).response()

    async def _relink(self, request: Request, row_id: str, name: str) -> Response:
        self._service.writable_kind(request.actor, self._kind.name)
        linked = bodies.linkage(await request.document(), self._kind.resource.relationships[name])
        update = Update(self._service, request.actor, self._kind.name, row_id, {}, {name: linked}, request.version())

        def answer(results: Sequence[Seen | None]) -> Result:
            (seen,) = results
            if seen is None:
                return Result(204)
            return self._link_result(request.path, name, seen.record.row[name])

        return await self._write(request, [pointers.Pointed(update, pointers.linkage)], answer)

    def _link_result(self, path: str, name: str, linked: str | None) -> Result:
        data = None if linked is None else {"type": self._kind.resource.relationships[name].to, "id": linked}
        return Result(200, {"data": data, "links": {"self": path, "related": path.replace("/relationships/", "/", 1)}})

    # To many

    async def _many(self, request: Request, row_id: str, name: str) -> Response:
        end, listing, page = await self._page(request, row_id, name)
        return Result(200, await self._shapes.page(request, end.type, page, listing)).response()

    async def _many_linkage(self, request: Request, row_id: str, name: str) -> Response:
        view = self._parameters[self._kind.resource.reverses[name].type].listing(request.query).view
        for parameter in ("include",) if view.include is not None else [f"fields[{each}]" for each in view.fields]:
            detail = f"Linkage has types and ids, so there is no {parameter} here; ask at …/{name}"
            raise BadRequest(detail, parameter=parameter)
        end, listing, page = await self._page(request, row_id, name)
        return Result(200, self._shapes.linkage(request, page, listing, end.type)).response()

    async def _page(self, request: Request, row_id: str, name: str) -> tuple[Reverse, Listing, Page]:
        end = self._kind.resource.reverses[name]
        listing = self._parameters[end.type].listing(request.query)
        self._service.get(request.actor, self._kind.name, row_id)
        if end.by in self._service.kind(request.actor, end.type).permissions.attributes:
            raise NotFound(f"{self._kind.name} has no relationship {name[:64]!r}")
        query = replace(listing.query, filters=(*listing.query.filters, Filter(end.by, "eq", row_id)))
        return end, listing, await self._service.page(request.actor, end.type, query)

    async def _closed(self, request: Request, row_id: str, name: str) -> Response:
        end = self._kind.resource.reverses[name]
        self._service.writable_kind(request.actor, self._kind.name)
        self._service.get(request.actor, self._kind.name, row_id)
        raise bodies.to_many(end)
