"""A client of the event stream: it speaks to the application itself, so that a test can leave when it likes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import httpx
import orjson

from tests.support import System

FILES = {
    "folders": """
        id_prefix: fold_
        owner: owner
        attributes:
          name: {type: string, required: true}
          public: {type: boolean, default: false}
        relationships: {owner: {to: users}}
        access: {read: owner in user.principals || public}
    """,
    "notes": """
        id_prefix: note_
        owner: owner
        attributes:
          text: {type: string, required: true}
          secret_text: {type: string, read: owner}
          price: {type: integer, read: "folder.public || owner in user.principals"}
          shared: {type: boolean, default: false}
        relationships:
          owner: {to: users}
          folder: {to: folders, on_delete: set_null}
        lifecycle:
          attribute: status
          initial: open
          states:
            open: {}
            closed: {}
            dropped: {final: true, gone: true}
          transitions:
            close: {from: open, to: closed}
            reopen: {from: closed, to: open}
            delete: {from: [open, closed], to: dropped}
        access: {read: owner in user.principals || shared && status == "open" || folder.public || user.operator}
    """,
    "diaries": """
        id_prefix: diary_
        owner: owner
        attributes: {text: {type: string, required: true}}
        relationships: {owner: {to: users}}
    """,
}


@dataclass
class Frame:
    """One event as it was read; `cursor` where it had one."""

    event: str
    data: Any
    cursor: str | None


@dataclass
class Listener:
    """An open stream. `cursor` is what a client would send as Last-Event-ID."""

    status: int = 0
    headers: dict[bytes, bytes] = field(default_factory=dict)
    cursor: str | None = None
    comments: int = 0
    ended: bool = False
    body: bytes = b""
    _frames: asyncio.Queue[Frame | None] = field(default_factory=asyncio.Queue)
    _rest: bytes = b""
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def next(self, patience: float = 5.0) -> Frame:
        """The next event."""
        async with asyncio.timeout(patience):
            frame = await self._frames.get()
        assert frame is not None, "the stream has ended"
        return frame

    async def when(self, condition: Callable[[], bool], patience: float = 5.0) -> None:
        """Wait, from message to message, until something is so."""
        async with asyncio.timeout(patience):
            while not condition():
                self._news.clear()
                await self._news.wait()

    def waiting(self) -> int:
        """How many events have come that nobody has taken."""
        return self._frames.qsize()

    async def until(self, event: str, row: str | None = None) -> list[Frame]:
        """Everything up to an event, that one included."""
        found = [await self.next()]
        while found[-1].event != event or (row is not None and found[-1].data.get("id") != row):
            found.append(await self.next())
        return found

    def feed(self, message: Mapping[str, Any]) -> None:
        """A message of the application."""
        self._news.set()
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], dict(message["headers"])
            return
        self.body += message.get("body", b"")
        *blocks, self._rest = (self._rest + message.get("body", b"")).split(b"\n\n")
        for block in blocks:
            self._block(block.decode())
        if not message.get("more_body"):
            self.ended = True
            self._frames.put_nowait(None)

    def _block(self, block: str) -> None:
        fields: dict[str, str] = {}
        for line in block.split("\n"):
            name, _, value = line.partition(": ")
            self.comments += name == ""
            fields[name] = value
        cursor = fields.get("id")
        if "data" in fields:
            self._frames.put_nowait(Frame(fields["event"], orjson.loads(fields["data"]), cursor))
        if cursor is not None:
            self.cursor = cursor


@asynccontextmanager
async def listen(
    running: System, headers: Mapping[str, str] | None = None, query: str = "", last: str | None = None
) -> AsyncIterator[Listener]:
    """Open a stream; leaving the block is leaving the stream."""
    listener, gone = Listener(), asyncio.Event()
    given = {"accept": "text/event-stream", **(headers or {}), **({"last-event-id": last} if last else {})}
    scope = {
        "type": "http", "method": "GET", "path": "/api/v1/events", "query_string": quote(query, safe="[]=&,.").encode(),
        "headers": [(name.encode(), value.encode()) for name, value in given.items()],
    }  # fmt: skip
    asked = False

    async def receive() -> dict[str, Any]:
        nonlocal asked
        if not asked:
            asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Mapping[str, Any]) -> None:
        if not gone.is_set():
            listener.feed(message)
        await asyncio.sleep(0)

    transport = running.client._transport
    assert isinstance(transport, httpx.ASGITransport)
    task: asyncio.Task[None] = asyncio.create_task(transport.app(scope, receive, send))  # type: ignore[arg-type]  # plain ASGI
    try:
        await listener.when(lambda: listener.ended or (listener.status == 200 and bool(listener.body)))
        yield listener
    finally:
        gone.set()
        await task


async def make(
    running: System, headers: Mapping[str, str], name: str, related: Mapping[str, str] | None = None, /, **given: Any
) -> str:
    """Create a resource over HTTP; its id."""
    types = {"folder": "folders", "owner": "users"}
    links = {by: {"data": {"type": types[by], "id": row}} for by, row in (related or {}).items()}
    body = {"data": {"type": name, "attributes": given, **({"relationships": links} if links else {})}}
    answer = await running.client.post(f"/api/v1/{name}", json=body, headers=dict(headers))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["data"]["id"])


async def change(running: System, headers: Mapping[str, str], name: str, row: str, /, **given: Any) -> httpx.Response:
    """Change attributes over HTTP."""
    body = {"data": {"type": name, "id": row, "attributes": given}}
    return await running.client.patch(f"/api/v1/{name}/{row}", json=body, headers=dict(headers))


async def fire(running: System, headers: Mapping[str, str], name: str, row: str, transition: str) -> httpx.Response:
    """Move a resource over HTTP."""
    return await running.client.post(f"/api/v1/{name}/{row}/{transition}", headers=dict(headers))


async def entries(running: System, headers: Mapping[str, str] | None, query: str = "") -> dict[str, Any]:
    """The list."""
    answer = await running.client.get(f"/api/v1/events?{query}", headers=dict(headers or {}))
    assert answer.status_code == 200, answer.text
    return dict(answer.json())
