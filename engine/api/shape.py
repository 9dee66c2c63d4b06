"""Documents of several resources and of one, with what they include and the links between pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from urllib.parse import quote, unquote_plus

from engine.api import cursors
from engine.api.documents import Document, Documents
from engine.api.parameters import MAX_OFFSET, Fields, Listing, View
from engine.api.request import Request, encoded
from engine.service import Included, Page, Seen, Service

_PLACES = ("page[number]", "page[after]", "page[before]")


class Shapes:
    """Puts documents together."""

    def __init__(self, service: Service, documents: Mapping[str, Documents]) -> None:
        self._service = service
        self._documents = documents

    async def one(self, request: Request, type_name: str, seen: Seen, view: View) -> Document:
        """The document of one resource."""
        if view.include is None and not view.fields:
            return {"data": self._documents[type_name].resource(seen), "links": {"self": request.link}}
        included = await self._service.included(request.actor, type_name, (seen,), view.include or {})
        (data,) = self._resources(type_name, (seen,), included, view.fields)
        document: Document = {"data": data, "links": {"self": request.link}}
        return self._with(document, included, view)

    def none(self, request: Request, view: View) -> Document:
        """The document of a relationship that leads nowhere."""
        return self._with({"data": None, "links": {"self": request.link}}, Included(), view)

    async def page(self, request: Request, type_name: str, page: Page, listing: Listing) -> Document:
        """The document of a page of a list."""
        view = listing.view
        links = _links(request, page, listing)
        if view.include is None and not view.fields:
            document: Document = {"data": self._documents[type_name].resources(page.items), "links": links}
        else:
            included = await self._service.included(request.actor, type_name, page.items, view.include or {})
            data = self._resources(type_name, page.items, included, view.fields)
            document = self._with({"data": data, "links": links}, included, view)
        if page.total is not None:
            document["meta"] = {"total": page.total}
        return document

    def linkage(self, request: Request, page: Page, listing: Listing, type_name: str) -> Document:
        """The document of a page of a to-many relationship: types and ids."""
        document: Document = {
            "data": [{"type": type_name, "id": seen.record.id} for seen in page.items],
            "links": _links(request, page, listing) | {"related": request.path.replace("/relationships/", "/", 1)},
        }
        if page.total is not None:
            document["meta"] = {"total": page.total}
        return document

    def _resources(self, type_name: str, rows: Sequence[Seen], included: Included, fields: Fields) -> list[Document]:
        documents, only = self._documents[type_name], fields.get(type_name)
        written = [documents.resource(seen, only) for seen in rows]
        if included.many:
            ends = [name for name in documents.kind.resource.reverses if only is None or name in only]
            for seen, document in zip(rows, written, strict=True):
                for name in ends:
                    ids = included.many.get((type_name, seen.record.id, name))
                    if ids is not None:
                        document["relationships"][name] = documents.many(seen.record.id, name, ids)
        return written

    def _with(self, document: Document, included: Included, view: View) -> Document:
        """Add what is included. It is there, if empty, wherever it was asked for."""
        if view.include is None:
            return document
        by_type: dict[str, list[Seen]] = {}
        for (name, _), seen in included.rows.items():
            by_type.setdefault(name, []).append(seen)
        resources = [each for name, rows in by_type.items() for each in self._resources(name, rows, included, view.fields)]
        return {**document, "included": resources}


def _links(request: Request, page: Page, listing: Listing) -> dict[str, str]:
    """Links to this page, the first, and those before and after it where there are such."""
    query, links = listing.query, {"self": request.link}
    if listing.numbered:
        number = query.offset // query.limit + 1
        if number > 1:
            links |= {"first": _there(request, "page[number]", "1"), "prev": _there(request, "page[number]", str(number - 1))}
        if page.more and number * query.limit <= MAX_OFFSET:
            links["next"] = _there(request, "page[number]", str(number + 1))
        return links
    place = query.place
    back = place is not None and place.before
    if place is not None:
        links["first"] = _there(request)
    if page.items and (page.more if back else place is not None):
        links["prev"] = _there(request, "page[before]", cursors.write(page.items[0].record, query.order))
    if page.items and (back or page.more):
        links["next"] = _there(request, "page[after]", cursors.write(page.items[-1].record, query.order))
    return links


def _there(request: Request, name: str | None = None, value: str = "") -> str:
    """This address with another place in the list."""
    kept = _without_place(request.query)
    if name is not None:
        kept += f"{'&' if kept else ''}{_quoted(name)}={value}"
    return f"{request.path}?{kept}" if kept else request.path


@lru_cache(maxsize=512)
def _without_place(query: bytes) -> str:
    """A query without what says where in the list its page lies."""
    parts = [part for part in encoded(query).split("&") if part]
    return "&".join(part for part in parts if unquote_plus(part.partition("=")[0]) not in _PLACES)


_quoted = lru_cache(maxsize=8)(quote)
