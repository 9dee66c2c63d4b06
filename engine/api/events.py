"""`GET /api/v1/events`: the event log as a list, and as a stream of Server-Sent Events.

A cursor is the number of an entry and a mark of what its holder may see. Who comes back with other rights is told to list
again, because what they have seen since is not what they would have seen.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Awaitable, Collection, Iterable
from typing import NamedTuple
from urllib.parse import quote, unquote_plus

from engine.access import Actor
from engine.api.documents import BASE, Document, Documents
from engine.api.following import Cursor, Following, told
from engine.api.methods import Answer, by_method
from engine.api.parameters import parameters, unknown_parameter, whole
from engine.api.request import Request, encoded
from engine.api.responses import Response, Send, document_response
from engine.api.streams import EventStream
from engine.errors import BadRequest, HosterError, NotFound, Unavailable
from engine.identity import Identity
from engine.rates import Network, client_address
from engine.service import Service
from engine.service.events import Change, CursorExpired, Entry, Feed, Interest, Views

PATH = f"{BASE}/events"
PARAMETERS = ("page[after]", "page[size]", "filter[type]", "filter[row]")
SIZE, MAX_SIZE = 100, 1000
MOST_JUDGED = 5000
"""Entries that one list looks at; a page with fewer than it could hold says where to go on."""
MOST_READS = 20
MOST_TOLD = 4_000_000
"""About how many characters of entries one list holds."""
MOST_TYPES = 100

_CURSOR = re.compile(r"([0-9]{1,18})(?:\.([0-9a-f]{12}))?")
_MEDIA_TYPE = re.compile(r"text/event-stream\s*(?:;|,|$)")


class Asked(NamedTuple):
    """What a request asks for; `after` is None for from the beginning in a list, from now in a stream."""

    interest: Interest
    after: Cursor | None
    size: int


class EventsEndpoint:
    """See the module. `heartbeat` is in seconds; `streams` bounds how many there are, `each` how many of one client.

    A client is a user, or the address of who is nobody; `proxies` are those whose word on that address counts.
    """

    def __init__(
        self,
        service: Service,
        identity: Identity,
        *,
        heartbeat: float = 15.0,
        streams: int = 10_000,
        each: int = 100,
        proxies: Collection[Network] = (),
    ) -> None:
        self.service = service
        self.identity = identity
        self.heartbeat, self._most_streams, self._most_each = heartbeat, streams, each
        self._proxies = proxies
        self._of_client: Counter[str] = Counter()
        self._documents = {name: Documents(kind) for name, kind in service.store.types.items()}
        self.people = identity.people.kind.name
        self.views = Views(service.store)
        self._feed = Feed(service.store, self.views)
        self._log = self._feed.log

    @property
    def streams(self) -> int:
        """How many streams are open."""
        return self._feed.watchers

    def end(self) -> None:
        """End every stream, now and from now on: the process stops. Safe to call from a signal handler of the event loop."""
        self._feed.end("shutdown")

    async def close(self, patience: float = 2.0) -> None:
        """End every stream, and wait until they have ended, `patience` seconds at most."""
        self.end()
        await self._feed.ended(patience)

    async def __call__(self, request: Request, rest: list[str]) -> Answer:
        """Answer one request."""
        if rest:
            raise NotFound("There is nothing at this address")
        return await by_method(request, {"GET": self._get})

    async def _get(self, request: Request) -> Answer:
        if _MEDIA_TYPE.search(request.headers.get(b"accept", b"").decode("latin-1").lower()):
            return self._stream(request)
        return await self._list(request)

    # The list

    async def _list(self, request: Request) -> Response:
        asked = self._asked(request)
        if asked.size == 0 and asked.after is None:
            return self._page(request, asked, [], Cursor(self._log.newest()), reset=False, more=False)
        newest, actor = self._log.newest(), request.actor
        place = self._log.oldest() - 1 if asked.after is None else asked.after.place
        found: list[tuple[Entry, list[Change]]] = []
        judged = reads = length = size = 0
        while place < newest and length < asked.size and judged < MOST_JUDGED and reads < MOST_READS and size < MOST_TOLD:
            entries, end = await self._reading(self._log.slice(place, newest, asked.interest), request)
            reads += 1
            for entry in entries:
                if length >= asked.size or size >= MOST_TOLD:
                    break
                place, judged = entry.seq, judged + 1
                changes = self.views.changes(actor, entry, asked.interest)
                if changes:
                    found.append((entry, changes))
                    length += len(changes)
                    size += entry.size
            else:
                place = end
        reset = asked.after is not None and asked.after.mark not in (None, self.views.fingerprint(actor))
        return self._page(request, asked, found, Cursor(place), reset=reset, more=place < newest)

    def _page(
        self,
        request: Request,
        asked: Asked,
        found: Iterable[tuple[Entry, list[Change]]],
        cursor: Cursor,
        *,
        reset: bool,
        more: bool,
    ) -> Response:
        actor = request.actor
        text = str(cursor._replace(mark=self.views.fingerprint(actor)))
        pairs = [(entry, change) for entry, changes in found for change in changes]
        here = {(change.type, change.row): None for _, change in pairs if change.word in ("added", "updated")}
        included = [resource for name, row in here if (resource := self.resource(actor, name, row)) is not None]
        document: Document = {
            "data": [_item(entry, change) for entry, change in pairs],
            "links": {"self": request.link},
            "meta": {"cursor": text, "more": more},
        }
        if more:
            document["links"]["next"] = f"{PATH}?{_next(request.query, text)}"
        if included:
            document["included"] = included
        if reset:
            document["meta"]["reset"] = True
        return document_response(200, document)

    # The stream

    def _stream(self, request: Request) -> EventStream:
        asked = self._asked(request)
        if self._feed.ending is not None or (request.stopping is not None and request.stopping.begun):
            raise Unavailable("The server is about to stop; come back in a moment")
        if self._feed.watchers >= self._most_streams:
            raise Unavailable("There are as many event streams as this server holds; ask for the list instead")
        place = None if asked.after is None else asked.after.place
        if place is not None and self._log.oldest() > place + 1:
            raise self._expired(request)
        if request.method == "HEAD":
            return EventStream(_nothing, request.receive, lambda: None)
        client = request.actor.id or client_address(request.peer, request.headers, self._proxies)
        if self._of_client[client] >= self._most_each:
            raise Unavailable(f"You have {self._most_each} event streams open, as many as one client may; close some")
        watcher = self._feed.watch(request.actor, asked.interest, place)
        self._of_client[client] += 1
        unsubscribe = request.stopping.subscribe(lambda: watcher.end("shutdown")) if request.stopping else None

        def closed() -> None:
            watcher.close()
            self._of_client[client] -= 1
            if not self._of_client[client]:
                del self._of_client[client]
            if unsubscribe is not None:
                unsubscribe()

        stream = Following(self, request, watcher, asked.after)
        return EventStream(stream.run, request.receive, closed)

    # Both

    def _asked(self, request: Request) -> Asked:
        types, row, after, size = None, None, None, SIZE
        for key, value in parameters(request.query):
            if key == "page[after]":
                after = self._cursor(value, key)
            elif key == "page[size]":
                size = whole(key, value, 0, MAX_SIZE)
            elif key == "filter[type]":
                types = self._types(value)
            elif key == "filter[row]":
                row = value
            else:
                raise unknown_parameter(key, PARAMETERS)
        last = request.headers.get(b"last-event-id")
        if last and _MEDIA_TYPE.search(request.headers.get(b"accept", b"").decode("latin-1").lower()):
            after = self._cursor(last.decode("latin-1"), "Last-Event-ID")
        return Asked(Interest(types, row), after, size)

    def _cursor(self, text: str, name: str) -> Cursor:
        match = _CURSOR.fullmatch(text)
        parameter = name if name.startswith("page") else None
        if match is None:
            raise BadRequest(f"{name} must be a cursor that this address gave", parameter=parameter)
        cursor = Cursor(int(match[1]), match[2])
        if cursor.place > self._log.newest():
            raise BadRequest(f"{name} is of a future that has not been; list again", parameter=parameter)
        return cursor

    def _types(self, value: str) -> frozenset[str]:
        names = frozenset(value.split(",", MOST_TYPES))
        for name in names:
            if name not in self._documents:
                raise BadRequest(f"There is no resource type {name[:64]!r}", parameter="filter[type]")
        return names

    async def _reading(self, reading: Awaitable[tuple[list[Entry], int]], request: Request) -> tuple[list[Entry], int]:
        try:
            return await reading
        except CursorExpired as error:
            raise self._expired(request) from error

    def _expired(self, request: Request) -> CursorExpired:
        fresh = Cursor(self._log.newest(), self.views.fingerprint(request.actor))
        detail = "The log does not reach back to this cursor: list again, then go on from meta.cursor"
        return CursorExpired(detail, meta={"cursor": str(fresh)})

    def resource(self, actor: Actor, name: str, row: str | None) -> Document | None:
        """The resource as it is now, if the actor can still see it."""
        if row is None:
            return None
        try:
            return self._documents[name].resource(self.service.get(actor, name, row))
        except HosterError as error:
            if error.status in (403, 404):
                return None
            raise


async def _nothing(send: Send) -> None:
    return


def _item(entry: Entry, change: Change) -> Document:
    """An entry of the list. Rows that come and go because of another one have the entry's number too, and ids of their own."""
    item: Document = {
        "type": "events",
        "id": f"{entry.seq}:{change.type}" + (f":{change.row}" if change.row else "") if change.caused else str(entry.seq),
        "attributes": told(entry, change),
    }
    if change.row is None:
        item["attributes"] = {**item["attributes"], "of": change.type}
    else:
        item["relationships"] = {"subject": {"data": {"type": change.type, "id": change.row}}}
    return item


def _next(query: bytes, cursor: str) -> str:
    """The query string of the next page."""
    parts = [part for part in encoded(query).split("&") if part]
    kept = [part for part in parts if unquote_plus(part.partition("=")[0]) != "page[after]"]
    return "&".join([*kept, f"{quote('page[after]')}={cursor}"])
