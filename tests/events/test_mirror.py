"""A client that lists and then watches ends up with what a fresh list shows, whatever happened in between.

What the client does is what docs/api.md tells it to do: take a cursor, list, then follow the stream from the cursor.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from engine.access import Actor
from tests.events.support import FILES, Frame, change, entries, fire, listen, make
from tests.support import System, shut, system

Key: TypeAlias = tuple[str, str]

TYPES = ("folders", "notes", "diaries", "users", "tokens")
STEPS = 250


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[System]:
    running = await system(tmp_path, FILES, heartbeat=0.1)
    yield running
    await shut(running)


class Mirror:
    """Somebody's copy of everything they may see."""

    def __init__(self, running: System, headers: Mapping[str, str] | None, chance: random.Random) -> None:
        self._running, self._headers, self._chance = running, headers, chance
        self.rows: dict[Key, Any] = {}
        self.cursor = ""
        self.resets = self.connections = self.events = 0

    async def begin(self) -> None:
        """Take a cursor, then list."""
        self.cursor = (await entries(self._running, self._headers, "page[size]=0"))["meta"]["cursor"]
        await self._list(TYPES)

    async def follow(self, count: int | None) -> None:
        """Apply so many events, or all there are, and leave."""
        self.connections += 1
        async with listen(self._running, self._headers, last=self.cursor) as listener:
            assert listener.status == 200
            newest = self._running.events()[-1][0]
            while count is None or count > 0:
                if count is None and not listener.waiting():
                    await listener.when(lambda: bool(listener.waiting()) or _place(listener.cursor) >= newest)
                    if not listener.waiting():
                        break
                elif not listener.waiting() and self._chance.random() < 0.3:
                    break
                try:
                    await self._apply(await listener.next(0.05 if count is not None else 5))
                except TimeoutError:
                    break
                count = None if count is None else count - 1

    async def fresh(self) -> dict[Key, Any]:
        """What a list shows."""
        other = Mirror(self._running, self._headers, self._chance)
        await other._list(TYPES)
        return other.rows

    async def _apply(self, frame: Frame) -> None:
        self.events += 1
        if frame.event == "reset":
            self.resets += 1
            await self._list([frame.data["type"]] if "type" in frame.data else TYPES)
        elif frame.event == "removed":
            self.rows.pop((frame.data["type"], frame.data["id"]), None)
        elif frame.data["resource"] is not None:
            self.rows[frame.data["type"], frame.data["id"]] = frame.data["resource"]
        self.cursor = frame.cursor or self.cursor

    async def _list(self, types: Any) -> None:
        for name in types:
            self.rows = {key: value for key, value in self.rows.items() if key[0] != name}
            answer = await self._running.client.get(f"/api/v1/{name}?page[size]=1000", headers=dict(self._headers or {}))
            for each in answer.json()["data"]:
                self.rows[name, each["id"]] = each


