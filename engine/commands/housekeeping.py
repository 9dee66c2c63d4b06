"""Recurring work of the engine itself: what is kept for a time goes when that time is over."""

from __future__ import annotations

from functools import partial

from engine.ambient import timestamp
from engine.commands.job import Job
from engine.commands.registry import Registry
from engine.store import Unit

BATCH = 2000
"""Rows removed in one transaction: few milliseconds."""

OLD_EVENTS = (
    "DELETE FROM _events WHERE seq IN (SELECT seq FROM _events WHERE at < ? "
    "AND seq < (SELECT max(seq) FROM _events) ORDER BY seq LIMIT ?)"
)
OLD_COMMANDS = (
    "DELETE FROM _commands WHERE id IN (SELECT id FROM _commands WHERE ended_at < ? AND open = 0 "
    "AND id < (SELECT max(id) FROM _commands) ORDER BY ended_at LIMIT ?)"
)
OLD_ANSWERS = "DELETE FROM _answers WHERE id IN (SELECT id FROM _answers WHERE at < ? ORDER BY at LIMIT ?)"


def housekeeping(registry: Registry, events: float, commands: float, answers: float) -> None:
    """Register the pruning of events, ended commands and kept answers older than so many seconds, once an hour."""

    async def prune(job: Job) -> None:
        for statement, age in ((OLD_EVENTS, events), (OLD_COMMANDS, commands)):
            while await job.write(partial(_remove, statement=statement, age=age)) == BATCH:
                job.checkpoint()
        while await job.write(partial(_forget, age=answers)) == BATCH:
            job.checkpoint()

    if "engine.prune" not in registry.recurring:
        registry.every(3600, "engine.prune")(prune)


def _remove(unit: Unit, statement: str, age: float) -> int:
    return unit.transaction.run(statement, (timestamp(unit.time - age), BATCH))


def _forget(unit: Unit, age: float) -> int:
    """Answers that are kept under a key carry their time in milliseconds."""
    return unit.transaction.run(OLD_ANSWERS, (unit.milliseconds - int(age * 1000), BATCH))
