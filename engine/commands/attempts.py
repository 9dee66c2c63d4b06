"""One attempt at one command: call its handler, and write what it answers.

An outcome is one transaction under the fence. It is shielded: once a handler has ended, nothing that is cancelled around it
may keep its result from being written.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from engine.access import SYSTEM, Actor
from engine.commands import outcome, queue
from engine.commands.job import Cancelled, Fail, Job, Retry
from engine.commands.queue import Claimed
from engine.commands.registry import Registry
from engine.database import StorageFailed
from engine.errors import HosterError
from engine.figures import LONG_SECONDS, Histogram
from engine.logs import about
from engine.model import JSON
from engine.model import Retry as RetryPolicy
from engine.store import Store, Unit

log = logging.getLogger("hoster.commands")

ONCE = RetryPolicy()

DONE, FAILED, RETRIED, LET_GO, LATE, LOST = "done", "failed", "retried", "let_go", "late", "lost"

Result = TypeVar("Result")


class Attempts:
    """Runs attempts, and is what their jobs report to. `results` are their times by name and how they ended.

    `handled` is told of each whose handler has ended, once its outcome is queued to be written.
    """

    def __init__(self, store: Store, registry: Registry, handled: Callable[[Claimed], None]) -> None:
        self._store = store
        self._handled = handled
        self._registry = registry
        self._commands: dict[Job, Claimed] = {}
        self.results: dict[tuple[str, str], Histogram] = {}

    async def run(self, command: Claimed, job: Job) -> None:
        """The attempt from the handler's call to the outcome on disk; errors end in the log, not here."""
        self._commands[job] = command
        about(where(command))
        began, ended = job.monotonic(), LOST
        try:
            ended = await self._attempt(command, job)
        except Exception:
            log.exception("The outcome of a command could not be written", extra=where(command))
        finally:
            self._commands.pop(job, None)
            self._count(command, ended, job.monotonic() - began)

    def _count(self, command: Claimed, ended: str, seconds: float) -> None:
        name = command.name if command.name in self._registry.handlers else "other"
        self.results.setdefault((name, ended), Histogram(LONG_SECONDS)).add(seconds)

    def is_handling(self, job: Job) -> bool:
        """Whether the handler runs: before its outcome is written, and while it can still be cancelled."""
        return job in self._commands

    async def _attempt(self, command: Claimed, job: Job) -> str:
        try:
            fields = await self._handle(command, job)
        except Fail as error:
            return await self._fail(command, error.cause, error.message, error.hint, error.evidence)
        except Retry as error:
            return await self._retry(command, error.cause, error.message, error.hint, error.evidence, error.after)
        except (Exception, asyncio.CancelledError) as error:
            if isinstance(error, (Cancelled, asyncio.CancelledError)) and not job.may_act:
                return await self._let_go(command, job)
            log.error("A handler raised an unexpected error", exc_info=error, extra=where(command))
            message = f"{command.name} stopped on an unexpected error"
            return await self._retry(command, "internal_error", message, None, {"error": type(error).__name__}, None)
        else:
            return await self._succeed(command, fields)

    async def _handle(self, command: Claimed, job: Job) -> Mapping[str, JSON]:
        job.checkpoint()
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
            job.row, job.related = record.row, self._store.related(kind, record)
        try:
            return await handler(job) or {}
        finally:
            del self._commands[job]

    async def _succeed(self, command: Claimed, fields: Mapping[str, JSON]) -> str:
        try:
            kept = await self._write(command, lambda unit: outcome.succeed(unit, command, fields))
        except StorageFailed:
            raise
        except Exception as error:
            log.warning("A result could not be stored", exc_info=error, extra=where(command))
            detail = error.detail if isinstance(error, HosterError) else "it does not fit the attributes of the type"
            return await self._retry(
                command, "result_refused", f"The result of {command.name} could not be stored: {detail}", None, {}, None
            )
        else:
            return self._ended(command, DONE, kept)

    async def _fail(self, command: Claimed, cause: str, message: str, hint: str | None, evidence: Mapping[str, JSON]) -> str:
        def work(unit: Unit) -> bool:
            return outcome.fail(
                unit, command, outcome.failure_record(command, unit.now, cause, message, hint=hint, evidence=evidence)
            )

        return self._ended(command, FAILED, await self._write(command, work))

    async def _retry(
        self, command: Claimed, cause: str, message: str, hint: str | None, evidence: Mapping[str, JSON], after: float | None
    ) -> str:
        policy = self._policy(command)
        if command.failures + 1 >= policy.attempts:
            return await self._fail(command, cause, message, hint, evidence)
        pause = min(policy.max_delay, policy.delay * 2**command.failures) * (0.5 + self._store.ambient.jitter() / 2)
        wait = pause if after is None else after

        def work(unit: Unit) -> bool:
            record = outcome.failure_record(command, unit.now, cause, message, hint=hint, evidence=evidence)
            if not queue.again(unit.transaction, command, unit.milliseconds + int(wait * 1000), record, failed=True):
                return queue.close(unit.transaction, command, "failed", record, unit.now)
            self._note(unit, command, "retrying", {"message": message, "cause": cause, "in": round(wait, 3)})
            return True

        await self._write(command, work)
        return RETRIED

    async def _let_go(self, command: Claimed, job: Job) -> str:
        """The row has moved on, the time is up, or this process stops and somebody else will run it."""

        def work(unit: Unit) -> bool:
            if job.time_left <= 0:
                outcome.expire(unit, command)
            if queue.again(unit.transaction, command, unit.milliseconds, None, failed=False):
                return True
            return queue.close(unit.transaction, command, "cancelled", None, unit.now)

        await self._write(command, work)
        return LET_GO

    async def _write(self, command: Claimed, work: Callable[[Unit], bool]) -> bool:
        actor = Actor("", f"command:{command.name}", SYSTEM.facts, system=True)
        written = self._store.submit(actor, work, command=command.id)
        self._handled(command)
        return await asyncio.shield(written)

    def _ended(self, command: Claimed, how: str, kept: bool) -> str:
        if not kept:
            log.warning("An outcome came too late and changed nothing", extra=where(command))
        return how if kept else LATE

    def _policy(self, command: Claimed) -> RetryPolicy:
        kind = self._store.types.get(command.type)
        lifecycle = kind.resource.lifecycle if kind else None
        state = lifecycle.states.get(command.state or "") if lifecycle else None
        return state.retry if state else ONCE

    # What a job reports

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
        command = self._commands.get(job)
        if command is None:
            raise Cancelled(f"{job.name} has ended")

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


def where(command: Claimed) -> dict[str, str]:
    """What a log line about a command says besides its message."""
    return {"command": f"{command.name}#{command.id}", "row": f"{command.type}/{command.row_id}"}
