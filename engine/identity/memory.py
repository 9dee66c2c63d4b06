"""Whom a credential belongs to, remembered between requests: asking the database costs ten times as much.

All of it is forgotten as soon as a commit, of whatever process, has touched a user, a credential or what limits users.
Commits of other processes are noticed within a hundredth of a second, those of this one before they are answered.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

from engine.access import Actor
from engine.database import Database
from engine.store.credentials import GENERATION

SIZE = 10_000
"""How many credentials are remembered: some megabytes."""

LONGEST = 2048
"""Bytes of one that is remembered; with blanks in it, a good one can be written at any length."""


@dataclass(slots=True)
class Known:
    """A credential that was found good: until when, and when the row was last told that it was used (both epoch seconds)."""

    actor: Actor
    until: float = float("inf")
    row: str | None = None
    told: float = 0.0
    ends: float = float("inf")
    csrf: str = ""


class Memory:
    """See the module."""

    def __init__(self, database: Database, size: int = SIZE) -> None:
        self._database = database
        self._size = size
        self._known: dict[Hashable, Known] = {}
        self._generation: Any = None
        self.get = self._known.get
        database.subscribe(self._committed)

    def put(self, key: Hashable, known: Known) -> None:
        """Remember, unless it is too long; the oldest goes when there is no room."""
        if isinstance(key, bytes) and len(key) > LONGEST:
            return
        if len(self._known) >= self._size:
            del self._known[next(iter(self._known))]
        self._known[key] = known

    def forget(self, key: Hashable) -> None:
        """Forget one."""
        self._known.pop(key, None)

    def _committed(self) -> None:
        try:
            generation: Any = self._database.read(GENERATION)
        except Exception:
            self._known.clear()
            raise
        if generation != self._generation:
            self._generation = generation
            self._known.clear()
