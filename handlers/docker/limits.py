"""What one deployment may use at most, and what a service gets that asks for nothing."""

from __future__ import annotations

from dataclasses import dataclass

from handlers.docker.quantities import MIB


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one container: memory in bytes, processors in billionths; None for `max_cpus` means the node's all.

    `total_memory` and `total_cpus` are what all containers may have together: services that ask for nothing get equal parts
    of what the others leave.
    """

    memory: int = 1024 * MIB
    total_memory: int | None = None
    total_cpus: int | None = None
    max_memory: int | None = None
    max_cpus: int | None = None
    pids: int = 512
    max_pids: int = 4096


DEFAULT_LIMITS = Limits()

TOTAL_MEMORY_MB, TOTAL_CPUS = 1024, 1.0
"""What a deployment may have whose template does not say; it counts as much in a plan, see `resources/deployments.yaml`."""

LEAST_MEMORY = 6 * MIB
"""Docker refuses less."""

LEAST_CPUS = 10_000_000
"""A hundredth of a processor: Docker refuses less."""


def total(memory_mb: float | None, cpus: float | None) -> Limits:
    """The bounds of a deployment that has this much."""
    memory, billionths = memory_mb or TOTAL_MEMORY_MB, (cpus or TOTAL_CPUS) * 1_000_000_000
    return Limits(memory=int(memory) * MIB, total_memory=int(memory) * MIB, total_cpus=int(billionths))
