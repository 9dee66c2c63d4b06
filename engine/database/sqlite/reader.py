"""Reads: inline while they are quick, in a thread when they turn out not to be.

A look-up by key costs a tenth of what a hop to a thread costs, so every query starts inline. A progress handler stops it
once it has held the event loop for `PATIENCE`; then it runs again, to the end, on a connection of its own in a thread.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import perf_counter
from typing import Any

from engine.database.figures import Figures
from engine.database.interface import Otherwise, Row
from engine.database.sqlite.connection import connect, translate

PATIENCE = 0.003
"""Seconds that a query may hold the event loop."""

STEPS = 2_000
"""Virtual machine steps between two looks: about a tenth of a millisecond, most of a page of a list."""

TRIAL, TRIAL_OF_ROW = 10_000, 100
"""Steps that a query may take when there is another one with the same answer, and so many more for each row that it gives.
The clock would not do: a process that has to wait for its turn would take the query for a slow one."""

THREADS = 2


class Reader:
    """Runs SELECT statements."""

    def __init__(self, path: Path, figures: Figures) -> None:
        self._path = path
        self._figures = figures
        self._connection = connect(path, read_only=True)
        self._connection.set_progress_handler(self._impatient, STEPS)
        self._until, self._looks = float("inf"), float("inf")
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="slow-read")
        self._local = threading.local()
        self._opened: list[sqlite3.Connection] = []

    def read(self, sql: str, parameters: Sequence[Any]) -> list[Row]:
        """Read inline, however long it takes."""
        try:
            return self._connection.execute(sql, parameters).fetchall()
        except sqlite3.Error as error:
            raise translate(error) from error

    async def query(self, sql: str, parameters: Sequence[Any], otherwise: Otherwise | None, rows: int) -> list[Row]:
        """Read inline, and again in a thread when that takes too long; before that, try it `otherwise`, if that can be."""
        self._looks = float("inf") if otherwise is None else (TRIAL + TRIAL_OF_ROW * rows) // STEPS
        found = self._read_within(PATIENCE if otherwise is None else float("inf"), sql, parameters)
        if found is None and otherwise is not None:
            sql, parameters = otherwise()
            found = self._read_within(PATIENCE, sql, parameters)
        return await self._read_in_thread(sql, parameters) if found is None else found

    def _read_within(self, seconds: float, sql: str, parameters: Sequence[Any]) -> list[Row] | None:
        """Read inline, or None once that has taken so long, or as many looks as it may."""
        self._until = perf_counter() + seconds
        try:
            return self._connection.execute(sql, parameters).fetchall()
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_INTERRUPT:
                return None
            raise translate(error) from error
        finally:
            self._until, self._looks = float("inf"), float("inf")

    async def _read_in_thread(self, sql: str, parameters: Sequence[Any]) -> list[Row]:
        began = perf_counter()
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, self._slow, sql, parameters)
        finally:
            self._figures.slow_reads.add(perf_counter() - began)

    def data_version(self) -> int:
        """A number that changes when any other connection commits."""
        return int(self._connection.execute("PRAGMA data_version").fetchone()[0])

    def close(self) -> None:
        """Close every connection; queries still in a thread are waited for."""
        self._threads.shutdown()
        for connection in (self._connection, *self._opened):
            connection.close()

    def _impatient(self) -> int:
        self._looks -= 1
        return self._looks < 0 or perf_counter() > self._until

    def _slow(self, sql: str, parameters: Sequence[Any]) -> list[Row]:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = connect(self._path, read_only=True)
            self._opened.append(connection)
        try:
            return connection.execute(sql, parameters).fetchall()
        except sqlite3.Error as error:
            raise translate(error) from error
