"""Whether requests can be served: each thing that a request needs, looked at now.

A stranger learns which check fails, in a word. Why it fails, and how much waits, is for who may read the metrics, and for
the log.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.database import Database, Transaction
from engine.errors import HosterError
from engine.stopping import Stopping

log = logging.getLogger("hoster.ready")

QUEUE = "SELECT count(*), min(CASE WHEN status = 'waiting' THEN due END) FROM _commands WHERE open = 1"

OK = "ok"
BEHIND = "behind"

LEAST_DISK = 64 * 2**20
"""Bytes; with less, the log of the database may not fit beside what is being written."""

OLDEST = 60.0
"""Seconds that a command may be due before the queue counts as behind. Serving goes on: waiting hurts less than nothing."""

PATIENCE = 2.0
"""Seconds that a write of nothing may take."""


@dataclass(slots=True)
class Report:
    """What was found: a word for each check, and what stands behind them."""

    checks: dict[str, str] = field(default_factory=dict)
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def ready(self) -> bool:
        """Whether everything that a request needs is well."""
        return all(word in (OK, BEHIND) for word in self.checks.values())


class Readiness:
    """See the module. `folder` is where the data lie; `started` is set once the start is over."""

    def __init__(self, database: Database, stopping: Stopping, now: Callable[[], float], folder: Path | None = None) -> None:
        self.started = False
        self._database, self._stopping, self._now, self._folder = database, stopping, now, folder
        self._probe: asyncio.Task[str] | None = None

    async def report(self) -> Report:
        """Look at everything."""
        report = Report()
        report.checks["migrations"] = OK if self.started else "starting"
        report.checks["process"] = "stopping" if self._stopping.begun else OK
        self._queue(report)
        report.checks["writes"] = await self._writes() if self.started and not self._stopping.begun else OK
        if self._folder is not None:
            free = shutil.disk_usage(self._folder).free
            report.checks["disk"] = OK if free >= LEAST_DISK else "full"
            report.details["disk_free_bytes"] = free
        return report

    def _queue(self, report: Report) -> None:
        try:
            count, due = self._database.read(QUEUE)[0]
        except HosterError as error:
            log.error("The database cannot be read: %s", error.detail)
            report.checks |= {"database": "failing", "queue": "unknown"}
            report.details["database"] = error.detail
            return
        age = 0.0 if due is None else max(0.0, self._now() - due / 1000)
        report.checks |= {"database": OK, "queue": OK if age < OLDEST else BEHIND}
        report.details |= {"waiting_commands": count, "oldest_command_seconds": round(age, 3)}

    async def _writes(self) -> str:
        """Whether a write gets its turn. One at a time asks, however many want to know."""
        if self._probe is None or self._probe.done():
            self._probe = asyncio.create_task(self._write())
        done, _ = await asyncio.wait({self._probe}, timeout=PATIENCE)
        return self._probe.result() if done else "waiting"

    async def _write(self) -> str:
        try:
            await self._database.write(_nothing)
        except HosterError as error:
            log.error("The database cannot be written: %s", error.detail)
            return "failing"
        return OK


def _nothing(transaction: Transaction) -> None:
    """A write of nothing still takes the lock, and asks whether the file can be written."""
