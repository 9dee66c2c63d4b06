"""Recurring work: sessions and tokens that have ended go, and what is kept of people who are gone."""

from __future__ import annotations

from functools import partial

from engine.commands.job import Job
from engine.commands.registry import Registry
from engine.identity.bearers import remove_ended
from engine.store import Unit
from engine.store.type_store import quoted

BATCH = 200
KEPT_OF_PEOPLE = (("_passwords", "id"), ("_password_links", "user"), ("_externals", "user"))


def sign_in_housekeeping(registry: Registry, idle: float) -> None:
    """Register it, once an hour; `idle` is after how many seconds without use a session ends."""

    async def prune(job: Job) -> None:
        for kind in ("bearer", "cookie"):
            while await job.write(partial(_ended, kind=kind, idle=idle)) == BATCH:
                job.checkpoint()
        await job.write(_left_over)

    if "engine.prune_sign_ins" not in registry.recurring:
        registry.every(3600, "engine.prune_sign_ins")(prune)


def _ended(unit: Unit, kind: str, idle: float) -> int:
    resource = unit.store.definitions.credential("cookie" if kind == "cookie" else "bearer")
    if resource is None:
        return 0
    return remove_ended(unit, resource, idle if kind == "cookie" else None, BATCH)


def _left_over(unit: Unit) -> None:
    identity = unit.store.definitions.identity
    for table, column in KEPT_OF_PEOPLE if identity is not None else ():
        users = quoted(identity.name) if identity is not None else ""
        unit.transaction.run(f"DELETE FROM {table} WHERE {column} NOT IN (SELECT id FROM {users})")
    unit.transaction.run("DELETE FROM _password_links WHERE expires_at <= ?", (unit.now,))
