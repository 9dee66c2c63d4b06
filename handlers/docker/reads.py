"""The served reads of a deployment: whether it is healthy, and what it printed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any

from engine.ambient import timestamp
from engine.commands.registry import ReadContext
from engine.errors import Unavailable
from engine.model import JSON
from handlers.docker.container_state import ContainerState
from handlers.docker.engine import EngineFault, connect, translated
from handlers.docker.labels import DEPLOYMENT, SERVICE
from handlers.docker.log_lines import LogLine, merge, parse_lines
from handlers.docker.stopping import inspect_each

READ_SECONDS = 15
MANY_RESTARTS = 3
DEFAULT_TAIL = 100
MAX_TAIL = 10_000


async def health(context: ReadContext) -> Mapping[str, JSON]:
    """How the deployment is: its containers, and one word for all of them."""
    answer: dict[str, JSON] = {"status": "unknown", "containers": [], "checked_at": timestamp(time.time())}
    socket = _socket(context)
    if socket is None:
        return answer
    try:
        states = await asyncio.to_thread(_states, socket, str(context.row["id"]))
    except EngineFault as fault:
        return {**answer, "reason": fault.explanation.message}
    return {**answer, "status": overall([container_health(state) for state in states]), "containers": _documents(states)}


async def logs(context: ReadContext) -> Sequence[Mapping[str, JSON]]:
    """The last lines of each container, by time; the parameters are `tail`, lines of each, and `service`."""
    socket = _socket(context)
    if socket is None:
        return []
    tail = context.params.get("tail")
    count = max(0, min(DEFAULT_TAIL if tail is None else int(tail), MAX_TAIL))
    try:
        lines = await asyncio.to_thread(_lines, socket, str(context.row["id"]), context.params.get("service"), count)
    except EngineFault as fault:
        raise Unavailable(f"The logs cannot be read just now: {fault.explanation.message}") from fault
    return [line.document() for line in lines]


def container_health(state: ContainerState) -> str:
    """One word for one container. Pure."""
    if state.has_finished:
        return "finished"
    if state.status != "running" or state.health == "unhealthy":
        return "unhealthy"
    if state.restarts > MANY_RESTARTS or state.health == "starting":
        return "degraded"
    return "healthy"


def overall(healths: Sequence[str]) -> str:
    """One word for all containers together; jobs that have finished count only where nothing else is left. Pure."""
    running = [each for each in healths if each != "finished"]
    if not running:
        return "unhealthy" if healths else "unknown"
    if all(each == "unhealthy" for each in running):
        return "unhealthy"
    return "healthy" if all(each == "healthy" for each in running) else "degraded"


def _documents(states: Sequence[ContainerState]) -> list[JSON]:
    return [
        {
            "name": state.service,
            "status": state.status,
            "health": container_health(state),
            "started_at": state.started_at or None,
            "restarts": state.restarts,
        }
        for state in states
    ]


def _socket(context: ReadContext) -> str | None:
    node = context.related.get("node")
    return None if node is None else str(node.get("docker_socket") or "/var/run/docker.sock")


def _listed(client: Any, deployment: str) -> list[dict[str, Any]]:
    filters = {"label": [f"{DEPLOYMENT}={deployment}", SERVICE]}
    return list(translated(lambda: client.api.containers(all=True, filters=filters)))


def _states(socket: str, deployment: str) -> list[ContainerState]:
    client = connect(socket, READ_SECONDS)
    try:
        found = [each["Id"] for each in _listed(client, deployment)]
        states = translated(lambda: inspect_each(client.api, found))
    finally:
        client.close()
    return sorted(states, key=lambda state: (state.rank, state.service))


def _lines(socket: str, deployment: str, service: str | None, tail: int) -> list[LogLine]:
    client = connect(socket, READ_SECONDS)
    try:
        groups = []
        for container in _listed(client, deployment):
            name = container["Labels"][SERVICE]
            if service in {None, "", name} and tail:
                groups.append(translated(lambda each=container, name=name: _of(client.api, each["Id"], name, tail)))  # type: ignore[misc]  # mypy does not infer a lambda's defaults
    finally:
        client.close()
    return merge(groups, tail)


def _of(api: Any, container: str, service: str, tail: int) -> list[LogLine]:
    """One container's last lines. The two streams are asked for apart, because together they cannot be told apart."""
    found = []
    for stream in ("stdout", "stderr"):
        text = api.logs(container, stdout=stream == "stdout", stderr=stream == "stderr", timestamps=True, tail=tail)
        found.extend(parse_lines(text, service, stream))
    return merge([found], tail)
