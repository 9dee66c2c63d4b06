"""Lines of a served read: the source is closed however the answer ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from engine.api.responses import LineStream


class Source:
    """Lines that never end."""

    def __init__(self) -> None:
        self.closed = False
        self.begun = asyncio.Event()

    async def lines(self) -> AsyncGenerator[Any]:
        try:
            while True:
                yield {"line": 1}
                self.begun.set()
                await asyncio.sleep(0)
        finally:
            self.closed = True


async def nobody_leaves() -> dict[str, Any]:
    await asyncio.Event().wait()
    raise AssertionError


async def swallow(message: Any) -> None:
    return


async def test_a_cancelled_answer_closes_its_source() -> None:
    source, before = Source(), len(asyncio.all_tasks())
    task = asyncio.create_task(LineStream(source.lines(), nobody_leaves).send(swallow, b"req_1"))
    await source.begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert source.closed
    assert len(asyncio.all_tasks()) == before


async def test_a_client_that_is_gone_already_closes_the_source() -> None:
    lines = Source().lines()

    async def broken(message: Any) -> None:
        raise OSError

    with pytest.raises(OSError):
        await LineStream(lines, nobody_leaves).send(broken, b"req_1")
    assert lines.ag_frame is None  # type: ignore[attr-defined]  # asynchronous generators have one
