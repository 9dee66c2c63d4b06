"""What belongs to deployments that are gone, found by label and removed.

A server that is killed while an engine makes a container may never learn that it was made. Only things of deployments that
are known to be deleted are touched; volumes stay, since a customer may have asked for that.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any

from handlers.docker.engine import EngineFault, connect, translated
from handlers.docker.labels import DEPLOYMENT, MANAGED

if TYPE_CHECKING:
    from docker import DockerClient

PATIENCE_SECONDS = 30


def labelled(socket_path: str) -> set[str]:
    """The deployments that something in the engine is labelled with; none when the engine does not answer. Blocks."""
    try:
        client = connect(socket_path, PATIENCE_SECONDS)
    except EngineFault:
        return set()
    try:
        found = chain(*_found(client, f"{MANAGED}=true"))
    except EngineFault:
        return set()
    finally:
        client.close()
    return {each["Labels"][DEPLOYMENT] for each in found if (each.get("Labels") or {}).get(DEPLOYMENT)}


def clear(socket_path: str, deployment: str) -> int:
    """Remove the containers, networks and own images of a deployment; how many there were. Blocks, raises `EngineFault`."""
    client = connect(socket_path, PATIENCE_SECONDS)
    try:
        containers, networks, images = _found(client, f"{MANAGED}=true", f"{DEPLOYMENT}={deployment}")
        for each in containers:
            _unless_gone(partial(client.api.remove_container, each["Id"], force=True, v=True))
        for each in networks:
            _unless_gone(partial(client.api.remove_network, each["Id"]))
        for each in images:
            _unless_gone(partial(client.api.remove_image, each["Id"], force=True))
    finally:
        client.close()
    return len(containers) + len(networks) + len(images)


def _found(client: DockerClient, *labels: str) -> tuple[list[Any], list[Any], list[Any]]:
    """The containers, networks and images with all of these labels."""
    api, filters = client.api, {"label": list(labels)}
    return translated(
        lambda: (api.containers(all=True, filters=filters), api.networks(filters=filters), api.images(filters=filters))
    )


def _unless_gone(function: Callable[[], object]) -> None:
    try:
        translated(function)
    except EngineFault as fault:
        if fault.status != 404:
            raise
