"""A server that is killed again and again while clients send writes under keys, and send them again until they are answered.

Whatever was lost, the write or only its answer: in the end each key has made one thing, and every answer that was given is
given again, to the byte.
"""

from __future__ import annotations

import asyncio
import logging
import random
import secrets
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from tests.crash import ledger
from tests.crash.processes import TOKEN, Process, free_port

log = logging.getLogger("crash")

HERE = Path(__file__).parent
KILLS, CLIENTS = 25, 8
HEADERS = {"authorization": f"Bearer {TOKEN}", "content-type": "application/vnd.api+json"}


class Answer(NamedTuple):
    """What a key was answered."""

    status: int
    body: bytes
    location: str | None
    etag: str | None


class Lost(Exception):
    """The server was not there, or went before it answered."""


@dataclass
class Storm:
    """What the clients share."""

    http: httpx.AsyncClient
    up: asyncio.Event = field(default_factory=asyncio.Event)
    over: bool = False
    sent: dict[str, tuple[str, dict[str, Any]]] = field(default_factory=dict)
    answered: dict[str, Answer] = field(default_factory=dict)
    unheard: set[str] = field(default_factory=set)
    counts: Counter[str] = field(default_factory=Counter)

    async def ask(self, key: str) -> tuple[Answer, bool]:
        """Send what belongs to the key, once; the answer, and whether the server says that it is a repeated one."""
        path, document = self.sent[key]
        try:
            got = await self.http.post(path, json=document, headers={"idempotency-key": key})
        except httpx.TransportError as error:
            raise Lost from error
        assert got.is_success, got.text
        answer = Answer(got.status_code, got.content, got.headers.get("location"), got.headers.get("etag"))
        return answer, got.headers.get("idempotency-replayed") == "true"

    async def insist(self, key: str, path: str, document: dict[str, Any]) -> Answer:
        """Send until it is answered."""
        self.sent[key] = path, document
        while True:
            await self.up.wait()
            try:
                self.answered[key], replayed = await self.ask(key)
            except Lost:
                self.unheard.add(key)
                self.counts["lost"] += 1
                continue
            assert not replayed or key in self.unheard, f"{key} was answered as repeated the first time it was sent"
            self.counts["repeated without having been heard"] += replayed
            return self.answered[key]

    async def again(self, key: str) -> None:
        """What was answered before is answered again."""
        answer, replayed = await self.ask(key)
        assert (answer, replayed) == (self.answered[key], True), key


def row_of(answer: Answer) -> str:
    """The id that an answer tells."""
    return str(httpx.Response(200, content=answer.body).json()["data"]["id"])


async def customer(storm: Storm, number: int) -> None:
    """Makes a probe, sets it to work, and makes a token, which is shown once; each under a key of its own."""
    made = 0
    while not storm.over:
        made += 1
        name = f"{number}-{made}"
        probe = await storm.insist(f"probe {name}", "/probes", {"data": {"type": "probes", "attributes": {"name": name}}})
        await storm.insist(f"stamp {name}", f"/probes/{row_of(probe)}/stamp", {})
        await storm.insist(f"token {name}", "/tokens", {"data": {"type": "tokens", "attributes": {"name": name}}})


async def killer(storm: Storm, server: Process, choice: random.Random) -> None:
    """Kills at moments that no one has chosen, while requests are on their way."""
    for _ in range(KILLS):
        before = len(storm.answered)
        storm.up.set()
        await asyncio.sleep(choice.uniform(0, 0.15))  # the moment is what is put to the test; there is nothing to wait for
        storm.up.clear()
        await asyncio.to_thread(server.kill)
        storm.counts["lives without an answer"] += len(storm.answered) == before
        await asyncio.to_thread(server.ready)
    storm.over = True
    storm.up.set()


async def test_each_key_makes_one_thing_and_is_answered_the_same_across_kills(tmp_path: Path) -> None:
    seed = secrets.randbits(32)
    log.warning("seed %d", seed)
    server = Process(
        tmp_path / "data", "api", "server", free_port(), HOSTER_RESOURCES_PATH=str(HERE / "resources"),
        HOSTER_EXTENSIONS="tests.crash.extension", HOSTER_NODES_LOCAL_SOCKET="", CRASH_FOLDER=str(tmp_path),
    )  # fmt: skip
    try:
        await asyncio.to_thread(server.ready)
        async with httpx.AsyncClient(base_url=f"{server.url}/api/v1", headers=HEADERS, timeout=30) as http:
            storm, began = Storm(http), time.monotonic()
            async with asyncio.TaskGroup() as group:
                group.create_task(killer(storm, server, random.Random(seed)))
                for number in range(CLIENTS):
                    group.create_task(customer(storm, number))
            log.warning("%d kills, %d keys in %.1f s: %s", KILLS, len(storm.sent), time.monotonic() - began, storm.counts)
            assert storm.answered.keys() == storm.sent.keys()
            assert storm.counts["lost"] > KILLS
            for key in storm.sent:
                await storm.again(key)
    finally:
        server.kill()
    check(tmp_path / "data" / "hoster.db", storm)


def check(file: Path, storm: Storm) -> None:
    """Each key has one row, or moved its row once, and nothing else is there."""
    ledger.check_file(file)
    ledger.check_events(file)
    told = {key: row_of(answer) for key, answer in storm.answered.items()}
    for word, table, status in (("probe", "probes", 201), ("token", "tokens", 201)):
        keys = {key for key in told if key.startswith(word)}
        rows = dict(ledger.query(file, f'SELECT id, name FROM "{table}" WHERE name LIKE ?', "%-%"))
        assert {f"{word} {name}": row for row, name in rows.items()} == {key: told[key] for key in keys}
        assert len(rows) == len(keys), "a key has made two"
        assert {storm.answered[key].status for key in keys} == {status}
        assert {storm.answered[key].location for key in keys} == {f"/api/v1/{table}/{row}" for row in rows}
    stamped = [told[key] for key in told if key.startswith("stamp")]
    assert {storm.answered[key].status for key in told if key.startswith("stamp")} == {202}
    moved = ledger.query(file, "SELECT row FROM _events WHERE type = 'probes' AND kind = 'moved'")
    commands = ledger.query(file, "SELECT row FROM _commands WHERE type = 'probes'")
    assert Counter(moved) == Counter(commands) == Counter((row,) for row in stamped)
    assert ledger.query(file, "SELECT count(*) FROM _answers") == [(len(told),)]
