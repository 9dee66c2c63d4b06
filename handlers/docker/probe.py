"""Asks an engine whether it answers, and what its machine offers."""

from __future__ import annotations

import shutil
from dataclasses import dataclass

from handlers.docker.engine import EngineFault, connect, translated
from handlers.docker.quantities import MIB

PROBE_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Probe:
    """The answer of a node; `error` says why there is none."""

    error: str | None = None
    version: str | None = None
    cpu_cores: float = 0.0
    memory_mb: int = 0
    disk_mb: int = 0


def probe(socket_path: str) -> Probe:
    """Ask the engine behind a unix socket; blocks for ten seconds at most.

    The engine does not tell the size of its disk; where it keeps its data on this machine, the disk is looked at.
    """
    try:
        client = connect(socket_path, PROBE_SECONDS)
        try:
            info = translated(client.info)
        finally:
            client.close()
    except EngineFault as fault:
        return Probe(error=fault.explanation.message)
    return Probe(
        version=str(info.get("ServerVersion", "")),
        cpu_cores=float(info.get("NCPU", 0)),
        memory_mb=int(info.get("MemTotal", 0)) // MIB,
        disk_mb=_disk(str(info.get("DockerRootDir", ""))),
    )


def _disk(folder: str) -> int:
    try:
        return shutil.disk_usage(folder).total // MIB
    except OSError:
        return 0
