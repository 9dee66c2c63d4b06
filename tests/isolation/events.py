"""The event log as each caller reads it: of rows that they see, and of nothing else; as a list and as a stream."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from tests.events.support import Listener, listen
from tests.isolation.asking import BASE, Ask, Desk
from tests.isolation.world import Caller


async def events(desk: Desk, caller: Caller) -> None:
    """Before anything was changed, there is one entry for each row that is seen, and its values are those that are shown."""
    listed = await _listed(desk, caller, "")
    _are_seen(desk, caller, listed)
    for name in desk.made.definitions.types:
        of_type = await _listed(desk, caller, f"&filter[type]={name}")
        assert {_subject(each) for each in of_type} == {_subject(each) for each in listed if _subject(each)[0] == name}
    await _streamed(desk, caller)


async def no_traces(desk: Desk, caller: Caller) -> None:
    """Whatever has happened since: nothing of rows that could never be seen; who has acted is told to the owner of a row."""
    path: str | None = f"{BASE}/events?page[size]=200"
    while path:
        document = (await desk.ask(caller, Ask("GET", path), may=desk.knew(caller) | frozenset(_actors(desk, caller)))).document
        path = document["links"].get("next")


def _actors(desk: Desk, caller: Caller) -> Iterator[str]:
    """Who has acted on rows of the caller's."""
    statement = "SELECT DISTINCT actor FROM _events WHERE owner = ?"
    yield from (row[0] for row in desk.made.running.store.database.read(statement, (caller.user or "",)))


async def _listed(desk: Desk, caller: Caller, more: str) -> list[Any]:
    found: list[Any] = []
    path: str | None = f"{BASE}/events?page[size]=1000{more}"
    while path:
        document = (await desk.ask(caller, Ask("GET", path))).document
        found += document["data"]
        path = document["links"].get("next")
    return found


def _are_seen(desk: Desk, caller: Caller, listed: list[Any]) -> None:
    types = [name for name in desk.made.definitions.types if caller.within(name, "read")]
    expected = {(name, row_id) for name in types for row_id in desk.oracle.visible(caller, name)}
    assert [_subject(each) for each in listed] == list(dict.fromkeys(_subject(each) for each in listed))
    assert {_subject(each) for each in listed} == expected, caller.name
    for each in listed:
        name, row_id = _subject(each)
        hidden = desk.oracle.hides(caller, name, row_id)
        concealed = {one.name for one in desk.made.definitions.types[name].attributes.values() if one.concealed}
        assert not (each["attributes"]["after"].keys() & (hidden - concealed)), each


def _subject(item: Any) -> tuple[str, str]:
    data = item["relationships"]["subject"]["data"]
    return data["type"], data["id"]


async def _streamed(desk: Desk, caller: Caller) -> None:
    """The stream, from the first entry on, until a comment says that it has come to the last one."""
    newest = (await desk.ask(caller, Ask("GET", f"{BASE}/events?page[size]=0"))).document["meta"]["cursor"].partition(".")[0]
    async with listen(desk.made.running, caller.headers, last="0") as listener:
        assert listener.status == 200
        await listener.when(lambda: (listener.cursor or "").partition(".")[0] == newest or listener.ended)
        frames = [listener._frames.get_nowait() for _ in range(listener.waiting())]
    subjects = {(frame.data["type"], frame.data["id"]) for frame in frames if frame is not None and "id" in frame.data}
    types = [name for name in desk.made.definitions.types if caller.within(name, "read")]
    assert subjects == {(name, row_id) for name in types for row_id in desk.oracle.visible(caller, name)}
    desk.search(caller, _text(listener, frames), "", "the stream of events")


def _text(listener: Listener, frames: list[Any]) -> str:
    return listener.body.decode() + orjson.dumps([frame.data for frame in frames if frame is not None]).decode()
