"""What one deployment may use at most, and what a service gets that asks for nothing."""

from __future__ import annotations

from dataclasses import dataclass

from handlers.docker.quantities import MIB


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one container: memory in bytes, processors in billionths; None for `max_cpus` means the node's all."""

    memory: int = 1024 * MIB
    max_memory: int | None = None
    max_cpus: int | None = None
    pids: int = 512
    max_pids: int = 4096


DEFAULT_LIMITS = Limits()
