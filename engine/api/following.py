"""Following the event log: one stream of Server-Sent Events, from its first byte to its last."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from itertools import chain
from typing import Any, NamedTuple, Protocol

from engine.access import Actor
from engine.api.documents import Document
from engine.api.request import Request
from engine.api.responses import Send
from engine.api.streams import RETRY, frame, heartbeat
from engine.errors import Unauthenticated
from engine.identity import Identity
from engine.service import Service
from engine.service.events import Change, CursorExpired, Entry, Views, Watcher

_KEPT = frozenset({"seq", "at", "type", "id", "row", "change", "resource", "version", "actor"})
"""Names that what a handler tells cannot take."""


class Cursor(NamedTuple):
    """A place in the log; `mark` is what its holder could see then, if they say so."""

    place: int
    mark: str | None = None

    def __str__(self) -> str:
        return f"{self.place}.{self.mark}"


class Desk(Protocol):
    """What a stream needs of the endpoint that opened it. `heartbeat` is in seconds."""

    service: Service
    identity: Identity
    views: Views
    people: str
    heartbeat: float

    def resource(self, actor: Actor, name: str, row: str | None) -> Document | None:
        """A resource as it is now, None where the actor cannot see it."""
        ...


class Following:
    """One stream: what its watcher takes, judged and written."""

    def __init__(self, endpoint: Desk, request: Request, watcher: Watcher, after: Cursor | None) -> None:
        self._endpoint, self._request, self._watcher, self._after = endpoint, request, watcher, after
        self.views = endpoint.views
        self._mark = self.views.fingerprint(request.actor)
        self._due = 0.0

    async def run(self, send: Send) -> None:
        """Write until the server stops or the caller is nobody any more."""

        async def write(text: bytes) -> None:
            await send({"type": "http.response.body", "body": text, "more_body": True})

        await self._say(write, b"retry: %d\n\n" % RETRY)
        if self._after is None:
            await write(frame("ready", {"cursor": self._cursor()}, self._cursor()))
        elif self._after.mark not in (None, self._mark):
            await write(frame("reset", {"reason": "access"}, self._cursor()))
        whole = True
        while whole and self._watcher.ending is None:
            for text in await self._next():
                await self._say(write, text)
                whole = self._watcher.ending is None
                if not whole:
                    break
            else:
                if self._now() >= self._due:
                    await self._say(write, heartbeat(self._cursor()))
        stopping = self._watcher.ending == "shutdown"
        cursor = self._cursor() if whole else None
        await write(frame("end", {"reason": self._watcher.ending}, cursor, retry=RETRY if stopping else None))

    async def _say(self, write: Callable[[bytes], Awaitable[None]], text: bytes) -> None:
        await write(text)
        self._due = self._now() + self._endpoint.heartbeat

    def _cursor(self, place: int | None = None) -> str:
        return str(Cursor(self._watcher.place if place is None else place, self._mark))

    async def _next(self) -> Iterable[bytes]:
        """The next frames, each made when the one before it has gone; none after a while without entries."""
        watcher, before = self._watcher, self._watcher.place
        try:
            entries = await watcher.take(max(0.0, self._due - self._now()))
        except CursorExpired:
            watcher.skip()
            return [frame("reset", {"reason": "pruned"}, self._cursor())]
        reset: tuple[bytes, ...] = ()
        if (not entries or watcher.is_behind or self._touched(entries)) and await self._is_other():
            if watcher.ending is not None:
                watcher.place = before
                return ()
            reset = (frame("reset", {"reason": "access"}, self._cursor(before)),)
        return chain(reset, (text for entry in entries for text in self._frames(entry)))

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    def _touched(self, entries: Iterable[Entry]) -> bool:
        """Whether something was done to the caller themselves, or to what lets them in; or that has run out."""
        actor = self._watcher.actor
        if actor.expires_at is not None and actor.expires_at <= self._endpoint.service.store.now:
            return True
        people = self._endpoint.people
        return any(
            (entry.type == people and entry.row == actor.id) or f"{entry.type}/{entry.row}" == actor.credential
            for entry in entries
        )

    async def _is_other(self) -> bool:
        """Ask again who the caller is; whether they may see other things by now, or nothing."""
        identity = self._endpoint.identity
        try:
            actor: Actor | None = identity.identify(self._request) or await identity.admit(self._request)
        except Unauthenticated:
            actor = None
        former = self._watcher.actor
        if actor is None or actor.id != former.id or (actor.expires_at or "~") <= self._endpoint.service.store.now:
            self._watcher.end("credential")
            return True
        mark = self.views.fingerprint(actor)
        if actor is not former:
            self._watcher.become(actor)
        if mark == self._mark:
            return False
        self._mark = mark
        return True

    def _frames(self, entry: Entry) -> Iterable[bytes]:
        """What an entry means to the caller. Only the last frame has an id: whoever comes back gets all of it or nothing."""
        changes = self.views.changes(self._watcher.actor, entry, self._watcher.interest)
        for number, change in enumerate(changes, 1):
            cursor = self._cursor(entry.seq) if number == len(changes) else None
            data = {**told(entry, change), "type": change.type, "id": change.row}
            if change.word in ("added", "updated"):
                data["resource"] = self._endpoint.resource(self._watcher.actor, change.type, change.row)
            if change.word == "reset":
                data = {"seq": entry.seq, "at": entry.at, "type": change.type, "reason": "many"}
            yield frame(change.word, data, cursor)


def told(entry: Entry, change: Change) -> Mapping[str, Any]:
    """What an entry says about a change. Of a row that goes on without them, somebody learns nothing but that."""
    if change.word == "reset" or change.caused or (change.word == "removed" and not change.over):
        return {"seq": entry.seq, "at": entry.at, "change": change.word}
    told = {name: value for name, value in change.data.items() if name not in _KEPT}
    fixed = {"seq": entry.seq, "at": entry.at, "change": change.word, "kind": entry.kind, "actor": change.actor}
    return {"version": entry.version, "command": entry.command, **told, **fixed}
