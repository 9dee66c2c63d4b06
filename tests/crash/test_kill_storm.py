"""A server that is killed fifty times while customers deploy on a real Docker engine.

Clients go on as customers do: what fails is tried again, what was answered is noted. At the end nothing that was answered
may be missing, everything has come to rest, and the engine holds what the rows say and nothing else.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import secrets
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from handlers.docker.engine import connect
from handlers.docker.local_image import ensure_hello
from tests.crash import ledger
from tests.crash.processes import TOKEN, Process, free_port

log = logging.getLogger("crash")

KILLS = 50
CLIENTS = 4
SETTLED = ("pending", "running", "stopped", "failed", "deleted")
SETTLE_WITHIN = 60.0
SOCKET = "/var/run/docker.sock"
SERVICES = {"web", "side"}
COMPOSE = """\
services:
  web:
    image: hoster/hello:1
    ports: ["80"]
    volumes: ["data:/data"]
    stop_grace_period: 1s
    labels: {storm: "%s"}
  side:
    image: hoster/hello:1
    stop_grace_period: 1s
    labels: {storm: "%s"}
volumes:
  data:
"""


@dataclass
class Storm:
    """What the clients share."""

    http: httpx.AsyncClient
    seed: int
    template: str = ""
    over: bool = False
    acknowledged: list[tuple[str, int]] = field(default_factory=list)
    deployments: set[str] = field(default_factory=set)
    failures: list[dict[str, Any]] = field(default_factory=list)
    foreign: int = 0
    counts: Counter[str] = field(default_factory=Counter)

    async def ask(self, method: str, path: str, document: Any = None) -> httpx.Response | None:
        """One request; nothing when the server was not there, or went before it answered."""
        try:
            answer = await self.http.request(method, path, json=document)
        except httpx.TransportError:
            self.counts["unanswered"] += 1
            await asyncio.sleep(0.05)
            return None
        assert answer.status_code < 500, answer.text
        if method != "GET" and answer.is_success:
            data = answer.json()["data"]
            self.acknowledged.append((data["id"], data["meta"]["version"]))
            self.counts[f"{method} answered"] += 1
        return answer

    async def state(self, deployment: str) -> tuple[str, dict[str, Any]]:
        """The state of a deployment, `deleted` when it answers as if it were not there."""
        while (answer := await self.ask("GET", f"/deployments/{deployment}")) is None:
            pass
        if answer.status_code == 404:
            return "deleted", {}
        attributes = answer.json()["data"]["attributes"]
        return attributes["status"], attributes

    async def insist(self, method: str, path: str) -> None:
        """Send until it is answered: with success, or with the conflict that an unheard success has left behind."""
        while (answer := await self.ask(method, path)) is None:
            pass
        assert answer.status_code in (200, 202, 404, 409), answer.text

    async def create(self, name: str) -> str | None:
        """A deployment; none when the answer got lost, though the row may be there."""
        resource = {
            "type": "deployments", "attributes": {"name": name},
            "relationships": {"template": {"data": {"type": "templates", "id": self.template}}},
        }  # fmt: skip
        answer = await self.ask("POST", "/deployments", {"data": resource})
        if answer is None:
            return None
        assert answer.status_code == 201, answer.text
        deployment = str(answer.json()["data"]["id"])
        self.deployments.add(deployment)
        return deployment

    async def rest(self, deployment: str, patience: float) -> str:
        """Wait for a state in which nothing happens, or as long as this customer has patience."""
        until = time.monotonic() + patience
        while True:
            state, attributes = await self.state(deployment)
            if state == "failed":
                self._note_failure(attributes)
            if state in SETTLED or self.over or time.monotonic() > until:
                return state
            await asyncio.sleep(0.1)

    def _note_failure(self, attributes: dict[str, Any]) -> None:
        """Others may use this engine too; a port that one of theirs holds is nobody's fault."""
        failure, port = attributes["failure"], attributes["proxy_port"]
        if failure["cause"] == "port_taken" and _holder_of(port) not in self.deployments:
            self.foreign += 1
        elif failure not in self.failures:
            self.failures.append(failure)


