"""A start that is cut off anywhere, by the end of its process or by its cancellation, and run again."""

from __future__ import annotations

import asyncio
import secrets
import threading
from collections.abc import Mapping
from typing import Any

import pytest
from docker import DockerClient

from engine.commands.job import Cancelled, Fail, Job
from handlers.docker.engine import open_engine
from handlers.docker.local_image import HELLO, TEST
from tests.docker.support import Deployment, Killed, Reporter

ONE = f"""
services:
  a: {{image: '{TEST}', command: [sleep, '60'], init: true, volumes: ['data:/data', /more], stop_grace_period: 0s}}
volumes: {{data: }}
"""
PAIR = f"""
services:
  web: {{image: '{TEST}', command: [sleep, '60'], init: true, depends_on: [db], volumes: [/more], stop_grace_period: 0s}}
  db: {{image: '{TEST}', command: [sleep, '60'], init: true, volumes: ['data:/data'], read_only: true, stop_grace_period: 0s}}
volumes: {{data: }}
"""
FILES = [{"name": "f", "path": "/etc/f", "content": "here"}]


async def test_a_start_killed_at_any_point_is_completed_by_the_next(engine: DockerClient) -> None:
    """Four at a time; the last ones are not killed any more, because they have fewer checkpoints than lives."""
    lives = 1
    killed = [True]
    while all(killed):
        killed = await asyncio.gather(*(killed_and_completed(engine, each) for each in range(lives, lives + 4)))
        lives += 4
    assert lives > 15


async def killed_and_completed(engine: DockerClient, lives: int) -> bool:
    deployment = Deployment(f"depl_killed{secrets.token_hex(6)}", engine)
    deployment.row = {"compose_spec": ONE, "config_files": FILES}
    try:
        killed = await dies(deployment, lives)
        answer = await deployment.start(attempt=2)
        assert [each["service"] for each in answer["containers"]] == deployment.running() == ["a"]
        assert [len(names) for names in deployment.names().values()] == [1, 1, 2]
        assert deployment.execute("a", "cat", "/etc/f") == "here"
    finally:
        await deployment.remove()
    assert deployment.names() == {"containers": [], "networks": [], "volumes": []}
    return killed


async def dies(deployment: Deployment, lives: int) -> bool:
    try:
        await deployment.start(lives=lives)
    except Killed:
        return True
    return False


async def test_a_start_of_two_killed_again_and_again_gets_there_in_the_end(deployment: Deployment) -> None:
    deployment.row = {"compose_spec": PAIR, "config_files": FILES}
    lives = 3
    while await dies(deployment, lives):
        lives += 2
    assert deployment.running() == ["db", "web"]
    assert [len(names) for names in deployment.names().values()] == [2, 1, 2]
    assert len(deployment.found("images")) == 1
    assert deployment.execute("web", "cat", "/etc/f") == deployment.execute("db", "cat", "/etc/f") == "here"


async def test_a_cancelled_start_ends_at_once_and_leaves_nothing_under_way(deployment: Deployment) -> None:
    compose = (
        f"services: {{a: {{image: '{TEST}', stop_grace_period: 0s, command: [sleep, '60'], healthcheck: {{test: 'false'}}}}}}"
    )
    task = asyncio.create_task(deployment.start(compose))
    while "container_started" not in deployment.reporter.kinds():
        await asyncio.wait({task}, timeout=0.02)
        assert not task.done()
    task.cancel()
    done, _ = await asyncio.wait({task}, timeout=2)
    assert done
    assert task.cancelled()
    await deployment.stop()
    assert deployment.running() == []


async def test_a_cancelled_call_is_waited_for_however_long_it_takes(deployment: Deployment) -> None:
    begun, go_on = threading.Event(), threading.Event()

    async def create() -> None:
        async with open_engine(deployment.job(), {"docker_socket": deployment.socket}, "create") as link:
            await link.attempt(slow, link.api)

    def slow(api: Any) -> None:
        begun.set()
        go_on.wait(30)
        api.create_volume(f"hoster_{deployment.id}_late", labels={"hoster.deployment": deployment.id, "hoster.managed": "true"})

    task = asyncio.create_task(create())
    await asyncio.to_thread(begun.wait, 10)
    task.cancel()
    assert not (await asyncio.wait({task}, timeout=0.3))[0]
    go_on.set()
    await asyncio.wait({task}, timeout=10)
    assert task.cancelled()
    assert deployment.names()["volumes"] == [f"hoster_{deployment.id}_late"]


class FullReporter(Reporter):
    """Cannot keep the event that a container has started, as when the disk is full just then."""

    async def event(self, job: Job, kind: str, message: str, data: Mapping[str, Any]) -> None:
        if kind == "container_started":
            raise OSError("disk is full")
        await Reporter.event(self, job, kind, message, data)


async def test_a_start_that_ends_in_an_error_nobody_expected_leaves_nothing_running(deployment: Deployment) -> None:
    deployment.reporter = FullReporter()
    with pytest.raises(OSError, match="disk is full"):
        await deployment.start(ONE)
    assert deployment.reporter.kinds()[-1] == "container_stopped"
    assert deployment.running() == []


async def test_an_attempt_past_its_deadline_makes_nothing(deployment: Deployment) -> None:
    with pytest.raises(Cancelled):
        await deployment.start(f"services: {{a: {{image: '{HELLO}'}}}}", seconds=0)
    assert deployment.names() == {"containers": [], "networks": [], "volumes": []}


async def test_a_start_that_takes_too_long_says_which_service_and_stops_everything(deployment: Deployment) -> None:
    compose = (
        f"services: {{fast: {{image: '{TEST}', command: [sleep, '60'], init: true}},"
        f" slow: {{image: '{TEST}', command: [sleep, '60'], init: true, healthcheck: {{test: 'false', interval: 30s}}}}}}"
    )
    with pytest.raises(Fail) as caught:
        await deployment.start(compose, seconds=3)
    assert (caught.value.cause, caught.value.evidence["service"]) == ("timeout", "slow")
    assert deployment.running() == []
