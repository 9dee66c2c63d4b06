"""The command `docker.remove`: nothing of the deployment is left in the engine, and that is looked up before it is said.

The input `keep_volumes` leaves its data. Works where nothing was ever made, and where part of it is already gone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from engine.commands.job import Job, Retry
from engine.model import JSON
from handlers.docker.engine import EngineFault, EngineLink, open_engine
from handlers.docker.stopping import inspect_all, remove_container, stop_in_order

PHASE = "remove"


async def remove(job: Job) -> Mapping[str, JSON]:
    """Remove the deployment's containers, networks, derived images and, unless they are to stay, volumes."""
    node = job.related.get("node")
    if node is None:
        return {"containers": []}
    kinds = ["containers", "networks", "images"]
    if job.inputs.get("keep_volumes") is not True:
        kinds.append("volumes")
    async with open_engine(job, node, PHASE) as link:
        await _containers(link)
        await _networks(link)
        for image in await link.owned(PHASE, "images"):
            await _gone_or(link, link.api.remove_image, image["Id"], force=True)
        if "volumes" in kinds:
            for volume in await link.owned(PHASE, "volumes"):
                await _gone_or(link, link.api.remove_volume, volume["Name"])
        left: list[JSON] = [kind for kind in kinds if await link.owned(PHASE, kind)]
    if left:
        raise Retry(f"Some of its {', '.join(map(str, left))} are still there", cause="engine_error", phase=PHASE, left=left)
    return {"containers": []}


async def _containers(link: EngineLink) -> None:
    """Stop in good order first: with volumes that stay, programs must get to write their data."""
    states = await inspect_all(link, PHASE)
    await stop_in_order(link, states, phase=PHASE, failed=link.job.inputs.get("keep_volumes") is not True)
    for state in states:
        await remove_container(link, PHASE, state)
        if state.service:
            await link.job.event("container_removed", f"Removed the container of {state.service}", service=state.service)


async def _networks(link: EngineLink) -> None:
    for network in await link.owned(PHASE, "networks"):
        try:
            answer = await link.attempt(link.api.inspect_network, network["Id"])
        except EngineFault as fault:
            if fault.status == 404:
                continue
            raise fault.verdict(PHASE) from fault
        # Somebody may have connected a container of their own; an engine keeps a network that has one.
        for container in answer.get("Containers") or ():
            await _gone_or(link, link.api.disconnect_container_from_network, container, network["Id"], force=True)
        await _gone_or(link, link.api.remove_network, network["Id"])


async def _gone_or(link: EngineLink, function: Callable[..., Any], *arguments: Any, **named: Any) -> None:
    """A call that removes something; that it is already gone is fine."""
    try:
        await link.attempt(function, *arguments, **named)
    except EngineFault as fault:
        if fault.status != 404:
            raise fault.verdict(PHASE) from fault