class Storm:
    """Writes of several people, at random: rows are made, shown, hidden, moved and removed, and people gain and lose rights."""

    def __init__(self, running: System, people: list[tuple[Actor, dict[str, str]]], chance: random.Random) -> None:
        self._running, self._people, self._chance = running, people, chance
        self._rows: dict[str, list[tuple[str, dict[str, str]]]] = {"folders": [], "notes": [], "diaries": []}
        self.done = 0

    async def run(self, steps: int) -> None:
        """So many writes, one after another."""
        acts = [
            self._make,
            self._make,
            self._write,
            self._write,
            self._write,
            self._move,
            self._file,
            self._remove,
            self._rights,
        ]
        for _ in range(steps):
            await self._chance.choice(acts)()
            self.done += 1
            if self._chance.random() < 0.3:
                await asyncio.sleep(0)

    def _some(self, name: str) -> tuple[str, dict[str, str]] | None:
        return self._chance.choice(self._rows[name]) if self._rows[name] else None

    async def _make(self) -> None:
        _, headers = self._chance.choice(self._people)
        name = self._chance.choice(["folders", "notes", "notes", "diaries"])
        if name == "folders":
            given: dict[str, Any] = {"name": "a", "public": self._flag()}
        elif name == "notes":
            given = {"text": "a", "secret_text": "s", "price": 1, "shared": self._flag()}
        else:
            given = {"text": "a"}
        own = [row for row, whose in self._rows["folders"] if whose is headers]
        related = {"folder": self._chance.choice(own)} if name == "notes" and own else None
        self._rows[name].append((await make(self._running, headers, name, related, **given), headers))

    async def _write(self) -> None:
        name = self._chance.choice(["folders", "notes", "diaries"])
        some = self._some(name)
        if some is None:
            return
        row, headers = some
        given: dict[str, Any] = {"text": f"{self.done}"}
        if name == "folders":
            given = {"public": self._flag()} if self._chance.random() < 0.7 else {"name": f"{self.done}"}
        elif name == "notes":
            given = self._chance.choice(
                [given, {"shared": self._flag()}, {"price": self.done}, {"secret_text": f"{self.done}"}]
            )
        answer = await change(self._running, headers, name, row, **given)
        assert answer.status_code in (200, 403, 404), answer.text

    async def _move(self) -> None:
        some = self._some("notes")
        if some is not None:
            answer = await fire(
                self._running, some[1], "notes", some[0], self._chance.choice(["close", "reopen", "close", "delete"])
            )
            assert answer.status_code in (200, 403, 404, 409), answer.text

    async def _file(self) -> None:
        """Put a note into another folder, or give it to somebody else."""
        note, folder = self._some("notes"), self._some("folders")
        if note is None or folder is None:
            return
        person = self._chance.choice(self._people)[0]
        given = self._chance.choice([{"folder": folder[0]}, {"folder": None}, {"owner": person.id}])
        kind = self._running.store.kind("notes")

        def work(unit: Any) -> None:
            record = unit.find(kind, note[0])
            if record is not None:
                unit.update(kind, record, given)

        await self._running.write(work)

    async def _remove(self) -> None:
        name = self._chance.choice(["folders", "diaries"])
        some = self._some(name)
        if some is not None:
            self._rows[name].remove(some)
            answer = await self._running.client.delete(f"/api/v1/{name}/{some[0]}", headers=some[1])
            assert answer.status_code == 204, answer.text

    async def _rights(self) -> None:
        person = self._chance.choice(self._people[1:])[0]
        kind = self._running.store.kind("users")
        flag = self._flag()
        await self._running.write(lambda unit: unit.update(kind, unit.get(kind, person.id), {"operator": flag}))

    def _flag(self) -> bool:
        return self._chance.random() < 0.5


@pytest.mark.parametrize("seed", range(4))
async def test_mirrors_equal_fresh_lists_after_a_storm(running: System, seed: int) -> None:
    chance = random.Random(seed)
    people = [await running.person(name) for name in ("ann", "bob", "cid")]
    boss = await running.person("boss", operator=True)
    mirrors = [
        Mirror(running, headers, random.Random(f"{seed} {name}"))
        for name, (_, headers) in zip("abcd", [*people, boss], strict=True)
    ]
    mirrors.append(Mirror(running, None, random.Random(f"{seed} anyone")))
    storm = Storm(running, people, chance)
    await storm.run(20)
    for mirror in mirrors:
        await mirror.begin()

    async def watch(mirror: Mirror) -> None:
        while storm.done < STEPS:
            await mirror.follow(mirror._chance.randint(0, 15))

    watching = [asyncio.create_task(watch(mirror)) for mirror in mirrors]
    await storm.run(STEPS - storm.done)
    await asyncio.gather(*watching)
    for mirror in mirrors:
        await mirror.follow(None)
        assert mirror.rows == await mirror.fresh()
    assert running.stream.streams == 0
    assert sum(mirror.connections for mirror in mirrors) > 50
    assert all(mirror.events > 20 for mirror in mirrors)
    assert sum(mirror.resets for mirror in mirrors) > 3
    assert mirrors[0].rows.keys() != mirrors[-1].rows.keys()


def _place(cursor: str | None) -> int:
    return int(cursor.partition(".")[0]) if cursor else 0
