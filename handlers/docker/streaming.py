"""A blocking iterator, read by a thread of its own, as an asynchronous one that never waits long.

Pulls and logs can be silent for minutes. The thread is a daemon and is left behind when the reader goes away: it ends with
its next item or with its connection, and holds up neither a cancelled command nor the end of the process.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import suppress
from typing import TypeVar

Item = TypeVar("Item")

_END = object()


async def in_background(make: Callable[[], Iterable[Item]], beat: float = 0.2) -> AsyncIterator[Item | None]:
    """The items of `make()`, and None whenever none has come for `beat` seconds."""
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[object] = asyncio.Queue()
    gone = threading.Event()

    def put(item: object) -> None:
        with suppress(RuntimeError):  # the loop has ended, and nobody reads any more
            loop.call_soon_threadsafe(queue.put_nowait, item)

    def work() -> None:
        try:
            for item in make():
                if gone.is_set():
                    return
                put(item)
        except Exception as error:
            put(error)
        put(_END)

    threading.Thread(target=work, name="engine-stream", daemon=True).start()
    try:
        while True:
            try:
                item = await asyncio.wait_for(queue.get(), beat)
            except TimeoutError:
                yield None
                continue
            if item is _END:
                return
            if isinstance(item, Exception):
                raise item
            yield item  # type: ignore[misc]  # the queue also carries the end and errors, both handled above
    finally:
        gone.set()
