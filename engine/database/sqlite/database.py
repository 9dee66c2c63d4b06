"""The SQLite database: one writer, inline reads, and a watch on what other processes commit."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from engine.database.figures import Figures
from engine.database.interface import Otherwise, Result, Row, Transaction
from engine.database.sqlite.liveness import Liveness
from engine.database.sqlite.reader import Reader
from engine.database.sqlite.writer import Writer

log = logging.getLogger("hoster.database")

WATCH = 0.01
"""Seconds between two looks for commits of other processes; a look costs two microseconds."""


class SQLite:
    """See `engine.database.Database`."""

    dialect = "sqlite"

    def __init__(self, path: Path, *, synchronous: str = "full") -> None:
        self.path = path
        self.figures = Figures()
        self._writer = Writer(path, synchronous, self._notify, self.figures)
        self._reader = Reader(path, self.figures)
        self._liveness = Liveness(Path(f"{path}.workers"))
        self._callbacks: list[Callable[[], None]] = []
        self._version = 0
        self._watch: asyncio.Task[None] | None = None

    def read(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        return self._reader.read(sql, parameters)

    async def query(
        self, sql: str, parameters: Sequence[Any] = (), otherwise: Otherwise | None = None, rows: int = 0
    ) -> list[Row]:
        return await self._reader.query(sql, parameters, otherwise, rows)

    def submit(self, work: Callable[[Transaction], Result]) -> asyncio.Future[Result]:
        return self._writer.submit(work)

    async def write(self, work: Callable[[Transaction], Result]) -> Result:
        return await self._writer.submit(work)

    def subscribe(self, callback: Callable[[], None]) -> Callable[[], None]:
        self._callbacks.append(callback)
        return lambda: self._callbacks.remove(callback)

    def begin_work(self, worker: str) -> None:
        self._liveness.begin(worker)

    def end_work(self, worker: str) -> None:
        self._liveness.end(worker)

    def is_working(self, worker: str) -> bool:
        return self._liveness.is_alive(worker)

    async def start(self) -> None:
        self._version = self._reader.data_version()
        self._watch = asyncio.create_task(self._watch_others())

    async def close(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watch
        await self._writer.close()
        self._reader.close()

    def _notify(self) -> None:
        self._version = self._reader.data_version()
        for callback in tuple(self._callbacks):
            callback()

    async def _watch_others(self) -> None:
        while True:
            await asyncio.sleep(WATCH)
            try:
                if self._reader.data_version() != self._version:
                    self._notify()
            except Exception:
                log.exception("Looking for commits of other processes failed; trying again")
                await asyncio.sleep(1)
