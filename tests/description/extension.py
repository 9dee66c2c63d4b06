"""Functions for the reads of the definitions beside this file."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from engine.commands.registry import ReadContext, reads


@reads("tickets.summary")
async def summary(context: ReadContext) -> dict[str, Any]:
    """A few words about a ticket."""
    return {"words": len(str(context.row["subject"]).split())}


@reads("tickets.log")
async def log(context: ReadContext) -> AsyncIterator[dict[str, Any]]:
    """A few lines, and then no more."""

    async def lines() -> AsyncIterator[dict[str, Any]]:
        for number in range(context.params["tail"]):
            yield {"number": number}

    return lines()
