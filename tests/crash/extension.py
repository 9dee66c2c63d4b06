"""Handlers for the processes of these tests. What they do is told in the file `$CRASH_FOLDER/told`, a line each."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

from engine.commands.job import Cancelled, Job
from engine.commands.registry import handles

FOLDER = Path(os.environ.get("CRASH_FOLDER", "/nonexistent"))


def tell(what: str, job: Job) -> None:
    """Append a line; one write, so that lines of several processes do not mix."""
    with (FOLDER / "told").open("ab", buffering=0) as file:
        file.write(f"{what} {os.getpid()} {job.row_id} {job.attempt} {time.time()}\n".encode())


def result(job: Job) -> dict[str, str]:
    return {"result": f"{os.getpid()}/{job.attempt}"}


@handles("crash.wait")
async def wait(job: Job) -> dict[str, str]:
    """Waits until the file `release` appears, and then asks whether it may still act."""
    tell("began", job)
    while not (FOLDER / "release").exists():  # noqa: ASYNC110  another process makes it
        await asyncio.sleep(0.01)
    try:
        job.checkpoint()
    except Cancelled:
        tell("refused", job)
        raise
    tell("acted", job)
    return result(job)


@handles("crash.stubborn")
async def stubborn(job: Job) -> dict[str, str]:
    """Waits in the way that a handler must not: it holds the event loop, asks nothing, and returns whatever happened."""
    tell("began", job)
    while not (FOLDER / "release").exists():
        time.sleep(0.01)  # noqa: ASYNC251  that is the point
    tell("returned", job)
    return result(job)


@handles("crash.stamp")
async def stamp(job: Job) -> dict[str, str]:
    """Tells when it began."""
    tell("began", job)
    return result(job)
