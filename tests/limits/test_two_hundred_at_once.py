"""Two hundred requests at the same time, each on a connection of its own, to real servers that share one database."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.crash import ledger
from tests.crash.processes import ROOT, Process, client, free_port
from tests.operations.serving import Connection

MANY, ROOM = 200, 5


class Answer(NamedTuple):
    """The status and the document of an answer."""

    status: int
    document: dict[str, Any]

    @property
    def code(self) -> str | None:
        """The code of its error, of which there is one."""
        return self.document["errors"][0]["code"] if "errors" in self.document else None


@dataclass
class Site:
    """Servers over one data directory, and a customer whose plan has room for five."""

    data: Path
    servers: list[Process]
    token: str
    template: str

    async def at_once(self, path: str, bodies: Sequence[dict[str, Any]]) -> list[Answer]:
        """A POST for each body: all connections are there, among the servers in turn, before the first of them is used."""
        ports = [self.servers[number % len(self.servers)].port for number in range(len(bodies))]
        opened = await asyncio.gather(*(asyncio.open_connection("127.0.0.1", port) for port in ports))
        connections = [Connection(*each) for each in opened]
        try:
            requests = [self._post(path, body) for body in bodies]
            await asyncio.gather(*(each.send(request) for each, request in zip(connections, requests, strict=True)))
            found = await asyncio.gather(*(each.response() for each in connections))
        finally:
            await asyncio.gather(*(each.close() for each in connections))
        return [Answer(status, json.loads(body)) for status, body in found]

    def _post(self, path: str, document: dict[str, Any]) -> bytes:
        body = json.dumps(document).encode()
        head = (
            f"POST /api/v1{path} HTTP/1.1", "Host: localhost", f"Authorization: Bearer {self.token}",
            "Content-Type: application/vnd.api+json", f"Content-Length: {len(body)}",
        )  # fmt: skip
        return "\r\n".join((*head, "", "")).encode() + body

    def asked(self, name: str) -> dict[str, Any]:
        """The body that asks for a deployment."""
        related = {"template": {"data": {"type": "templates", "id": self.template}}}
        return {"data": {"type": "deployments", "attributes": {"name": name}, "relationships": related}}

    def query(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        return ledger.query(self.data / "hoster.db", sql, *parameters)


@pytest.fixture(params=[1, 2], ids=["one server", "two servers"])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    data = tmp_path / "data"
    servers = [Process(data, "api", f"server-{n}", free_port(), HOSTER_NODES_LOCAL_SOCKET="") for n in range(request.param)]
    try:
        for each in servers:
            each.ready()
        with client(servers[0].url) as operator:
            plan = operator.get("/plans?filter[name]=free").json()["data"][0]["id"]
            room = {"max_deployments": ROOM, "max_cpu_cores": 1000, "max_memory_mb": 1_000_000, "max_disk_mb": 10_000_000}
            changed = operator.patch(f"/plans/{plan}", json={"data": {"type": "plans", "id": plan, "attributes": room}})
            assert changed.status_code == 200, changed.text
            template = operator.get("/templates?filter[status]=published").json()["data"][0]["id"]
        yield Site(data, servers, token_of("anna@example.org", data), template)
    finally:
        for each in servers:
            each.kill()


def token_of(email: str, data: Path) -> str:
    """A token, as an operator makes one beside servers that run."""
    command = [sys.executable, "-m", "engine.cli", "token", "create", "--user", email]
    environment = os.environ | {"HOSTER_DATA_DIR": str(data)}
    made = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    return made.stdout.split()[-1]


def codes(answers: Sequence[Answer]) -> Counter[tuple[int, str | None]]:
    """How often there was each status, with the code of its error."""
    return Counter((each.status, each.code) for each in answers)


def documents(answers: Sequence[Answer], status: int) -> list[dict[str, Any]]:
    """What those of a status say."""
    return [each.document for each in answers if each.status == status]


async def test_of_two_hundred_creates_five_succeed(site: Site) -> None:
    answers = await site.at_once("/deployments", [site.asked(f"box-{number}") for number in range(MANY)])
    assert codes(answers) == {(201, None): ROOM, (403, "limit_reached"): MANY - ROOM}
    made = {each["data"]["id"] for each in documents(answers, 201)}
    assert len(made) == ROOM
    assert {row for (row,) in site.query("SELECT id FROM deployments")} == made
    told = Counter(site.query("SELECT row, kind FROM _events WHERE type = 'deployments'"))
    assert told == {(row, "created"): 1 for row in made}
    refusals = [error["meta"] for each in documents(answers, 403) for error in each["errors"]]
    assert {(meta["most"], meta["used"]) for meta in refusals} == {(ROOM, ROOM)}
    ledger.check_file(site.data / "hoster.db")
    ledger.check_events(site.data / "hoster.db")


async def test_of_two_hundred_starts_of_one_row_one_wins(site: Site) -> None:
    (made,) = await site.at_once("/deployments", [site.asked("box")])
    row = made.document["data"]["id"]
    answers = await site.at_once(f"/deployments/{row}/start", [{}] * MANY)
    assert codes(answers) == {(202, None): 1, (409, "wrong_state"): MANY - 1}
    (won,) = documents(answers, 202)
    winner = won["data"]
    assert (winner["attributes"]["status"], winner["meta"]["version"]) == ("scheduled", 2)
    events = site.query("SELECT kind, version FROM _events WHERE row = ? ORDER BY seq", row)
    assert events == [("created", 1), ("moved", 2)]
    assert site.query("SELECT count(*) FROM _commands WHERE row = ?", row) == [(1,)]
    assert {each["errors"][0]["meta"]["state"] for each in documents(answers, 409)} == {"scheduled"}
    ledger.check_file(site.data / "hoster.db")
    ledger.check_events(site.data / "hoster.db")
