"""What belongs to deployments that are gone, found by label and removed.

A server that is killed while an engine makes a container may never learn that it was made. Only things of deployments that
are known to be deleted are touched; volumes stay, since a customer may have asked for that.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from handlers.docker.engine import EngineFault, connect, translated
from handlers.docker.labels import DEPLOYMENT, MANAGED

PATIENCE_SECONDS = 30


def labelled(socket_path: str) -> set[str]:
    """The deployments that something in the engine is labelled with; none when the engine does not answer. Blocks."""
    try:
        client = connect(socket_path, PATIENCE_SECONDS)
    except EngineFault:
        return set()
    filters: dict[str, Any] = {"label": [f"{MANAGED}=true"]}
    try:
        found = translated(lambda: [*client.api.containers(all=True, filters=filters), *client.api.networks(filters=filters)])
    except EngineFault:
        return set()
    finally:
        client.close()
    return {each["Labels"][DEPLOYMENT] for each in found if (each.get("Labels") or {}).get(DEPLOYMENT)}


def clear(socket_path: str, deployment: str) -> int:
    """Remove the containers and networks of a deployment; how many there were. Blocks, raises `EngineFault`."""
    client = connect(socket_path, PATIENCE_SECONDS)
    filters: dict[str, Any] = {"label": [f"{DEPLOYMENT}={deployment}", f"{MANAGED}=true"]}
    try:
        containers = translated(lambda: client.api.containers(all=True, filters=filters))
        networks = translated(lambda: client.api.networks(filters=filters))
        for each in containers:
            _unless_gone(partial(client.api.remove_container, each["Id"], force=True, v=True))
        for each in networks:
            _unless_gone(partial(client.api.remove_network, each["Id"]))
    finally:
        client.close()
    return len(containers) + len(networks)


def _unless_gone(function: Callable[[], object]) -> None:
    try:
        translated(function)
    except EngineFault as fault:
        if fault.status != 404:
            raise
