"""Down, and gone: in order, whatever is there, and looked up before it is said."""

from __future__ import annotations

import pytest
from docker import DockerClient

from engine.commands.job import Retry
from handlers.docker.local_image import TEST
from handlers.docker.remove import remove
from handlers.docker.stop import stop
from tests.docker.support import Deployment, make_job

CHAIN = f"""
services:
  web: {{image: '{TEST}', init: true, command: [sleep, '60'], depends_on: [api, jobs]}}
  api: {{image: '{TEST}', init: true, command: [sleep, '60'], depends_on: [db]}}
  jobs: {{image: '{TEST}', init: true, command: [sleep, '60'], depends_on: [db]}}
  db: {{image: '{TEST}', init: true, command: [sleep, '60'], volumes: ['data:/data', /more]}}
volumes: {{data: }}
"""
ONE = f"""
services:
  db: {{image: '{TEST}', init: true, command: [sleep, '60'], volumes: ['data:/data', /more]}}
volumes: {{data: }}
"""
NOTHING = {"containers": [], "networks": [], "volumes": []}


async def test_dependants_are_stopped_before_what_they_depend_on(deployment: Deployment) -> None:
    await deployment.start(CHAIN)
    deployment.reporter.events.clear()
    answer = await deployment.stop()
    order = [data["service"] for kind, _, data in deployment.reporter.events if kind == "container_stopped"]
    assert order[0] == "web"
    assert set(order[1:3]) == {"api", "jobs"}
    assert order[3] == "db"
    assert {each["state"] for each in answer["containers"]} == {"exited"}
    assert (await deployment.stop())["containers"] == answer["containers"]


async def test_a_program_gets_the_grace_of_its_file_and_no_more(deployment: Deployment) -> None:
    stubborn = "command: [sh, -c, \"trap '' TERM; while :; do sleep 0.1; done\"]"
    await deployment.start(f"services: {{a: {{image: '{TEST}', {stubborn}, stop_grace_period: 1s}}}}")
    await deployment.stop()
    assert deployment.running() == []
    assert deployment.found("containers")[0].attrs["State"]["ExitCode"] == 137


async def test_a_container_in_a_crash_loop_is_stopped(deployment: Deployment, engine: DockerClient) -> None:
    await deployment.start(f"services: {{a: {{image: '{TEST}', command: [sleep, '60'], init: true, restart: always}}}}")
    container = deployment.found("containers")[0]
    container.update(restart_policy={"Name": "always"})
    container.exec_run(["kill", "1"])
    await deployment.stop()
    assert deployment.running() == []


async def test_remove_leaves_nothing(deployment: Deployment) -> None:
    await deployment.start(CHAIN)
    assert deployment.running() == ["api", "db", "jobs", "web"]
    await deployment.remove()
    assert deployment.names() == NOTHING
    await deployment.remove()
    assert deployment.names() == NOTHING


async def test_volumes_stay_when_they_are_to_be_kept(deployment: Deployment) -> None:
    await deployment.start(ONE)
    await deployment.remove(inputs={"keep_volumes": True})
    names = deployment.names()
    assert (names["containers"], names["networks"]) == ([], [])
    assert len(names["volumes"]) == 2


async def test_a_network_with_a_stray_container_is_removed(deployment: Deployment, engine: DockerClient) -> None:
    await deployment.start(ONE)
    stray = engine.containers.run(TEST, ["sleep", "60"], detach=True, init=True, network=f"hoster_{deployment.id}")
    try:
        await deployment.remove()
        assert deployment.names() == NOTHING
        stray.reload()
        assert stray.status == "running"
    finally:
        stray.remove(force=True)


async def test_a_volume_that_a_stranger_uses_is_not_said_to_be_gone(deployment: Deployment, engine: DockerClient) -> None:
    await deployment.start(ONE)
    volumes = {f"hoster_{deployment.id}_data": {"bind": "/x", "mode": "rw"}}
    stray = engine.containers.run(TEST, ["sleep", "60"], detach=True, init=True, volumes=volumes)
    try:
        with pytest.raises(Retry) as caught:
            await deployment.remove()
        assert "in use" in caught.value.message
    finally:
        stray.remove(force=True)
    await deployment.remove()
    assert deployment.names() == NOTHING


async def test_a_row_that_was_never_placed_is_stopped_and_removed_without_an_engine() -> None:
    assert (await stop(make_job({"id": "depl_nowhere"})))["containers"] == []
    assert await remove(make_job({"id": "depl_nowhere"})) == {"containers": []}