async def customer(storm: Storm, number: int) -> None:
    """Makes deployments, starts, stops and deletes them, not always waiting for what was asked for."""
    choice = random.Random(f"{storm.seed}/{number}")
    made = 0
    while not storm.over:
        made += 1
        deployment = await storm.create(f"storm-{number}-{made}")
        if deployment is None:
            continue
        for step in ("start", "stop", "start")[: choice.choice((1, 2, 3, 3))]:
            if storm.over:
                return
            await storm.insist("POST", f"/deployments/{deployment}/{step}")
            await storm.rest(deployment, choice.choice((0.2, 1.5, 15.0, 15.0)))
        if not storm.over:
            await storm.insist("DELETE", f"/deployments/{deployment}")
            await storm.rest(deployment, choice.choice((0.2, 15.0)))


async def killer(storm: Storm, server: Process) -> None:
    """Kills at moments that no one has chosen: while it starts, while it is idle, while it writes."""
    choice = random.Random(storm.seed)
    for _ in range(KILLS):
        if choice.random() < 0.15:
            await asyncio.to_thread(server.start)
        else:
            await asyncio.to_thread(server.ready)
        await asyncio.sleep(choice.uniform(0, 2.2))
        await asyncio.to_thread(server.kill)
    await asyncio.to_thread(server.ready)
    storm.over = True


async def everything_at_rest(storm: Storm) -> dict[str, tuple[str, dict[str, Any]]]:
    """All deployments with their states, once nothing happens any more; those whose making was not heard of, too."""
    answer = await storm.ask("GET", "/deployments?page[size]=500")
    assert answer is not None
    storm.deployments |= {each["id"] for each in answer.json()["data"]}
    until = time.monotonic() + SETTLE_WITHIN
    while True:
        states = {each: await storm.state(each) for each in sorted(storm.deployments)}
        busy = {each: state for each, (state, _) in states.items() if state not in SETTLED}
        if not busy:
            return states
        assert time.monotonic() < until, f"still busy {SETTLE_WITHIN} s after the last start: {busy}"
        await asyncio.sleep(0.2)


async def publish(storm: Storm, marker: str) -> None:
    """Make the template, and wait for the node."""
    attributes = {"name": f"storm {marker}", "version": "1.0.0", "compose_spec": COMPOSE % (marker, marker)}
    answer = await storm.ask("POST", "/templates", {"data": {"type": "templates", "attributes": attributes}})
    assert answer is not None
    assert answer.status_code == 201, answer.text
    storm.template = answer.json()["data"]["id"]
    await storm.insist("POST", f"/templates/{storm.template}/publish")
    while not await _node_is_online(storm):  # noqa: ASYNC110  the server is another process
        await asyncio.sleep(0.05)


async def _node_is_online(storm: Storm) -> bool:
    answer = await storm.ask("GET", "/nodes?filter[status]=online")
    return answer is not None and answer.json()["data"] != []


def _holder_of(port: int) -> str | None:
    with contextlib.closing(connect(SOCKET)) as engine:
        for container in engine.api.containers():
            if any(each.get("PublicPort") == port for each in container["Ports"]):
                return str(container["Labels"].get("hoster.deployment"))
    return None


@dataclass
class Leftovers:
    """What of some deployments is in the engine."""

    containers: list[dict[str, Any]]
    networks: list[dict[str, Any]]
    volumes: list[dict[str, Any]]

    def of(self, deployment: str) -> list[str]:
        every = [*self.containers, *self.networks, *self.volumes]
        return [str(each.get("Name") or each.get("Names")) for each in every if _owner(each) == deployment]


def _owner(each: dict[str, Any]) -> str:
    return str((each.get("Labels") or {}).get("hoster.deployment"))


def in_engine(deployments: set[str]) -> Leftovers:
    """Everything in the engine that carries the label of one of them."""
    with contextlib.closing(connect(SOCKET)) as engine:
        filters = {"label": ["hoster.deployment"]}
        found = (
            engine.api.containers(all=True, filters=filters),
            engine.api.networks(filters=filters),
            engine.api.volumes(filters=filters)["Volumes"] or [],
        )
    return Leftovers(*([each for each in kind if _owner(each) in deployments] for kind in found))


def of_marker(marker: str) -> set[str]:
    """The deployments that containers of this storm say they belong to."""
    with contextlib.closing(connect(SOCKET)) as engine:
        return {_owner(each) for each in engine.api.containers(all=True, filters={"label": [f"storm={marker}"]})}


