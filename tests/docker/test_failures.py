"""Deployments that cannot come up: each ends with its cause, its evidence, a hint, and nothing running."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest
from docker import DockerClient

from engine.commands.job import Fail, Retry
from handlers.docker.causes import CAUSES
from handlers.docker.local_image import HELLO, TEST
from tests.docker.support import Deployment


def services(**more: str) -> str:
    return "services:\n" + "".join(f"  {name}: {{image: '{TEST}', init: true, {keys}}}\n" for name, keys in more.items())


async def failure(deployment: Deployment, compose: str, **more: Any) -> Fail:
    with pytest.raises(Fail) as caught:
        await deployment.start(compose, **more)
    assert deployment.running() == []
    assert caught.value.cause in CAUSES
    assert caught.value.hint
    assert caught.value.message
    return caught.value


@pytest.mark.parametrize(
    ("keys", "cause", "phase", "evidence"),
    [
        ("command: [sh, -c, 'echo out of luck; exit 3']", "exited", "start", {"exit_code": 3, "log": ["out of luck"]}),
        ("command: [sh, -c, 'echo again; exit 3'], restart: always", "crash_loop", "start", {"exit_code": 3}),
        ("command: [sh, -c, 'exit 5'], restart: 'on-failure:2'", "crash_loop", "start", {"exit_code": 5, "restarts": 2}),
        ("command: [sh, -c, 'nosuchprogram']", "command_not_found", "start", {"exit_code": 127}),
        ("command: [sh, -c, /etc/passwd]", "command_not_executable", "start", {"exit_code": 126}),
        ("command: [sh, -c, 'exit 0']", "exited", "start", {"exit_code": 0}),
        ("command: [sh, -c, 'kill -SEGV $$$$'], init: false, entrypoint: []", "exited", "start", {}),
        (
            "command: [sleep, '60'], healthcheck: {test: 'echo not yet; exit 1', interval: 1s, retries: 1}",
            "health_check_failing", "health", {"health_output": "not yet"},
        ),
        (
            "command: [sh, -c, 'a=x; while :; do a=$$a$$a; done'], mem_limit: 8m, restart: always",
            "out_of_memory", "start", {},
        ),
    ],
)  # fmt: skip
async def test_a_program_that_does_not_stay_up(
    deployment: Deployment, keys: str, cause: str, phase: str, evidence: dict[str, Any]
) -> None:
    found = await failure(
        deployment, services(a=keys).replace("init: true, ", "init: true, " if "init: false" not in keys else "")
    )
    assert (found.cause, found.evidence["phase"], found.evidence["service"]) == (cause, phase, "a")
    assert {key: found.evidence[key] for key in evidence} == evidence
    assert isinstance(found.evidence["log"], list)
    assert len(found.evidence["log"]) <= 20


@pytest.mark.parametrize(
    ("keys", "cause"),
    [
        ("init: false, entrypoint: [nosuchprogram]", "command_not_found"),
        ("init: false, entrypoint: [/etc/passwd]", "command_not_executable"),
        ("command: [sleep, '60'], user: nosuchuser", "user_unknown"),
        ("command: [sleep, '60'], cpus: 1000", "node_too_small"),
    ],
)
async def test_a_container_that_cannot_be_started(deployment: Deployment, keys: str, cause: str) -> None:
    deployment.row["cpu_cores"] = 2000 if "cpus" in keys else None  # the plan allows it, the node has not got it
    found = await failure(deployment, f"services: {{a: {{image: '{TEST}', {keys}}}}}")
    assert (found.cause, found.evidence["service"]) == (cause, "a")


async def test_a_failed_job_is_the_cause_for_those_who_wait_for_it(deployment: Deployment) -> None:
    compose = services(
        job="command: [sh, -c, 'echo cannot migrate; exit 4']",
        web="command: [sleep, '60'], depends_on: {job: {condition: service_completed_successfully}}",
    )
    found = await failure(deployment, compose)
    assert (found.cause, found.evidence["service"], found.evidence["waiting"]) == ("dependency_failed", "job", ["web"])
    assert found.evidence["log"] == ["cannot migrate"]


async def test_when_one_service_fails_the_others_are_stopped_and_their_data_stay(deployment: Deployment) -> None:
    compose = services(
        db="command: [sleep, '60'], volumes: ['data:/data']", web="command: [sh, -c, 'exit 1'], depends_on: [db]"
    )
    await failure(deployment, compose + "volumes: {data: }\n")
    assert deployment.names()["volumes"] == [f"hoster_{deployment.id}_data"]
    assert len(deployment.names()["containers"]) == 2
    await deployment.start((compose + "volumes: {data: }\n").replace("sh, -c, 'exit 1'", "sleep, '60'"))
    assert deployment.running() == ["db", "web"]


async def test_waiting_for_the_health_of_what_nothing_checks_is_refused_at_once(deployment: Deployment) -> None:
    compose = services(a="command: [sleep, '60'], depends_on: {b: {condition: service_healthy}}", b="command: [sleep, '60']")
    found = await failure(deployment, compose)
    assert (found.cause, found.evidence["phase"]) == ("compose_invalid", "validate")
    assert deployment.names()["containers"] == []


async def test_a_port_that_somebody_holds(deployment: Deployment) -> None:
    with socket.socket() as holder:
        holder.bind(("0.0.0.0", 0))  # noqa: S104 - it has to be in the way
        holder.listen()
        deployment.row["proxy_port"] = port = holder.getsockname()[1]
        found = await failure(deployment, f"services: {{a: {{image: '{HELLO}', ports: ['80']}}}}")
    assert (found.cause, found.evidence["phase"], found.evidence["port"]) == ("port_taken", "start", port)
    await deployment.start()
    assert deployment.running() == ["a"]


async def test_a_missing_variable(deployment: Deployment) -> None:
    deployment.template = {"variables": [{"name": "KEY", "label": "Key", "type": "password", "required": True}]}
    found = await failure(deployment, services(a="environment: {K: $KEY}"))
    assert (found.cause, found.evidence["variables"], found.evidence["phase"]) == ("variable_missing", ["KEY"], "validate")
    deployment.row["variables"] = {"KEY": "x", "OTHER": "y"}
    assert (await failure(deployment, services(a="environment: {K: $KEY}"))).cause == "variable_invalid"


async def test_a_compose_file_that_cannot_be_and_a_password_in_the_wrong_place(deployment: Deployment) -> None:
    deployment.template = {"variables": [{"name": "KEY", "type": "password"}]}
    deployment.row["variables"] = {"KEY": "hunter2-hunter2"}
    found = await failure(deployment, services(a="mem_limit: $KEY, privileged: true"))
    assert found.cause == "compose_invalid"
    listed = found.evidence["problems"]
    assert isinstance(listed, list)
    assert len(listed) == 2
    assert "hunter2" not in str(vars(found))
    assert "•••" in str(listed)


async def test_a_password_in_a_log_is_masked(deployment: Deployment) -> None:
    deployment.template = {"variables": [{"name": "KEY", "type": "password"}]}
    deployment.row["variables"] = {"KEY": "hunter2-hunter2"}
    found = await failure(deployment, services(a="command: [sh, -c, 'echo login with $KEY; exit 1']"))
    assert found.evidence["log"] == ["login with •••"]


async def test_a_socket_without_an_engine(deployment: Deployment, tmp_path: Path) -> None:
    deployment.socket = str(tmp_path / "none.sock")
    for command in (lambda: deployment.start(services(a="command: [sh]")), deployment.stop, deployment.remove):
        with pytest.raises(Retry) as caught:
            await command()
        assert caught.value.cause == "engine_unreachable"
        assert caught.value.hint


async def test_something_foreign_that_has_the_name(deployment: Deployment, engine: DockerClient) -> None:
    compose = services(a="command: [sleep, '60'], volumes: ['d:/d']") + "volumes: {d: }\n"
    volume = engine.volumes.create(f"hoster_{deployment.id}_d")
    try:
        assert (await failure(deployment, compose)).cause == "name_taken"
    finally:
        volume.remove()
    network = engine.networks.create(f"hoster_{deployment.id}_x")
    network.remove()
    container = engine.containers.create(TEST, ["true"], name=f"hoster_{deployment.id}_a")
    try:
        assert (await failure(deployment, compose)).cause == "name_taken"
    finally:
        container.remove()


async def test_a_row_without_a_node(deployment: Deployment) -> None:
    from handlers.docker.start import start
    from tests.docker.support import make_job

    with pytest.raises(Fail) as caught:
        await start(make_job({"id": deployment.id}))
    assert caught.value.cause == "no_node"
