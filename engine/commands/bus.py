"""The command bus: claims due commands, and has each attempted while its lease is kept.

One bus runs in each process that works. Commands run at the same time across rows, one after the other within a row. The
bus holds no truth of its own: whatever it knows it has read from the queue, and it may die between any two lines of this
file without a command being lost or its outcome being applied twice.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial

from engine.access import SYSTEM
from engine.commands import queue
from engine.commands.attempts import Attempts
from engine.commands.job import Job
from engine.commands.queue import Claimed
from engine.commands.registry import Registry
from engine.figures import Histogram
from engine.store import Store, Unit

log = logging.getLogger("hoster.commands")

HAND_BACK = 2.0
"""Seconds that handlers get to notice that they are cancelled when the process stops."""

LOOK_FOR_LOST = 0.5
"""Seconds between two looks for workers whose process is gone; a look at nothing costs one index probe."""


@dataclass(slots=True)
class _Running:
    """`handling` ends with the handler; what is left then is to write the outcome, which keeps no other from beginning."""

    command: Claimed
    job: Job
    task: asyncio.Task[None]
    handling: bool = True


class Bus:
    """See the module. `lease` is in seconds; it is renewed at a third of its length."""

    def __init__(self, store: Store, registry: Registry, *, lease: float = 30.0, concurrency: int = 32) -> None:
        self._store = store
        self._limits = registry.limits
        self._attempts = Attempts(store, registry, self._handled)
        self._lease = lease
        self._concurrency = concurrency
        self._ambient = store.ambient
        self.worker = f"{os.getpid()}-{store.ambient.random_bytes(4).hex()}"
        self._running: dict[int, _Running] = {}
        self._handling = 0
        self._claim: asyncio.Future[list[Claimed]] | None = None
        self._wake = asyncio.Event()
        self._stopping = False
        self._tasks: list[asyncio.Task[None]] = []
        self._unsubscribe: Callable[[], None] = _nothing

    async def start(self) -> None:
        """Begin to claim and run commands."""
        self._store.database.begin_work(self.worker)
        self._unsubscribe = self._store.database.subscribe(self._wake.set)
        await self._take_over()
        self._wake.set()
        self._tasks = [
            asyncio.create_task(self._claim_for_ever()),
            asyncio.create_task(self._repeat(self._lease / 3, self._renew)),
            asyncio.create_task(self._repeat(min(LOOK_FOR_LOST, self._lease / 3), self._take_over)),
        ]

    async def stop(self, patience: float = 30.0) -> None:
        """Claim nothing more, let running handlers finish for `patience` seconds, then hand the rest back."""
        self._stopping = True
        self._wake.set()
        await self._end_claim()
        running = [each.task for each in self._running.values()]
        if running:
            await asyncio.wait(running, timeout=patience)
        for each in tuple(self._running.values()):
            self._cancel(each)
        if self._running:
            await asyncio.wait([each.task for each in self._running.values()], timeout=HAND_BACK)
        self._unsubscribe()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if not self._running:  # else the announcement ends with the process: until then something may still act
            self._store.database.end_work(self.worker)

    @property
    def results(self) -> Mapping[tuple[str, str], Histogram]:
        """The times of the attempts of this process, by the command's name and how they ended."""
        return self._attempts.results

    @property
    def idle(self) -> bool:
        """Whether no handler runs in this process."""
        return not self._running

    # Claiming

    async def _claim_for_ever(self) -> None:
        while not self._stopping:
            self._wake.clear()
            try:
                self._obey_cancels()
                self._claim_if_due()
                await self._sleep()
            except Exception:
                log.exception("Claiming commands failed; trying again")
                await asyncio.sleep(1)

    def _claim_if_due(self) -> None:
        """Begin to claim, where there is room for something that waits, and no claim is under way."""
        if self._claim is None and not self._stopping and self._handling < self._concurrency and self._has_work():
            self._claim = self._store.submit(SYSTEM, self._claim_work)
            self._claim.add_done_callback(partial(self._claimed, self._ambient.monotonic() + self._lease))

    async def _sleep(self) -> None:
        full = self._handling >= self._concurrency or self._claim is not None
        pause = 1.0 if full else max(0.0, min(1.0, (self._next_due() - self._milliseconds()) / 1000))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), pause or 0.05)

    def _next_due(self) -> float:
        due = self._store.database.read(queue.NEXT)[0][0]
        return float("inf") if due is None else float(due)

    def _has_work(self) -> bool:
        """Asked by reading, since a claim is a write, and its commit wakes all who wait for one."""
        now = self._milliseconds()
        if self._next_due() > now:
            return False
        return bool(self._store.database.read(queue.WORK, queue.work(int(now), self._saturated(), self._running))[0][0])

    def _claim_work(self, unit: Unit) -> list[Claimed]:
        """What is written to claim. It counts room when its turn comes: the outcomes before it in the batch have made some."""
        if self._stopping:
            return []
        claimed = queue.claim(
            unit.transaction,
            worker=self.worker,
            fence=self._ambient.random_bytes(12).hex(),
            now=unit.milliseconds,
            text=unit.now,
            lease=int(self._lease * 1000),
            busy=self._saturated(),
            limit=max(0, self._concurrency - self._handling),
            own=tuple(self._running),
        )
        return self._within_limits(unit, claimed)

    def _claimed(self, lease_until: float, claim: asyncio.Future[list[Claimed]]) -> None:
        self._claim = None
        if claim.cancelled():
            return
        error = claim.exception()
        if error is not None:  # the loop tries again when it wakes by itself
            log.error("Claiming commands failed; trying again", exc_info=error)
            return
        if self._stopping:  # it goes back, see `_end_claim`
            return
        for command in claim.result():
            self._begin(command, lease_until)
        self._wake.set()

    async def _end_claim(self) -> None:
        """What is being claimed as the bus stops goes back as if it had not been; if that fails, when the process is gone."""
        claim = self._claim
        if claim is None:
            return
        done, _ = await asyncio.wait([claim], timeout=HAND_BACK)
        if not done:
            claim.cancel()
        elif claim.exception() is None and claim.result():
            try:
                await self._store.write(SYSTEM, partial(_give_back, claimed=claim.result()))
            except Exception:
                log.exception("Commands that were claimed at the end could not be handed back")

    def _within_limits(self, unit: Unit, claimed: list[Claimed]) -> list[Claimed]:
        """Give back, in the same transaction, what one name has more of than may run at a time."""
        counts, kept = self._counts(), []
        for command in claimed:
            counts[command.name] += 1
            if counts[command.name] > self._limits.get(command.name, counts[command.name]):
                queue.again(unit.transaction, command, unit.milliseconds, None, failed=False)
            else:
                kept.append(command)
        return kept

    def _counts(self) -> Counter[str]:
        return Counter(each.command.name for each in self._running.values())

    def _saturated(self) -> list[str]:
        counts = self._counts()
        return [name for name, limit in self._limits.items() if counts[name] >= limit]

    def _begin(self, command: Claimed, lease_until: float) -> None:
        left = float("inf") if command.deadline is None else (command.deadline - self._milliseconds()) / 1000
        job = Job(
            id=command.id,
            name=command.name,
            type=command.type,
            row_id=command.row_id,
            row={},
            related={},
            inputs=command.inputs,
            attempt=command.attempt,
            deadline=self._ambient.monotonic() + left,
            reporter=self._attempts,
            monotonic=self._ambient.monotonic,
            lease_until=lease_until,
        )
        task = asyncio.create_task(self._run(command, job))
        self._running[command.id] = _Running(command, job, task)
        self._handling += 1

    async def _run(self, command: Claimed, job: Job) -> None:
        try:
            await self._attempts.run(command, job)
        finally:
            self._handled(command)
            self._running.pop(command.id, None)
            self._wake.set()

    def _handled(self, command: Claimed) -> None:
        """Its outcome is on its way to the disk: what is claimed now goes with it."""
        running = self._running.get(command.id)
        if running is not None and running.handling:
            running.handling = False
            was_full = self._handling >= self._concurrency
            self._handling -= 1
            try:
                if was_full:  # else what there was to claim has been claimed
                    self._claim_if_due()
            except Exception:  # no matter of the command that has ended; the loop tries again when it wakes
                log.exception("Claiming commands failed; trying again")

    # Leases

    async def _repeat(self, seconds: float, work: Callable[[], Awaitable[None]]) -> None:
        while True:
            await asyncio.sleep(seconds)
            try:
                await work()
            except Exception:
                log.exception("Leases could not be looked after; trying again")

    async def _renew(self) -> None:
        held = {each.command.id: each.command.fence for each in self._running.values()}
        if not held:
            return
        began = self._ambient.monotonic()
        until = int(self._lease * 1000)

        def work(unit: Unit) -> set[int]:
            return queue.keep(unit.transaction, held.keys(), set(held.values()), unit.milliseconds + until)

        kept = await self._store.write(SYSTEM, work)
        for number in held:
            running = self._running.get(number)
            if running is None:
                continue
            if number in kept:
                running.job.lease_until = began + self._lease
            else:
                self._cancel(running)

    async def _take_over(self) -> None:
        """Free the commands of workers whose process is gone, without waiting for their leases."""
        database = self._store.database
        leased = database.read(queue.WORKERS, (int(self._milliseconds()),))
        gone = [worker for (worker,) in leased if not database.is_working(worker)]
        if not gone:
            return

        def work(unit: Unit) -> None:
            for worker in gone:
                unit.transaction.run(queue.ABANDON, (unit.milliseconds, worker, unit.milliseconds))

        await self._store.write(SYSTEM, work)

    def _obey_cancels(self) -> None:
        if not self._running:
            return
        for (number,) in self._store.database.read(queue.CANCELLED_OF, (self.worker,)):
            running = self._running.get(number)
            if running is not None:
                self._cancel(running)

    def _cancel(self, running: _Running) -> None:
        if not running.job.cancelled:
            running.job.cancelled = True
            if self._attempts.is_handling(running.job):
                running.task.cancel()

    def _milliseconds(self) -> float:
        return self._ambient.time() * 1000


def _give_back(unit: Unit, claimed: list[Claimed]) -> None:
    for command in claimed:
        queue.again(unit.transaction, command, unit.milliseconds, None, failed=False)


def _nothing() -> None:
    """What there is to unsubscribe from before the start."""
