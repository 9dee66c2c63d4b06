"""Keeps track of the nodes: registers the engine of this machine, and finds out which nodes answer.

What a node is asked is I/O and lives in `handlers.docker`; this decides what the answer means.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from engine.ambient import seconds, timestamp
from engine.commands.job import Job
from engine.commands.registry import DEFAULT, every
from engine.model import JSON
from engine.store import Unit
from engine.store.moves import fire
from handlers.docker.probe import Probe, probe

PERIOD = 30.0
NOTED = 300.0
"""Seconds between two notes that a node still answers."""

LOCAL_NAME = "This machine"


@every(PERIOD, "nodes.check")
async def check_nodes(job: Job) -> None:
    """Ask every node whether it answers, and move those for which that has changed."""
    socket = DEFAULT.settings.nodes_local_socket if DEFAULT.settings else None
    if socket is not None:
        await job.write(partial(_register_local, socket=str(socket)))
    for node in await job.find("nodes"):
        if node["status"] != "maintenance":
            job.checkpoint()
            answer = await job.in_thread(probe, node["docker_socket"])
            await job.write(partial(_settle, node_id=node["id"], answer=answer))


def _register_local(unit: Unit, socket: str) -> None:
    kind = unit.store.kind("nodes")
    if unit.transaction.one(f'{kind.select} WHERE t."docker_socket" = ?', (socket,)) is None:
        unit.create(kind, {"name": LOCAL_NAME, "docker_socket": socket, "public": True})


def _settle(unit: Unit, node_id: str, answer: Probe) -> None:
    kind = unit.store.kind("nodes")
    record = unit.find(kind, node_id)
    if record is None or record.state == "maintenance":
        return
    record = unit.update(kind, record, _measured(record.row, answer, unit.time))
    wanted = "online" if answer.error is None else "offline"
    if record.state != wanted:
        fire(unit, kind, record, f"went_{wanted}", {})


def _measured(row: Mapping[str, Any], answer: Probe, now: float) -> dict[str, JSON]:
    """What to write: little while nothing changes, so that a quiet node makes few events."""
    if answer.error is not None:
        return {"error_message": answer.error}
    seen = row["last_health_check"]
    return {
        "last_health_check": timestamp(now) if seen is None or now - seconds(seen) > NOTED else seen,
        "error_message": None,
        "engine_version": answer.version,
        "capacity_cpu_cores": answer.cpu_cores,
        "capacity_memory_mb": answer.memory_mb,
        "capacity_disk_mb": answer.disk_mb,
    }
