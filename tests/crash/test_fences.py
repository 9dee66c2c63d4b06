"""What keeps processes out of each other's way, step by step: locks, leases and the fence."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from engine.access import SYSTEM
from engine.commands import queue
from engine.commands.job import Cancelled, Job
from engine.commands.queue import Claimed
from engine.commands.registry import Registry
from engine.database.sqlite import SQLite
from engine.database.sqlite.liveness import Liveness
from engine.store import Unit
from tests.crash.dying import Clock, opened
from tests.support import System

SLOW = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 300000) SELECT sum(n) FROM c"
OTHER_PROGRAM = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); print(*c.execute('SELECT count(*) FROM t').fetchone())"


async def switched_on(house: System) -> str:
    row = await house.write(lambda unit: unit.create(house.store.kind("lamps"), {"name": "desk"}))
    await house.service.fire(SYSTEM, "lamps", row.id, "switch_on", {})
    return str(row.id)


def claim(unit: Unit, worker: str, own: tuple[int, ...] = ()) -> list[Claimed]:
    return queue.claim(
        unit.transaction, worker=worker, fence=worker, now=unit.milliseconds, text=unit.now, lease=30_000, busy=(), limit=10,
        own=own,
    )  # fmt: skip


async def test_what_a_handler_tells_after_its_lease_went_to_another_is_refused(tmp_path: Path) -> None:
    """The handler has looked at its clock in good time; the fence is asked where it counts, in the transaction."""
    clock, heard, taken = Clock(), [], asyncio.Event()
    registry = Registry()

    @registry.handles("lamp.warm")
    async def warm(job: Job) -> None:
        started.set()
        await taken.wait()
        for tell in (job.event("late", "I am late"), job.write(lambda unit: heard.append("written"))):
            try:
                await tell
            except Cancelled:
                heard.append("refused")

    @registry.handles("lamp.fade")
    async def fade(job: Job) -> None:
        heard.append("faded")

    started = asyncio.Event()
    async with opened(tmp_path, registry, clock) as house:
        await house.bus.start()
        row = await switched_on(house)
        await asyncio.wait_for(started.wait(), 10)
        clock.offset = 31
        assert [each.attempt for each in await house.write(lambda unit: claim(unit, "another"))] == [2]
        before = house.events()
        taken.set()
        await house.until(lambda: house.bus.idle)
        assert heard == ["refused", "refused"]
        assert house.events() == before
        assert house.state("lamps", row) == "warming"


async def test_a_process_never_claims_what_it_still_runs(tmp_path: Path) -> None:
    clock = Clock()
    async with opened(tmp_path, Registry(), clock) as house:
        await switched_on(house)
        [first] = await house.write(lambda unit: claim(unit, "one"))
        clock.offset = 31
        assert await house.write(lambda unit: claim(unit, "one", own=(first.id,))) == []
        [again] = await house.write(lambda unit: claim(unit, "two"))
        assert (again.id, again.attempt) == (first.id, 2)


async def test_a_command_that_has_to_wait_for_another_costs_no_writes(tmp_path: Path) -> None:
    registry, commits = Registry(), 0
    started, cancelled, release, faded = (asyncio.Event() for _ in range(4))

    @registry.handles("lamp.warm")
    async def warm(job: Job) -> None:
        started.set()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        cancelled.set()
        await release.wait()
        job.checkpoint()

    @registry.handles("lamp.fade")
    async def fade(job: Job) -> None:
        faded.set()

    async with opened(tmp_path, registry) as house:

        def count() -> None:
            nonlocal commits
            commits += 1

        await house.bus.start()
        row = await switched_on(house)
        await asyncio.wait_for(started.wait(), 10)
        await house.service.fire(SYSTEM, "lamps", row, "fade", {})
        await asyncio.wait_for(cancelled.wait(), 10)
        house.store.database.subscribe(count)
        await asyncio.sleep(0.5)  # nothing must happen, and nothing tells of that
        assert commits == 0
        assert house.commands("name", "status") == [("lamp.warm", "running"), ("lamp.fade", "waiting")]
        release.set()
        await asyncio.wait_for(faded.wait(), 10)


async def test_a_worker_that_announces_itself_is_alive_for_all_who_look(tmp_path: Path) -> None:
    """Each sweeps away the files of dead workers first, and must not take one that is just being made for such."""
    workers = {f"worker-{number}": Liveness(tmp_path / "workers") for number in range(64)}
    with ThreadPoolExecutor(16) as threads:
        list(threads.map(lambda each: each[1].begin(each[0]), workers.items()))
    looker = Liveness(tmp_path / "workers")
    assert [name for name in workers if not looker.is_alive(name)] == []
    for name, liveness in workers.items():
        liveness.end(name)
    assert [name for name in workers if looker.is_alive(name)] == []


async def test_another_program_that_closes_the_file_takes_no_write_with_it(tmp_path: Path) -> None:
    """SQLite drops the log of a file that nobody has open; whether anybody has, it reads off locks that are lost easily."""
    database = SQLite(tmp_path / "test.db")
    await database.start()
    await database.write(lambda transaction: transaction.run("CREATE TABLE t (n INTEGER)"))
    for number in range(1, 4):
        await database.write(lambda transaction: transaction.run("INSERT INTO t VALUES (1)"))
        await database.query(SLOW)
        command = [sys.executable, "-c", OTHER_PROGRAM, str(tmp_path / "test.db")]
        other = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=True)
        assert other.stdout.strip() == str(number)
    await database.close()
    with sqlite3.connect(tmp_path / "test.db") as connection:
        assert connection.execute("SELECT count(*) FROM t").fetchone() == (3,)
    connection.close()


async def test_a_handler_that_holds_the_event_loop_does_not_hold_the_lock_for_writing(tmp_path: Path) -> None:
    """Other processes must be able to write meanwhile, though a commit was under way when it began."""
    database = SQLite(tmp_path / "test.db")
    await database.start()
    write = asyncio.ensure_future(database.write(lambda transaction: transaction.run("CREATE TABLE t (n INTEGER)")))
    await asyncio.sleep(0)  # the write begins, and its commit goes to the thread
    assert not write.done()
    until, free = time.monotonic() + 10, False
    with (tmp_path / "test.db.lock").open("rb") as lock:
        while not free and time.monotonic() < until:  # and this holds the loop
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                free = True
    assert free
    await write
    await database.close()
