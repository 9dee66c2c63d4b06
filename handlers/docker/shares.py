"""How the containers of a deployment share what it may have: who asks gets that, the others equal parts of what is left."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from engine.commands.registry import Problem
from handlers.docker.limits import LEAST_CPUS, LEAST_MEMORY, Limits
from handlers.docker.model import Compose
from handlers.docker.quantities import MIB


class Share(NamedTuple):
    """What a service gets that asks for nothing: memory in bytes, processors in billionths, None for the node's all."""

    memory: int
    cpus: int | None


def share(compose: Compose, limits: Limits, problems: list[Problem]) -> Share:
    """Work it out; what is asked for beyond the whole, or leaves nothing for the others, becomes a problem."""
    memory = min(limits.memory, limits.max_memory or limits.memory)
    cpus = limits.max_cpus
    if limits.total_memory is not None:
        asked = [each.resources.memory for each in compose.services]
        memory = min(memory, _part(asked, limits.total_memory, LEAST_MEMORY, "memory", problems))
    if limits.total_cpus is not None:
        part = _part([each.resources.cpus for each in compose.services], limits.total_cpus, LEAST_CPUS, "processors", problems)
        cpus = part if cpus is None else min(cpus, part)
    return Share(memory, cpus)


def _part(asked: Sequence[int | None], total: int, least: int, what: str, problems: list[Problem]) -> int:
    """An equal part of what is left for each that asks for nothing."""
    wanted, others = sum(filter(None, asked)), sum(not each for each in asked)
    left = total - wanted
    if left < 0 or (others and left // others < least):
        problems.append(
            Problem(
                f"services: they ask for {_shown(wanted, what)} together, and the deployment has {_shown(total, what)}"
                + (", with too little left for the others" if left >= 0 else ""),
                ("services",),
                hint="Ask for less, or let the template ask for more: resources_memory_mb and resources_cpu_cores",
            )
        )
        return least
    return left // others if others else total


def _shown(amount: int, what: str) -> str:
    return f"{amount // MIB} MiB of memory" if what == "memory" else f"{amount / 1_000_000_000:g} processors"
