"""Stops containers: those of one rank together, ranks from the highest down, each with the grace its file gives it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from handlers.docker.container_state import ContainerState, container_state
from handlers.docker.engine import EngineFault, EngineLink

#: A program that has failed to start gets less time to end than one that is stopped in good order.
FAILED_GRACE = 5


async def inspect_all(link: EngineLink, phase: str) -> list[ContainerState]:
    """The state of every container of this deployment, running or not."""
    listed = await link.owned(phase, "containers")
    states: list[ContainerState] = await link.call(phase, None, inspect_each, link.api, [each["Id"] for each in listed])
    return states


def inspect_each(api: Any, containers: Sequence[str]) -> list[ContainerState]:
    """The states of some containers; those that are gone are left out. Blocks."""
    from docker.errors import NotFound

    states = []
    for container in containers:
        try:
            states.append(container_state(api.inspect_container(container)))
        except NotFound:
            continue
    return states


async def stop_in_order(
    link: EngineLink, states: Sequence[ContainerState], *, phase: str = "stop", failed: bool = False
) -> None:
    """Stop what is up, dependants before what they depend on."""
    up = sorted((each for each in states if each.is_up), key=lambda each: -each.rank)
    for _, group in groupby(up, key=lambda each: each.rank):
        stops = [stop_container(link, phase, each, FAILED_GRACE if failed else None) for each in group]
        results = await asyncio.gather(*stops, return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result


async def stop_container(link: EngineLink, phase: str, state: ContainerState, grace: int | None = None) -> None:
    """Stop one container; without `grace`, with the time that its file gives it."""
    if not state.is_up:
        return
    seconds = state.stop_grace if grace is None else min(grace, state.stop_grace)
    # Always with a time: without one, the SDK gives up before a long grace is over.
    if await _gone(link, phase, state, link.api.stop, state.id, timeout=seconds):
        return
    await link.job.event("container_stopped", f"Stopped {state.service}", service=state.service)


async def remove_container(link: EngineLink, phase: str, state: ContainerState) -> None:
    """Remove one container, running or not, with the volumes that nobody named."""
    await _gone(link, phase, state, link.api.remove_container, state.id, force=True, v=True)


async def _gone(link: EngineLink, phase: str, state: ContainerState, function: Any, *arguments: Any, **named: Any) -> bool:
    """Make the call; true when there is no such container any more, which is as good."""
    try:
        await link.attempt(function, *arguments, **named)
    except EngineFault as fault:
        if fault.status != 404:
            raise fault.verdict(phase, state.service or None) from fault
        return True
    return False
