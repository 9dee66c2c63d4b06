"""The command `docker.start`: from a row to running containers, or to a failure that says why.

Safe to run again after being cut off anywhere. When it fails, what it started is stopped, so that nothing of a failed
deployment runs; containers and volumes stay, as evidence and as data.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping

from engine.ambient import timestamp
from engine.commands.job import Fail, Job, Retry
from engine.model import JSON
from handlers.docker.causes import fail
from handlers.docker.container_state import ContainerState
from handlers.docker.engine import EngineLink, open_engine
from handlers.docker.evidence import conceal, redact
from handlers.docker.preparation import Prepared, prepare
from handlers.docker.provisioning import provision
from handlers.docker.pulling import ensure_images
from handlers.docker.starting import Starting, check_conditions
from handlers.docker.stopping import inspect_all, stop_in_order
from handlers.docker.watch import Timing


async def start(job: Job) -> Mapping[str, JSON]:
    """Bring the deployment up."""
    return await start_deployment(job, Timing())


async def start_deployment(job: Job, timing: Timing) -> dict[str, JSON]:
    """The same with other times between looks."""
    node = job.related.get("node")
    if node is None:
        raise fail("no_node", "The deployment has no node to run on", phase="validate")
    prepared = prepare(job.row_id, job.row, job.related.get("template"))
    if prepared.notices:
        ignored = redact("; ".join(notice.message for notice in prepared.notices[:10]), prepared.secrets)
        await job.event("compose_ignored", f"Parts of the compose file have no effect: {ignored}")
    async with open_engine(job, node, "pull") as link:
        try:
            states = await _bring_up(link, prepared, timing)
        except (Fail, Retry) as error:
            await _leave_nothing_running(link)
            conceal(error, prepared.secrets)
            raise
        except Exception:
            await _leave_nothing_running(link)
            raise
    documents: list[JSON] = [state.document() for state in states]
    return {"containers": documents, "started_at": timestamp(time.time())}


async def _bring_up(link: EngineLink, prepared: Prepared, timing: Timing) -> list[ContainerState]:
    plan = prepared.plan
    await link.job.progress("Looking for images", 0.0)
    images = await ensure_images(link, plan)
    check_conditions(plan, images)
    await link.job.progress("Creating containers", 0.6)
    ids = await provision(link, plan, images)
    await link.job.progress("Starting containers", 0.7)
    return await Starting(link, plan, ids, timing=timing, secrets=prepared.secrets).run()


async def _leave_nothing_running(link: EngineLink) -> None:
    """Stop what is up; a failure to do so must not hide the first one, and is found again by the next command."""
    with contextlib.suppress(Exception):
        await stop_in_order(link, await inspect_all(link, "stop"), failed=True)
