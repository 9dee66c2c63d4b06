"""The command of the benchmark's resource type: it does nothing."""

from __future__ import annotations

from engine.commands.job import Job, Outcome
from engine.commands.registry import handles


@handles("bench.noop")
async def noop(job: Job) -> Outcome:
    """Succeed at once."""
    return None
