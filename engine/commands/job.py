"""What a handler sees of the world: its job, and the two ways to say that it did not work.

A handler is an async function registered under the name that definitions use:

    @handles("lamps.warm")
    async def warm(job: Job) -> Mapping[str, JSON] | None:
        job.checkpoint()
        await job.progress("Heating", 0.2)
        return {"brightness": 5}

It returns the attributes to store on its row, or nothing. Where the row goes next is the definition's business.
Everything a handler does must be safe to do again: a command runs at least once.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar

from engine.model import JSON

if TYPE_CHECKING:
    from engine.store import Unit

Outcome: TypeAlias = "Mapping[str, JSON] | None"
Handler: TypeAlias = "Callable[[Job], Awaitable[Outcome]]"
Result = TypeVar("Result")


class Retry(Exception):
    """The attempt did not work and is worth another, after `after` seconds or by the declared back-off.

    When no attempt is left, the command fails with the same cause, message, evidence and hint.
    """

    def __init__(
        self,
        message: str,
        *,
        after: float | None = None,
        cause: str = "retries_exhausted",
        hint: str | None = None,
        **evidence: JSON,
    ) -> None:
        super().__init__(message)
        self.message, self.after, self.cause, self.hint, self.evidence = message, after, cause, hint, evidence


class Fail(Exception):
    """The command cannot work, and trying again would not help.

    `cause` is a stable code such as `image_not_found`; `message` and `hint` are for people; the rest is evidence,
    for example `phase="pull"`, `service="web"`, `exit_code=137`, `log=[...]`.
    """

    def __init__(self, cause: str, message: str, *, hint: str | None = None, **evidence: JSON) -> None:
        super().__init__(message)
        self.cause, self.message, self.hint, self.evidence = cause, message, hint, evidence


class Cancelled(Exception):
    """This attempt is no longer the one that counts: cancelled, past its deadline, or its lease is lost."""


class Reporter(Protocol):
    """Where a job's progress and events go, and how it reads other resources as the system."""

    async def event(self, job: Job, kind: str, message: str, data: Mapping[str, JSON]) -> None: ...

    async def find(self, type_name: str, where: Mapping[str, JSON]) -> list[dict[str, Any]]: ...

    async def write(self, job: Job, work: Callable[[Unit], Result]) -> Result: ...


@dataclass(slots=True, eq=False)
class Job:
    """One attempt at one command.

    `row` holds the resource as it was when the attempt began, secrets as `Secret`; `related` the rows behind its
    relationships, by relationship name, None where there is none. `inputs` are those of the transition that caused
    the command. `deadline` and `lease_until` are seconds on the monotonic clock, inf where there is none.
    """

    id: int
    name: str
    type: str
    row_id: str
    row: Mapping[str, Any]
    related: Mapping[str, Mapping[str, Any] | None]
    inputs: Mapping[str, JSON]
    attempt: int
    deadline: float
    reporter: Reporter
    monotonic: Callable[[], float]
    lease_until: float = float("inf")
    cancelled: bool = False
    last: tuple[str, float | None] | None = field(default=None)

    @property
    def may_act(self) -> bool:
        """Whether this attempt still counts: not cancelled, within its deadline and its lease."""
        now = self.monotonic()
        return not self.cancelled and now < self.deadline and now < self.lease_until

    def checkpoint(self) -> None:
        """Call before every side effect: raises `Cancelled` once this attempt has lost its right to act."""
        if not self.may_act:
            raise Cancelled(f"{self.name} for {self.type}/{self.row_id} no longer has the right to act")

    @property
    def time_left(self) -> float:
        """Seconds until the deadline."""
        return max(0.0, self.deadline - self.monotonic())

    async def progress(self, text: str, fraction: float | None = None) -> None:
        """Tell watchers how far the work is; `fraction` runs from 0 to 1. Saying the same twice writes nothing."""
        if self.last == (text, fraction):
            return
        self.last = (text, fraction)
        await self.reporter.event(self, "progress", text, {} if fraction is None else {"fraction": fraction})

    async def event(self, kind: str, message: str, **data: JSON) -> None:
        """Write an entry of the event log about the row, for example `container_started`."""
        await self.reporter.event(self, kind, message, data)

    async def find(self, type_name: str, **where: JSON) -> list[dict[str, Any]]:
        """Other resources, all that equal `where`, read as the system."""
        return await self.reporter.find(type_name, where)

    async def write(self, work: Callable[[Unit], Result]) -> Result:
        """Run a unit of work as the system, for recurring work that moves rows of its own finding."""
        return await self.reporter.write(self, work)

    async def in_thread(self, function: Callable[..., Result], *arguments: Any) -> Result:
        """Run a blocking function in a thread.

        When the job is cancelled meanwhile, this still waits for the thread to end, as it does at its next checkpoint:
        the row's next command must not begin while this one can still act.
        """
        running = asyncio.get_running_loop().run_in_executor(None, functools.partial(function, *arguments))
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            self.cancelled = True
            await asyncio.wait([running])
            if not running.cancelled():
                running.exception()
            raise