@pytest.fixture
def engine_left_clean(tmp_path: Path) -> Iterator[set[str]]:
    """Removes what the deployments, noted in the set or found in the database, have in the engine."""
    from docker.errors import APIError

    ensure_hello()
    deployments: set[str] = set()
    yield deployments
    deployments |= {row for (row,) in ledger.query(tmp_path / "data" / "hoster.db", "SELECT id FROM deployments")}
    left = in_engine(deployments)
    with contextlib.closing(connect(SOCKET)) as engine:
        for container in left.containers:
            engine.api.remove_container(container["Id"], force=True, v=True)
        for network in left.networks:
            engine.api.remove_network(network["Id"])
        for volume in left.volumes:
            with contextlib.suppress(APIError):
                engine.api.remove_volume(volume["Name"], force=True)


async def test_fifty_kills_lose_nothing_and_leave_nothing_behind(tmp_path: Path, engine_left_clean: set[str]) -> None:
    seed, marker = secrets.randbelow(10**9), secrets.token_hex(6)
    server = Process(tmp_path / "data", "all", "server", free_port())
    headers = {"authorization": f"Bearer {TOKEN}", "content-type": "application/vnd.api+json"}
    async with httpx.AsyncClient(base_url=f"{server.url}/api/v1", headers=headers, timeout=30) as http:
        storm = Storm(http, seed, deployments=engine_left_clean)
        log.warning("seed %d", seed)
        try:
            await asyncio.to_thread(server.ready)
            await publish(storm, marker)
            await asyncio.to_thread(server.kill)
            began = time.monotonic()
            async with asyncio.TaskGroup() as group:
                group.create_task(killer(storm, server))
                for number in range(CLIENTS):
                    group.create_task(customer(storm, number))
            ended = time.monotonic()
            states = await everything_at_rest(storm)
            log.warning("%d kills in %.1f s, at rest %.1f s later", KILLS, ended - began, time.monotonic() - ended)
            log.warning("%s; %s", storm.counts, Counter(state for state, _ in states.values()))
            log.warning("failures %s, foreign ports %d", storm.failures, storm.foreign)
            await asyncio.to_thread(check_engine, states, marker)
            server.terminate()
            server.wait()
        finally:
            server.kill()
    check_database(tmp_path / "data" / "hoster.db", storm)
    assert not storm.failures, f"a kill must not make a deployment fail: {storm.failures}"


def check_engine(states: dict[str, tuple[str, dict[str, Any]]], marker: str) -> None:
    """The engine holds what the rows say and nothing else."""
    left = in_engine(set(states))
    assert of_marker(marker) <= states.keys(), "containers of deployments that no row knows"
    by_service = Counter((_owner(each), each["Labels"]["hoster.service"]) for each in left.containers)
    assert max(by_service.values(), default=1) == 1, by_service
    assert max(Counter(_owner(each) for each in left.networks).values(), default=1) == 1
    for deployment, (state, attributes) in states.items():
        running = {each["Labels"]["hoster.service"] for each in left.containers
                   if _owner(each) == deployment and each["State"] == "running"}  # fmt: skip
        assert running == (SERVICES if state == "running" else set()), f"{deployment} is {state}"
        if state == "deleted":
            assert left.of(deployment) == []
        if state == "running":
            answer = httpx.get(f"http://127.0.0.1:{attributes['proxy_port']}/")
            assert (answer.status_code, "Hello" in answer.text) == (200, True)


def check_database(file: Path, storm: Storm) -> None:
    """The file is sound, nothing is missing, no command is left over."""
    ledger.check_file(file)
    ledger.check_events(file, storm.acknowledged)
    ledger.check_rows(file, "deployments")
    assert len(storm.acknowledged) > KILLS / 2
    assert ledger.query(file, "SELECT * FROM _commands WHERE open = 1 AND type = 'deployments'") == []
    assert ledger.query(file, "SELECT count(*) FROM tokens") == [(1,)]
    most = ledger.query(file, "SELECT max(attempt) FROM _commands WHERE type = 'deployments'")
    log.warning("%d answered writes are there; a command took up to %d attempts", len(storm.acknowledged), most[0][0])
