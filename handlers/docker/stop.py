"""The command `docker.stop`: every container of the deployment down, dependants first; containers and data stay.

It needs neither the template nor the compose file: the order and the grace of each container are in the engine.
"""

from __future__ import annotations

import time
from collections.abc import Mapping

from engine.ambient import timestamp
from engine.commands.job import Job, Retry
from engine.model import JSON
from handlers.docker.engine import open_engine
from handlers.docker.stopping import inspect_all, stop_in_order


async def stop(job: Job) -> Mapping[str, JSON]:
    """Take the deployment down."""
    stopped_at = {"stopped_at": timestamp(time.time())}
    node = job.related.get("node")
    if node is None:
        return {**stopped_at, "containers": []}
    async with open_engine(job, node, "stop") as link:
        await stop_in_order(link, await inspect_all(link, "stop"))
        states = await inspect_all(link, "stop")
    up: list[JSON] = [state.service for state in states if state.is_up]
    if up:
        raise Retry(f"Still up after being stopped: {', '.join(map(str, up))}", cause="engine_error", phase="stop", services=up)
    containers: list[JSON] = [state.document() for state in sorted(states, key=lambda each: (each.rank, each.service))]
    return {"stopped_at": timestamp(time.time()), "containers": containers}
