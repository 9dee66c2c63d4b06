"""Looks on every node for things of deployments that are deleted, and has them removed."""

from __future__ import annotations

import logging
from functools import partial

import orjson

from engine.commands.job import Job
from engine.commands.registry import every
from engine.store import Unit
from handlers.docker.engine import EngineFault
from handlers.docker.leftovers import clear, labelled

log = logging.getLogger("hoster.leftovers")

PERIOD = 60.0
DELETED = "SELECT id FROM deployments WHERE status = 'deleted' AND id IN (SELECT value FROM json_each(?))"


@every(PERIOD, "deployments.leftovers")
async def clear_leftovers(job: Job) -> None:
    """Compare what is labelled with what is deleted; only what is both goes."""
    for node in await job.find("nodes", status="online"):
        job.checkpoint()
        present = await job.in_thread(labelled, node["docker_socket"])
        for deployment in await job.write(partial(_deleted, present=present)):
            job.checkpoint()
            try:
                count = await job.in_thread(clear, node["docker_socket"], deployment)
            except EngineFault as fault:
                log.warning("Leftovers of a deleted deployment stay for now: %s", fault, extra={"row": deployment})
            else:
                log.warning("Removed %d leftovers of a deleted deployment", count, extra={"row": deployment})


def _deleted(unit: Unit, *, present: set[str]) -> list[str]:
    return [row[0] for row in unit.transaction.all(DELETED, (orjson.dumps(sorted(present)).decode(),))] if present else []
