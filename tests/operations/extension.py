"""Functions for the processes of these tests; what they do is told by files in `$OPERATIONS_FOLDER`."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from engine.commands.job import Job
from engine.commands.registry import ReadContext, handles, reads

FOLDER = Path(os.environ.get("OPERATIONS_FOLDER", "/nonexistent"))


async def until_released(what: str) -> None:
    """Tell that it has begun, and wait for the file `release`."""
    (FOLDER / what).touch()
    while not (FOLDER / "release").exists():  # noqa: ASYNC110  another process makes it
        await asyncio.sleep(0.01)


@reads("operations.slow")
async def slow(context: ReadContext) -> dict[str, Any]:
    """Answers when it is released."""
    await until_released("reading")
    return {"answered": True}


@reads("operations.lines")
async def lines(context: ReadContext) -> AsyncIterator[dict[str, int]]:
    """One line, and then nothing for ever."""

    async def endless() -> AsyncIterator[dict[str, int]]:
        yield {"line": 1}
        await asyncio.Event().wait()

    return endless()


@handles("operations.work")
async def work(job: Job) -> dict[str, str]:
    """Ends when it is released."""
    logging.getLogger("tests.operations").warning("Working")
    await until_released("working")
    return {"result": "worked"}


@handles("operations.break")
async def break_(job: Job) -> dict[str, str]:
    """Raises what nobody expects."""
    raise RuntimeError("broken on purpose")
