"""Hoster's own bus, as `hoster serve --role worker` runs it: SQLite, `synchronous=FULL`, enqueued by firing a transition."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from bench.peers import SLOW_SECONDS, Place, Record

if TYPE_CHECKING:
    from engine.app import Hoster
    from engine.commands.job import Job

POSTGRES = False
NEEDS = {"engine": "hoster"}
TYPE = "bench_commands"
ROOT = Path(__file__).parent.parent.parent
RESOURCES = os.pathsep.join([str(ROOT / "resources"), str(ROOT / "bench" / "bus_resources")])
UNFINISHED = "SELECT count(*) FROM _commands WHERE open = 1 AND type = ?"


def setup(place: Place) -> None:
    """Make the tables, as every start does; each command gets a row of its own when it is enqueued."""
    asyncio.run(_once(_assemble(place, "api")))


async def _once(hoster: Hoster) -> None:
    await hoster.start()
    await hoster.stop()


def enqueue(place: Place, kind: str, count: int, committed: Callable[[int], None]) -> None:
    """One transition after the other, through the service."""
    asyncio.run(_enqueue(place, kind, count, committed))


async def _enqueue(place: Place, kind: str, count: int, committed: Callable[[int], None]) -> None:
    from engine.access import SYSTEM

    hoster = _assemble(place, "api")
    await hoster.start()
    rows = await asyncio.gather(*(hoster.service.create(SYSTEM, TYPE, {"number": number}, {}) for number in range(count)))
    for number, row in enumerate(rows):
        await hoster.service.fire(SYSTEM, TYPE, row.record.id, kind, {})
        committed(number)
    await hoster.stop()


def work(place: Place, identity: str, record: Record) -> None:
    """A worker process."""
    from engine.commands.registry import handles

    @handles("bench.noop")
    async def noop(job: Job) -> None:
        record(job.row["number"])

    @handles("bench.slow")
    async def slow(job: Job) -> None:
        record(job.row["number"])
        await asyncio.sleep(SLOW_SECONDS)

    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_work(place))


async def _work(place: Place) -> None:
    hoster = _assemble(place, "worker")
    await hoster.start()
    await asyncio.Event().wait()


def unfinished(place: Place) -> int:
    """Read from its table."""
    with closing(sqlite3.connect(_database(place))) as connection:
        return int(connection.execute(UNFINISHED, (TYPE,)).fetchone()[0])


def _assemble(place: Place, role: str) -> Hoster:
    from engine.app import assemble
    from engine.settings import load_settings

    data = str(place.directory / "data")
    settings = load_settings({"HOSTER_DATA_DIR": data, "HOSTER_RESOURCES_PATH": RESOURCES, "HOSTER_LOG_LEVEL": "warning"})
    return assemble(settings, role=role)


def _database(place: Place) -> Path:
    return place.directory / "data" / "hoster.db"
