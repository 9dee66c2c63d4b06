"""A unit of work that only looks: the rules and limits of the store, asked without a write.

It needs no turn at the one writer, and works on a database that may not be written to. What it reads is what was last
committed; when somebody acts on it, it is asked again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from engine.access import Actor
from engine.database import Database
from engine.database.interface import Row
from engine.store.unit import Unit

if TYPE_CHECKING:
    from engine.store.store import Store


class WroteWhileLooking(RuntimeError):
    """Somebody asked a unit of work that only looks to write."""


class Looking:
    """The `Transaction` of a unit that only looks."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def run(self, sql: str, parameters: Sequence[Any] = ()) -> int:
        raise WroteWhileLooking(sql)

    def one(self, sql: str, parameters: Sequence[Any] = ()) -> Row | None:
        rows = self.all(sql, parameters)
        return rows[0] if rows else None

    def all(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        return self._database.read(sql, parameters)


def look(store: Store, actor: Actor) -> Unit:
    """A unit for `actor` that only looks."""
    return Unit(store, Looking(store.database), actor)
