"""Stops containers: those of one rank together, ranks from the highest down, each with the grace its file gives it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from handlers.docker.container_state import ContainerState, container_state
from handlers.docker.engine import LONG_CALL_SECONDS, EngineLink

#: A program that has failed to start gets less time to end than one that is stopped in good order.
FAILED_GRACE = 5


async def inspect_all(link: EngineLink, phase: str) -> list[ContainerState]:
    """The state of every container of this deployment, running or not."""
    listed = await link.owned(phase, "containers")
    return await link.call(phase, None, inspect_each, link.api, [each["Id"] for each in listed])


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


async def stop_in_order(link: EngineLink, states: Sequence[ContainerState], *, phase: str = "stop", failed: bool = False) -> None:
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
    await link.call(phase, state.service, _stop, link.api, state.id, grace)
    await link.job.event("container_stopped", f"Stopped {state.service}", service=state.service)


def _stop(api: Any, container: str, grace: int | None) -> None:
    """The SDK ends its own wait ten seconds after a default grace, so the call is made by hand. Blocks."""
    params = {} if grace is None else {"t": grace}
    answer = api.post(f"{api.base_url}/v{api.api_version}/containers/{container}/stop", params=params, timeout=LONG_CALL_SECONDS)
    if answer.status_code != 404:
        answer.close()
        api._raise_for_status(answer)
