"""The command bus: claims due commands, runs their handlers, and applies what they answer.

One bus runs in each process that works. Commands run at the same time across rows, one after the other within a row. The
bus holds no truth of its own: whatever it knows it has read from the queue, and it may die between any two lines of this
file without a command being lost or its outcome being applied twice.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from engine.access import SYSTEM, Actor
from engine.commands import outcome, queue
from engine.commands.job import Cancelled, Fail, Job, Retry
from engine.commands.queue import Claimed
from engine.commands.registry import Registry
from engine.database import StorageFailed
from engine.errors import HosterError
from engine.model import JSON
from engine.model import Retry as RetryPolicy
from engine.store import Store, Unit

log = logging.getLogger("hoster.commands")

HAND_BACK = 2.0
"""Seconds that handlers get to notice that they are cancelled when the process stops."""

LOOK_FOR_LOST = 0.5
"""Seconds between two looks for workers whose process is gone; a look at nothing costs one index probe."""

ONCE = RetryPolicy()

Result = TypeVar("Result")


@dataclass(slots=True)
class _Running:
    command: Claimed
    job: Job
    task: asyncio.Task[None]


class Bus:
    """See the module. `lease` is in seconds; it is renewed at a third of its length."""

    def __init__(self, store: Store, registry: Registry, *, lease: float = 30.0, concurrency: int = 32) -> None:
        self._store = store
        self._registry = registry
        self._lease = lease
        self._concurrency = concurrency
        self._ambient = store.ambient
        self.worker = f"{os.getpid()}-{store.ambient.random_bytes(4).hex()}"
        self._running: dict[int, _Running] = {}
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
        running = [each.task for each in self._running.values()]
        if running:
            await asyncio.wait(running, timeout=patience)
        for each in tuple(self._running.values()):
            each.job.cancelled = True
            each.task.cancel()
        if self._running:
            await asyncio.wait([each.task for each in self._running.values()], timeout=HAND_BACK)
        self._unsubscribe()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if not self._running:  # else the announcement ends with the process: until then something may still act
            self._store.database.end_work(self.worker)

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
                if len(self._running) < self._concurrency and self._has_work():
                    await self._claim()
                    if self._wake.is_set():
                        continue
            except Exception:
                log.exception("Claiming commands failed; trying again")
                await asyncio.sleep(1)
            await self._sleep()

    async def _sleep(self) -> None:
        full = len(self._running) >= self._concurrency
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

    async def _claim(self) -> None:
        fence = self._ambient.random_bytes(12).hex()
        room = self._concurrency - len(self._running)
        busy, own = self._saturated(), tuple(self._running)
        lease = int(self._lease * 1000)

        def claim(unit: Unit) -> list[Claimed]:
            return queue.claim(
                unit.transaction,
                worker=self.worker, fence=fence, now=unit.milliseconds, text=unit.now, lease=lease, busy=busy, limit=room,
                own=own,
            )  # fmt: skip

        began = self._ambient.monotonic()
        for command in await self._store.write(SYSTEM, claim):
            self._begin(command, began + self._lease)

    def _saturated(self) -> list[str]:
        counts: dict[str, int] = {}
        for each in self._running.values():
            counts[each.command.name] = counts.get(each.command.name, 0) + 1
        return [name for name, limit in self._registry.limits.items() if counts.get(name, 0) >= limit]

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
            reporter=self,
            monotonic=self._ambient.monotonic,
            lease_until=lease_until,
        )
        task = asyncio.create_task(self._run(command, job))
        self._running[command.id] = _Running(command, job, task)

    # Running

    async def _run(self, command: Claimed, job: Job) -> None:
        try:
            await self._attempt(command, job)
        except Exception:
            log.exception("The outcome of a command could not be written", extra=_where(command))
        finally:
            self._running.pop(command.id, None)
            self._wake.set()

    async def _attempt(self, command: Claimed, job: Job) -> None:
        try:
            fields = await self._handle(command, job)
        except (Cancelled, asyncio.CancelledError):
            await self._let_go(command)
        except Fail as error:
            await self._fail(command, error.cause, error.message, error.hint, error.evidence)
        except Retry as error:
            await self._retry(command, error.cause, error.message, error.hint, error.evidence, error.after)
        except Exception as error:
            log.exception("A handler raised an unexpected error", extra=_where(command))
            await self._retry(command, "internal_error", f"{command.name} stopped on an unexpected error", None,
                              {"error": type(error).__name__}, None)  # fmt: skip
        else:
            await self._succeed(command, fields)

    async def _handle(self, command: Claimed, job: Job) -> Mapping[str, JSON]:
        handler = self._registry.handlers.get(command.name)
        if handler is None:
            raise Fail("no_handler", f"Nothing here runs the command {command.name}", hint="Install the extension that does")
        if command.attempt - command.failures > queue.CRASHES:
            raise Fail("worker_lost", f"{command.attempt} workers vanished while they ran {command.name}")
        kind = self._store.types.get(command.type)
        if kind is not None:
            record = self._store.find(kind, SYSTEM, command.row_id)
            if record is None:
                raise Fail("row_gone", f"{command.type}/{command.row_id} is gone")
            job.row, job.related = record.row, self._related(command.type, record.row)
        return await handler(job) or {}

    def _related(self, name: str, row: Mapping[str, Any]) -> dict[str, Mapping[str, Any] | None]:
        related: dict[str, Mapping[str, Any] | None] = {}
        for relationship in self._store.kind(name).resource.relationships.values():
            row_id = row.get(relationship.name)
            record = None if row_id is None else self._store.find(self._store.kind(relationship.to), SYSTEM, row_id)
            related[relationship.name] = None if record is None else record.row
        return related

    # Outcomes

    async def _succeed(self, command: Claimed, fields: Mapping[str, JSON]) -> None:
        try:
            kept = await self._write(command, lambda unit: outcome.succeed(unit, command, fields))
        except StorageFailed:
            raise
        except Exception as error:
            log.warning("A result could not be stored", exc_info=error, extra=_where(command))
            detail = error.detail if isinstance(error, HosterError) else "it does not fit the attributes of the type"
            await self._retry(
                command, "result_refused", f"The result of {command.name} could not be stored: {detail}", None, {}, None
            )
        else:
            self._tell_if_late(command, kept)

    async def _fail(self, command: Claimed, cause: str, message: str, hint: str | None, evidence: Mapping[str, JSON]) -> None:
        def work(unit: Unit) -> bool:
            return outcome.fail(
                unit, command, outcome.failure_record(command, unit.now, cause, message, hint=hint, evidence=evidence)
            )

        self._tell_if_late(command, await self._write(command, work))

    async def _retry(
        self, command: Claimed, cause: str, message: str, hint: str | None, evidence: Mapping[str, JSON], after: float | None
    ) -> None:
        policy = self._policy(command)
        if command.failures + 1 >= policy.attempts:
            await self._fail(command, cause, message, hint, evidence)
            return
        pause = min(policy.max_delay, policy.delay * 2**command.failures) * (0.5 + self._ambient.jitter() / 2)
        wait = pause if after is None else after

        def work(unit: Unit) -> bool:
            record = outcome.failure_record(command, unit.now, cause, message, hint=hint, evidence=evidence)
            if not queue.again(unit.transaction, command, unit.milliseconds + int(wait * 1000), record, failed=True):
                return queue.close(unit.transaction, command, "failed", record, unit.now)
            self._note(unit, command, "retrying", {"message": message, "cause": cause, "in": round(wait, 3)})
            return True

        await self._write(command, work)

    async def _let_go(self, command: Claimed) -> None:
        """Cancelled from outside: the row has moved on. Or this process stops: somebody else will run it."""

        def work(unit: Unit) -> bool:
            if queue.again(unit.transaction, command, unit.milliseconds, None, failed=False):
                return True
            return queue.close(unit.transaction, command, "cancelled", None, unit.now)

        await asyncio.shield(asyncio.ensure_future(self._write(command, work)))

    async def _write(self, command: Claimed, work: Any) -> bool:
        actor = Actor("", f"command:{command.name}", SYSTEM.facts, system=True)
        return bool(await self._store.write(actor, work, command=command.id))

    def _tell_if_late(self, command: Claimed, kept: bool) -> None:
        if not kept:
            log.warning("An outcome came too late and changed nothing", extra=_where(command))

    def _policy(self, command: Claimed) -> RetryPolicy:
        kind = self._store.types.get(command.type)
        lifecycle = kind.resource.lifecycle if kind else None
        state = lifecycle.states.get(command.state or "") if lifecycle else None
        return state.retry if state else ONCE

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
            running.task.cancel()

    # Reporter

    async def event(self, job: Job, kind: str, message: str, data: Mapping[str, JSON]) -> None:
        """Write an entry of the event log about the row of `job`."""
        await self._write_for(job, lambda unit, command: self._note(unit, command, kind, {"message": message, **data}))

    async def find(self, type_name: str, where: Mapping[str, JSON]) -> list[dict[str, Any]]:
        """Rows of another type, read as the system."""
        return [record.row for record in await self._store.where(type_name, **where)]

    async def write(self, job: Job, work: Callable[[Unit], Result]) -> Result:
        """Run a unit of work as the system, told of under the command's name."""
        return await self._write_for(job, lambda unit, _: work(unit))

    async def _write_for(self, job: Job, work: Callable[[Unit, Claimed], Result]) -> Result:
        """Write while the attempt counts. Between its look at the clock and its turn at the database that may end, so
        the fence is asked inside the transaction."""
        job.checkpoint()
        running = self._running.get(job.id)
        if running is None or running.job is not job:
            raise Cancelled(f"{job.name} has ended")
        command = running.command

        def fenced(unit: Unit) -> Result:
            if not queue.held(unit.transaction, command):
                raise Cancelled(f"{job.name} for {job.type}/{job.row_id} no longer has the right to act")
            return work(unit, command)

        actor = Actor("", f"command:{job.name}", SYSTEM.facts, system=True)
        return await self._store.write(actor, fenced, command=job.id)

    def _note(self, unit: Unit, command: Claimed, kind: str, data: Mapping[str, JSON]) -> bool:
        store = self._store.types.get(command.type)
        record = unit.find(store, command.row_id) if store else None
        if record is not None:
            unit.event(record, kind, {"command": command.name, **data})
        return record is not None

    def _milliseconds(self) -> float:
        return self._ambient.time() * 1000


def _nothing() -> None:
    """What there is to unsubscribe from before the start."""


def _where(command: Claimed) -> dict[str, str]:
    return {"command": f"{command.name}#{command.id}", "row": f"{command.type}/{command.row_id}"}
