"""What an engine still made for a server that was killed: found by its label, and removed once its deployment is deleted."""

from __future__ import annotations

from pathlib import Path

import pytest

from handlers.docker.engine import EngineFault
from handlers.docker.labels import network_name
from handlers.docker.leftovers import clear, labelled
from handlers.docker.local_image import TEST
from tests.docker.support import Deployment

COMPOSE = (
    f"services: {{a: {{image: '{TEST}', init: true, command: [sleep, '60'], volumes: ['data:/data']}}}}\nvolumes: {{data: }}"
)
READ_ONLY = f"services: {{a: {{image: '{TEST}', init: true, command: [sleep, '60'], read_only: true}}}}"
FILES = [{"name": "f", "path": "/etc/f", "content": "here"}]


async def test_containers_and_networks_are_found_and_removed_and_data_stays(deployment: Deployment) -> None:
    await deployment.start(COMPOSE)
    assert deployment.id in labelled(deployment.socket)
    assert clear(deployment.socket, deployment.id) == 2
    names = deployment.names()
    assert (names["containers"], names["networks"], len(names["volumes"])) == ([], [], 1)
    assert deployment.id not in labelled(deployment.socket)
    assert clear(deployment.socket, deployment.id) == 0


async def test_the_volumes_that_nobody_named_go_with_their_container(deployment: Deployment) -> None:
    labels = {"hoster.managed": "true", "hoster.deployment": deployment.id}
    container = deployment.client.containers.create(TEST, ["sleep", "60"], labels=labels, volumes=["/more"])
    (mount,) = container.attrs["Mounts"]
    assert clear(deployment.socket, deployment.id) == 1
    assert mount["Name"] not in [volume.name for volume in deployment.client.volumes.list()]


async def test_images_made_for_the_deployment_are_found_and_removed(deployment: Deployment) -> None:
    deployment.row = {"compose_spec": READ_ONLY, "config_files": FILES}
    await deployment.start()
    for container in deployment.found("containers"):
        container.remove(force=True)
    deployment.client.networks.get(network_name(deployment.id)).remove()
    assert deployment.id in labelled(deployment.socket)
    assert clear(deployment.socket, deployment.id) == 1
    assert deployment.found("images") == []


async def test_what_another_deployment_has_and_what_is_not_ours_is_left_alone(deployment: Deployment) -> None:
    await deployment.start(COMPOSE)
    stray = deployment.client.containers.create(TEST, ["sleep", "60"], labels={"hoster.deployment": f"{deployment.id}_stray"})
    try:
        assert f"{deployment.id}_stray" not in labelled(deployment.socket)
        assert clear(deployment.socket, f"{deployment.id}_stray") == 0
        stray.reload()
    finally:
        stray.remove(force=True)
    assert deployment.running() == ["a"]


def test_an_engine_that_does_not_answer_has_no_leftovers_to_tell_of(tmp_path: Path) -> None:
    assert labelled(str(tmp_path / "nobody.sock")) == set()
    with pytest.raises(EngineFault):
        clear(str(tmp_path / "nobody.sock"), "depl_gone")
