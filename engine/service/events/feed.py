"""New entries, read once and handed to everybody who waits for them.

A watcher holds a place in the log and the numbers of some entries that wait for it; the newest entries themselves are kept
once for all. What it has to catch up with is read from the database in slices. A watcher that does not keep up loses its
queue, not its place: it catches up again. So the memory of a slow reader is bounded, and an idle one costs next to nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable, Iterable

from engine.access import Actor
from engine.service.events.entry import Entry
from engine.service.events.log import EventLog, Interest
from engine.service.events.reach import Reach
from engine.service.events.views import Views
from engine.store import Store

log = logging.getLogger("hoster.events")

QUEUE = 256
"""Entries that wait for one watcher before it has to read them itself."""

KEPT, KEPT_BYTES = 4096, 16_000_000
"""How many of the newest entries are kept, and how much they may tell together."""

TAKEN_BYTES = 250_000
"""About how much a watcher takes at once: it holds that while its client reads."""


class Watcher:
    """A place in the log of somebody who reads on from there.

    `place` is the number up to which they have read; `is_behind` says that what they took last came from the database.
    """

    def __init__(self, feed: Feed, actor: Actor, interest: Interest, place: int) -> None:
        self.actor, self.interest, self.place = actor, interest, place
        self._feed = feed
        self._catch_up_to = feed.newest
        self._queue: deque[int] = deque()
        self._lost = False
        self._waiting: asyncio.Future[None] | None = None
        self.ending: str | None = None
        self.is_behind = False

    async def take(self, patience: float) -> list[Entry]:
        """The next entries; none when there were none for `patience` seconds, or when it is time to end.

        Raises `CursorExpired` when the next ones are no longer kept.
        """
        if not (self._queue or self._lost or self.ending or self.place < self._catch_up_to):
            await self._wait(patience)
        if not self._lost and self.place >= self._catch_up_to:
            entries = self._take()
            if not self._lost:
                self.is_behind = False
                return entries
        if self._lost:
            self._lost, self._catch_up_to = False, self._feed.newest
        self.is_behind = True
        entries, self.place = await self._feed.log.slice(self.place, self._catch_up_to, self.interest)
        return entries

    def _take(self) -> list[Entry]:
        """Some of what waits in the queue; is lost where it waited for too long."""
        entries: list[Entry] = []
        size, place = 0, self.place
        while self._queue and size < TAKEN_BYTES:
            entry = self._feed.kept.get(self._queue[0])
            if entry is None:
                self._lost = not entries
                break
            place = self._queue.popleft()
            if place > self.place:
                entries.append(entry)
                size += entry.size
        if self._lost:
            self._queue.clear()
        else:
            self.place = max(self.place, place if self._queue else self._feed.newest)
        return entries

    def skip(self) -> None:
        """Go on from now, whatever lies between."""
        self._queue.clear()
        self._lost, self.place = False, self._feed.newest
        self._catch_up_to = self.place

    def become(self, actor: Actor) -> None:
        """Read on as somebody else: the same person with other rights."""
        self._feed.forget(self)
        self.actor = actor
        self._feed.remember(self)

    def give(self, entry: Entry) -> None:
        """Called by the feed for every entry that may concern the actor."""
        if self._lost:
            return
        if len(self._queue) == QUEUE:
            self._queue.clear()
            self._lost = True
        else:
            self._queue.append(entry.seq)
        self._wake()

    def end(self, reason: str) -> None:
        """Make `take` return, with `ending` set."""
        self.ending = reason
        self._wake()

    def close(self) -> None:
        """Watch no more."""
        self._feed.close(self)

    async def _wait(self, patience: float) -> None:
        loop = asyncio.get_running_loop()
        self._waiting = loop.create_future()
        timer = loop.call_later(patience, self._wake)
        try:
            await self._waiting
        finally:
            timer.cancel()
            self._waiting = None

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)


class Feed:
    """Reads new entries while there are watchers. `newest` is the number up to which it has handed them out."""

    def __init__(self, store: Store, views: Views) -> None:
        self.log = EventLog(store)
        self.newest = 0
        self.kept: dict[int, Entry] = {}
        self.ending: str | None = None
        self._bytes = 0
        self._database = store.database
        self._reach = Reach[Watcher](store, views)
        self._watchers: set[Watcher] = set()
        self._news = asyncio.Event()
        self._reading: asyncio.Task[None] | None = None
        self._unsubscribe: Callable[[], None] | None = None
        self._empty = asyncio.Event()
        self._empty.set()

    @property
    def watchers(self) -> int:
        """How many there are."""
        return len(self._watchers)

    def watch(self, actor: Actor, interest: Interest, place: int | None) -> Watcher:
        """Begin to watch, from a place in the log or from now. Who begins must `close`."""
        if self._reading is None:
            self._begin()
        watcher = Watcher(self, actor, interest, self.newest if place is None else place)
        self._watchers.add(watcher)
        self._empty.clear()
        self.remember(watcher)
        return watcher

    def close(self, watcher: Watcher) -> None:
        """The end of a watcher; with the last one, reading ends."""
        self.forget(watcher)
        self._watchers.discard(watcher)
        if not self._watchers:
            self._end()
            self._empty.set()

    def remember(self, watcher: Watcher) -> None:
        """Note whom new entries may concern."""
        self._reach.add(watcher, watcher.actor)

    def forget(self, watcher: Watcher) -> None:
        """The opposite."""
        self._reach.remove(watcher, watcher.actor)

    def end(self, reason: str) -> None:
        """Tell every watcher, and every later one, that it is over. Safe to call from a signal handler of the event loop."""
        self.ending = reason
        for watcher in tuple(self._watchers):
            watcher.end(reason)

    async def ended(self, patience: float) -> None:
        """Wait until the last watcher is gone, but not for ever."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await self._empty.wait()

    # How

    def _begin(self) -> None:
        self.newest = self.log.newest()
        self._news.clear()
        self._unsubscribe = self._database.subscribe(self._news.set)
        self._reading = asyncio.create_task(self._read())

    def _end(self) -> None:
        if self._reading is not None and self._unsubscribe is not None:
            self._unsubscribe()
            self._reading.cancel()
            self._reading = None
            self.kept.clear()
            self._bytes = 0

    async def _read(self) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            try:
                if self._hand_out():
                    self._news.set()
                await asyncio.sleep(0)
            except Exception:
                log.exception("New entries of the event log could not be read; trying again")
                await asyncio.sleep(1)
                self._news.set()

    def _hand_out(self) -> bool:
        """Read a slice and give it out; whether there may be more."""
        entries = self.log.news(self.newest)
        for entry in entries:
            self.newest = entry.seq
            self._keep(entry)
            for watcher in self._concerned(entry):
                watcher.give(entry)
        return bool(entries)

    def _concerned(self, entry: Entry) -> Iterable[Watcher]:
        """Whom to wake; where that cannot be told, such as while a read fails, everybody: nobody may miss an entry."""
        try:
            return self._reach.of(entry)
        except Exception:
            log.exception("Whom an entry of the event log concerns could not be told; everybody is asked")
            return tuple(self._watchers)

    def _keep(self, entry: Entry) -> None:
        self.kept[entry.seq] = entry
        self._bytes += entry.size
        while len(self.kept) > KEPT or (self._bytes > KEPT_BYTES and len(self.kept) > 1):
            oldest = next(iter(self.kept))
            self._bytes -= self.kept.pop(oldest).size
