"""The served reads: health in one word, and logs in order of time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine.commands.registry import ReadContext
from engine.errors import Unavailable
from handlers.docker.container_state import ContainerState
from handlers.docker.local_image import TEST
from handlers.docker.log_lines import merge, parse_lines
from handlers.docker.probe import probe
from handlers.docker.reads import container_health, health, logs, overall
from tests.docker.support import Deployment

TALKERS = f"""
services:
  a: {{image: '{TEST}', init: true, command: [sh, -c, 'for i in 1 2 3; do echo out $$i; echo err $$i >&2; done; sleep 60']}}
  b: {{image: '{TEST}', init: true, command: [sh, -c, 'printf "half \\377 line\\n"; sleep 60']}}
  once: {{image: '{TEST}', init: true, command: ["true"]}}
"""


def context(deployment: Deployment, **params: Any) -> ReadContext:
    return ReadContext({"id": deployment.id}, {"node": {"docker_socket": deployment.socket}}, params)


async def test_health_and_logs_of_a_running_deployment(deployment: Deployment) -> None:
    await deployment.start(TALKERS)
    answer = await health(context(deployment))
    assert answer["status"] == "healthy"
    assert [(each["name"], each["status"], each["health"], each["restarts"]) for each in answer["containers"]] == [
        ("a", "running", "healthy", 0),
        ("b", "running", "healthy", 0),
        ("once", "exited", "finished", 0),
    ]
    lines = await logs(context(deployment, service="a", tail=100))
    assert {(line["container"], line["stream"], line["message"]) for line in lines} == {
        ("a", stream, f"{word} {number}") for stream, word in (("stdout", "out"), ("stderr", "err")) for number in (1, 2, 3)
    }
    times = [str(line["timestamp"]) for line in lines]
    assert times == sorted(times)
    assert len(await logs(context(deployment, service="a", tail=2))) == 2
    assert {line["container"] for line in await logs(context(deployment))} == {"a", "b"}
    assert [line["message"] for line in await logs(context(deployment, service="b"))] == ["half \ufffd line"]
    assert await logs(context(deployment, tail=0)) == []
    assert await logs(context(deployment, service="nothing")) == []
    await deployment.stop()
    assert (await health(context(deployment)))["status"] == "unhealthy"
    assert len(await logs(context(deployment, service="a"))) == 6


async def test_a_dead_engine_and_a_missing_node(deployment: Deployment, tmp_path: Path) -> None:
    deployment.socket = str(tmp_path / "none.sock")
    answer = await health(context(deployment))
    assert (answer["status"], answer["containers"]) == ("unknown", [])
    assert "does not answer" in str(answer["reason"])
    with pytest.raises(Unavailable):
        await logs(context(deployment))
    nowhere = ReadContext({"id": deployment.id}, {"node": None}, {})
    assert (await health(nowhere))["status"] == "unknown"
    assert await logs(nowhere) == []
    assert "does not answer" in str(probe(deployment.socket).error)


def test_a_probe_of_a_live_engine(deployment: Deployment) -> None:
    found = probe(deployment.socket)
    assert found.error is None
    assert found.version
    assert found.cpu_cores >= 1
    assert found.memory_mb > 100


@pytest.mark.parametrize(
    ("state", "word"),
    [
        (ContainerState("i", "s", "running"), "healthy"),
        (ContainerState("i", "s", "running", health="healthy"), "healthy"),
        (ContainerState("i", "s", "running", health="starting"), "degraded"),
        (ContainerState("i", "s", "running", health="unhealthy"), "unhealthy"),
        (ContainerState("i", "s", "running", restarts=4), "degraded"),
        (ContainerState("i", "s", "running", restarts=3), "healthy"),
        (ContainerState("i", "s", "restarting"), "unhealthy"),
        (ContainerState("i", "s", "exited"), "finished"),
        (ContainerState("i", "s", "exited", exit_code=1), "unhealthy"),
        (ContainerState("i", "s", "exited", restart_policy="unless-stopped"), "unhealthy"),
    ],
)
def test_one_word_for_a_container(state: ContainerState, word: str) -> None:
    assert container_health(state) == word


@pytest.mark.parametrize(
    ("words", "word"),
    [
        ([], "unknown"),
        (["healthy", "healthy"], "healthy"),
        (["healthy", "finished"], "healthy"),
        (["finished"], "unhealthy"),
        (["unhealthy", "finished"], "unhealthy"),
        (["unhealthy", "healthy"], "degraded"),
        (["degraded"], "degraded"),
    ],
)
def test_one_word_for_a_deployment(words: list[str], word: str) -> None:
    assert overall(words) == word


def test_times_without_their_last_zeros_sort_as_times() -> None:
    late = parse_lines(b"2026-01-01T00:00:00.15Z second\n", "a", "stdout")
    early = parse_lines(b"2026-01-01T00:00:00.149999999Z first\n2026-01-01T00:00:00Z zeroth\n", "b", "stderr")
    assert [line.message for line in merge([late, early], 10)] == ["zeroth", "first", "second"]
