"""What time alone causes: overdue commands, timers of states, and schedules.

All three are rows, so they survive a restart, and all three are acted on in a transaction that only one process can win.
A tick that is late, because nothing ran at its time, happens once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from engine.access import SYSTEM
from engine.commands import outcome, queue
from engine.commands.registry import Recurring, Registry
from engine.database import StorageFailed
from engine.errors import HosterError
from engine.store import Store, Unit
from engine.store.moves import ENQUEUE, fire

log = logging.getLogger("hoster.clockwork")

PERIOD = 0.25
"""Seconds between two looks; a look at nothing costs three index probes."""

DUE_TIMERS = "SELECT id, type, row, transition FROM _timers WHERE due <= ? ORDER BY due LIMIT 100"
DROP_TIMER = "DELETE FROM _timers WHERE id = ?"
DUE_SCHEDULES = "SELECT id, due FROM _schedules WHERE due <= ?"
SCHEDULE = "INSERT INTO _schedules (id, due, trigger) VALUES (?, ?, ?) ON CONFLICT (id) DO NOTHING"
RESCHEDULE = "UPDATE _schedules SET due = ?, trigger = ? WHERE id = ?"
TRIGGER = "SELECT trigger FROM _schedules WHERE id = ?"
TICK = "UPDATE _schedules SET due = ? WHERE id = ? AND due = ?"
OPEN_TICK = "SELECT 1 FROM _commands WHERE open = 1 AND type = '' AND row = ?"


class Clockwork:
    """Looks every quarter of a second for what has become due."""

    def __init__(self, store: Store, registry: Registry) -> None:
        self._store = store
        self._recurring = dict(registry.recurring)
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Write down the schedules that are new or changed, and begin to look."""
        await self._store.write(SYSTEM, self._enrol)
        self._task = asyncio.create_task(self._turn())

    async def stop(self) -> None:
        """Stop looking."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def look(self) -> None:
        """Act on everything that is due now."""
        now, read = int(self._store.ambient.time() * 1000), self._store.database.read
        for row in read(queue.OVERDUE, (now,)):
            command = queue.claimed(row)
            await self._act(partial(outcome.expire, command=command), command.id)
        for timer in read(DUE_TIMERS, (now,)):
            await self._act(partial(_ring, timer=timer), refused=partial(_refuse, timer=timer))
        for name, due in read(DUE_SCHEDULES, (now,)):
            if name in self._recurring:
                await self._act(partial(self._tick, name=name, due=due))

    async def _act(
        self, work: Callable[[Unit], object], command: int | None = None, refused: Callable[[Unit, str], object] | None = None
    ) -> None:
        """One thing that cannot be done must not hold up those after it. What is refused has changed nothing."""
        try:
            try:
                await self._store.write(SYSTEM, work, command=command)
            except HosterError as error:
                if refused is None or isinstance(error, StorageFailed):
                    raise
                told, why = refused, error.detail
                await self._store.write(SYSTEM, lambda unit: told(unit, why))
        except Exception:
            log.exception("What is due could not be done; trying again")

    async def _turn(self) -> None:
        while True:
            try:
                await self.look()
            except Exception:
                log.exception("What is due could not be read; trying again")
            await asyncio.sleep(PERIOD)

    def _enrol(self, unit: Unit) -> None:
        for name, recurring in self._recurring.items():
            trigger = _described(recurring)
            known = unit.transaction.one(TRIGGER, (name,))
            if known is None:
                unit.transaction.run(SCHEDULE, (name, _first(recurring, unit), trigger))
            elif known[0] != trigger:
                unit.transaction.run(RESCHEDULE, (_first(recurring, unit), trigger, name))

    def _tick(self, unit: Unit, name: str, due: int) -> None:
        if not unit.transaction.run(TICK, (_after(self._recurring[name], unit), name, due)):
            return
        if unit.transaction.one(OPEN_TICK, (name,)) is None:
            parameters = (name, "", name, None, "{}", "system", unit.milliseconds, None, unit.now)
            unit.transaction.run(ENQUEUE, parameters)


def _ring(unit: Unit, timer: Sequence[Any]) -> None:
    number, type_name, row_id, transition = timer
    unit.transaction.run(DROP_TIMER, (number,))
    kind = unit.store.types.get(type_name)
    record = unit.find(kind, row_id) if kind else None
    if kind is None or record is None or (str(record.state), transition) not in kind.moves:
        return
    inputs = kind.moves[str(record.state), transition].inputs
    fire(unit, kind, record, transition, {each.name: each.default for each in inputs.values()})


def _refuse(unit: Unit, why: str, *, timer: Sequence[Any]) -> None:
    number, type_name, row_id, transition = timer
    unit.transaction.run(DROP_TIMER, (number,))
    kind = unit.store.types.get(type_name)
    record = unit.find(kind, row_id) if kind else None
    if record is not None:
        unit.event(record, "timer_refused", {"transition": transition, "message": why})


def _described(recurring: Recurring) -> str:
    return f"cron {recurring.cron}" if recurring.cron else f"every {recurring.every:g} s"


def _first(recurring: Recurring, unit: Unit) -> int:
    """Intervals begin at once, times of the clock at their time."""
    return unit.milliseconds if recurring.cron is None else _after(recurring, unit)


def _after(recurring: Recurring, unit: Unit) -> int:
    """The next time after now, in milliseconds; APScheduler's triggers do the arithmetic."""
    now = datetime.fromtimestamp(unit.time, UTC)
    following: datetime = _trigger(recurring).get_next_fire_time(now, now)
    return int(following.timestamp() * 1000)


def _trigger(recurring: Recurring) -> Any:
    if recurring.cron is not None:
        from apscheduler.triggers.cron import CronTrigger

        return CronTrigger.from_crontab(recurring.cron, UTC)
    from apscheduler.triggers.interval import IntervalTrigger

    return IntervalTrigger(seconds=recurring.every or 1, timezone=UTC)
