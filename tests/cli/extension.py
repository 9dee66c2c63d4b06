"""What is done on an errand: the title of the row says how it ends."""

from __future__ import annotations

from engine.commands.job import Fail, Job
from engine.commands.registry import handles


@handles("errands.walk")
async def walk(job: Job) -> dict[str, str]:
    """Comes back with something, or falls into a hole."""
    await job.progress(f"Walking in {job.inputs['shoes']}", 0.5)
    if job.row["title"] == "hole":
        raise Fail("fell", "The street has a hole", hint="Mend the street", phase="walk")
    return {"found": "eggs"}


@handles("ladders.work")
async def work(job: Job) -> None:
    """Goes well, unless the title says otherwise."""
    if job.row["title"] == "rotten":
        raise Fail("rotten", "The wood is rotten", hint="Take another")
