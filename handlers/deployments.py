"""The command `deployments.schedule`: which node a deployment runs on, and the port of that node it is reached by.

Both are proposals until they are stored: the database keeps a port unique on its node, and when two deployments meet,
the one that comes second is refused there, and scheduled again. Each begins its search elsewhere, so that they seldom meet.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

from engine.commands.job import Job, Retry
from engine.commands.registry import handles
from engine.model import JSON
from handlers.docker.causes import CAUSES, fail

FIRST_PORT = 30_000
LAST_PORT = 39_999
PHASE = "schedule"


@handles("deployments.schedule")
async def schedule(job: Job) -> Mapping[str, JSON]:
    """Choose a node unless one is chosen, and a port unless there is one."""
    node = await _node(job)
    port = job.row.get("proxy_port")
    if port is None:
        others = await job.find("deployments", node=node["id"])
        port = free_port(held_ports(others, job.row_id), preferred_port(job.row_id))
    if port is None:
        message = f"All ports from {FIRST_PORT} to {LAST_PORT} of {node.get('name', node['id'])} are taken"
        raise fail("no_free_port", message, phase=PHASE)
    return {"node": node["id"], "proxy_port": port}


def held_ports(deployments: Iterable[Mapping[str, Any]], own: str) -> set[int]:
    """The ports that other deployments hold, whatever state they are in: a stopped one is started again on its port."""
    return {
        row["proxy_port"]
        for row in deployments
        if row.get("proxy_port") is not None and row["id"] != own and row.get("status") != "deleted"
    }


def preferred_port(deployment: str) -> int:
    """Where the search begins for a deployment: by its id, so that many that start at once do not all want the same port."""
    return FIRST_PORT + zlib.crc32(deployment.encode()) % (LAST_PORT + 1 - FIRST_PORT)


def free_port(held: set[int], preferred: int) -> int | None:
    """The next port from the preferred one on that nobody holds; after the last comes the first."""
    ports = chain(range(preferred, LAST_PORT + 1), range(FIRST_PORT, preferred))
    return next((port for port in ports if port not in held), None)


def best_node(nodes: Sequence[Mapping[str, Any]], customer: str | None, load: Mapping[str, int]) -> Mapping[str, Any] | None:
    """The customer's own node before a public one, then the one with the fewest deployments; never anybody else's."""
    usable = [node for node in nodes if node.get("public") or (customer is not None and node.get("creator") == customer)]
    return min(usable, key=lambda node: (node.get("creator") != customer, load.get(node["id"], 0), node["id"]), default=None)


async def _node(job: Job) -> Mapping[str, Any]:
    if job.row.get("node") is None:
        return await _choose(job)
    node = job.related.get("node")
    if node is None:
        raise fail("no_node", "The chosen node does not exist any more", hint="Choose another node", phase=PHASE)
    if node.get("status") != "online":
        name, status = node.get("name", node["id"]), node.get("status")
        raise fail("node_offline", f"The node {name} is {status}, not online", phase=PHASE, node=node["id"])
    return node


async def _choose(job: Job) -> Mapping[str, Any]:
    nodes = await job.find("nodes", status="online")
    load = {node["id"]: len(await job.find("deployments", node=node["id"])) for node in nodes}
    node = best_node(nodes, job.row.get("customer"), load)
    if node is None:
        hint = CAUSES["no_node"].hint
        raise Retry("No node that you may use is online", cause="no_node", hint=hint, phase=PHASE)
    return node
