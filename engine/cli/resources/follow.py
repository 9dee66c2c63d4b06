"""The event stream of a server, for as long as somebody listens: what was lost with a connection is asked for again.

A thread reads it, so that whoever waits can stop waiting at a moment of their own, whatever the server does.
"""

from __future__ import annotations

import contextlib
import json
import queue
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from engine.cli.resources.failures import NoServer, Refused

if TYPE_CHECKING:
    import httpx

    from engine.cli.resources.server import Server

SILENCE = 320.0
"""Seconds without a sign of life after which a connection is taken for lost; servers give one every 5 minutes at the least."""

SOONEST, LATEST = 0.1, 2.0
"""Seconds between two attempts to connect again."""


class Event(NamedTuple):
    """One event of the stream. The names `lost` and `back` are our own: the connection went, and came again."""

    name: str
    data: Mapping[str, Any]


class Feed:
    """The events of a type or a row after a cursor, or from now on. Use it as a context manager."""

    def __init__(self, server: Server, *, type_name: str | None, row: str | None, cursor: str | None) -> None:
        self._server = server
        chosen = {"filter[type]": type_name, "filter[row]": row}
        self._parameters = {name: value for name, value in chosen.items() if value}
        self._cursor = cursor
        self._found: queue.SimpleQueue[Event | Exception] = queue.SimpleQueue()
        self._over = threading.Event()
        self._response: httpx.Response | None = None

    def __enter__(self) -> Feed:
        threading.Thread(target=self._read, name="events", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        if self._response is not None:
            with contextlib.suppress(Exception):  # the other thread may be about to close it
                self._response.close()

    def events(self, until: float | None = None) -> Iterator[Event]:
        """Each event; ends at the moment `until` of the monotonic clock. Raises what ends the stream for good."""
        while True:
            left = None if until is None else until - time.monotonic()
            try:
                found = self._found.get(timeout=left) if left is None or left > 0 else self._found.get_nowait()
            except queue.Empty:
                return
            if isinstance(found, Exception):
                raise found
            yield found

    # The other thread

    def _read(self) -> None:
        pause, lost = SOONEST, False
        while not self._over.is_set():
            try:
                for event in self._connection():
                    if lost:
                        self._found.put(Event("back", {}))
                        lost = False
                    pause = SOONEST
                    if event.name != "alive":
                        self._found.put(event)
            except (Refused, NoServer, OSError) as error:
                if isinstance(error, Refused) and error.status < 500:
                    self._found.put(error)
                    return
            except Exception as error:  # httpx is imported late, so its errors are told apart here
                if not _is_transport(error):
                    self._found.put(error)
                    return
            if not lost and not self._over.is_set():
                self._found.put(Event("lost", {}))
                lost = True
            self._over.wait(pause)
            pause = min(LATEST, pause * 2)

    def _connection(self) -> Iterator[Event]:
        import httpx

        headers = {"accept": "text/event-stream", **({"last-event-id": self._cursor} if self._cursor else {})}
        limits = httpx.Timeout(10.0, read=SILENCE)
        with self._server.client.stream(
            "GET", "/api/v1/events", params=self._parameters, headers=headers, timeout=limits
        ) as response:
            self._response = response
            if not response.is_success:
                self._server.read(response)
            yield Event("alive", {})
            for event, cursor in frames(response.iter_lines()):
                if event is not None:
                    yield event
                self._cursor = cursor or self._cursor
                if event is not None and event.name == "end" and event.data.get("reason") == "credential":
                    raise Refused(401, [{"code": "invalid_token", "detail": "What let you in is no longer valid"}])


def frames(lines: Iterable[str]) -> Iterator[tuple[Event | None, str | None]]:
    """The events of a stream, each with the cursor after it; a cursor may come alone."""
    name, data, cursor = "", "", None
    for line in lines:
        if not line:
            yield (Event(name, json.loads(data)) if data else None), cursor
            name, data, cursor = "", "", None
            continue
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "event":
            name = value
        elif field == "data":
            data += value
        elif field == "id":
            cursor = value


def _is_transport(error: Exception) -> bool:
    import httpx

    return isinstance(error, (httpx.TransportError, httpx.StreamError, ValueError))


def cursor_now(server: Server) -> str:
    """Where the log is now."""
    cursor: str = server.get("/events", {"page[size]": "0"})["meta"]["cursor"]
    return cursor
