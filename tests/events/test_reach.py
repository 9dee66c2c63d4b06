"""Whom the feed wakes: never too few, and for what is private hardly anybody."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from engine.service.events import Entry, Interest, Watcher
from engine.service.events.reach import Reach
from tests.events.support import FILES, change, fire, make
from tests.support import System, shut, system

BY_ADDRESS = """
    id_prefix: memo_
    owner: owner
    attributes: {text: {type: string, required: true}}
    relationships: {owner: {to: users}}
    access: {read: owner in user.principals || user.email.endsWith("@example.org")}
"""


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[System]:
    running = await system(tmp_path, {**FILES, "memos": BY_ADDRESS})
    yield running
    await shut(running)


async def reach(running: System, *names: str) -> tuple[Reach, dict[str, Watcher]]:
    """People who wait."""
    feed, found = running.stream._feed, {}
    known = Reach(running.store, running.stream.views)
    for name in names:
        actor, _ = await running.person(name, operator=name == "boss")
        found[name] = Watcher(feed, actor, Interest(), 0)
        known.add(found[name], actor)
    return known, found


def log(running: System) -> list[Entry]:
    return running.stream._log.news(0)


async def test_private_rows_wake_their_owner_and_shared_ones_everybody(running: System) -> None:
    _, ann = await running.person("ann")
    known, people = await reach(running, "ann", "bob", "boss")
    diary = await make(running, ann, "diaries", text="a")
    note = await make(running, ann, "notes", text="a")
    await change(running, ann, "notes", note, shared=True)
    memo = await make(running, ann, "memos", text="a")
    woken: dict[str, list[set[str]]] = {}
    for entry in log(running):
        names = {name for name, watcher in people.items() if watcher in set(known.of(entry))}
        woken.setdefault(entry.row, []).append(names)
    assert woken[diary] == [{"ann"}]
    assert woken[note] == [{"ann", "boss"}, {"ann", "bob", "boss"}]
    assert woken[memo] == [{"ann", "bob", "boss"}]


async def test_whoever_learns_something_of_an_entry_is_woken(running: System) -> None:
    _, ann = await running.person("ann")
    bob, bobs = await running.person("bob")
    known, people = await reach(running, "ann", "bob", "cid", "boss")
    folder = await make(running, ann, "folders", name="a")
    note = await make(running, ann, "notes", {"folder": folder}, text="a", price=1)
    other = await make(running, bobs, "notes", text="b", shared=True)
    await make(running, bobs, "memos", text="c")
    for public in (True, False, True):
        await change(running, ann, "folders", folder, public=public)
        await change(running, ann, "notes", note, text=f"{public}")
    kind = running.store.kind("notes")
    await running.write(lambda unit: unit.update(kind, unit.get(kind, note), {"owner": bob.id}))
    await fire(running, bobs, "notes", other, "close")
    await running.client.delete(f"/api/v1/folders/{folder}", headers=ann)
    told = 0
    for entry in log(running):
        woken = set(known.of(entry))
        for watcher in people.values():
            if running.stream.views.changes(watcher.actor, entry):
                told += 1
                assert watcher in woken, (entry.seq, entry.type, entry.kind)
    assert told > 20


async def test_forgotten_watchers_are_woken_no_more(running: System) -> None:
    _, ann = await running.person("ann")
    known, people = await reach(running, "ann", "bob")
    await make(running, ann, "memos", text="a")
    entry = log(running)[-1]
    assert set(known.of(entry)) == set(people.values())
    for watcher in people.values():
        known.remove(watcher, watcher.actor)
    assert not set(known.of(entry))
    assert not known._by_name
