"""The command buses under test: each is a module that offers what `Peer` describes, run as a subprocess of its own.

To add one, write the module and name it in `PEERS`.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast

Record = Callable[[int], None]
"""What a command calls as it starts, with its number."""

SLOW_SECONDS = 600.0
"""How long the command `slow` runs: it is killed meanwhile."""

ROWS = 1_000
"""Rows that commands are about: enqueueing changes row `number % ROWS` in the same transaction."""


@dataclass(frozen=True)
class Place:
    """Where a peer keeps its data: an own directory, and the address of an empty PostgreSQL database if it wants one."""

    directory: Path
    postgres: str


class Peer(Protocol):
    """A module of this package. Each call but `unfinished` happens in a process of its own."""

    POSTGRES: bool
    NEEDS: dict[str, str]
    """Modules that must be there, with the package that brings each."""

    def setup(self, place: Place) -> None:
        """Make empty tables and the rows."""

    def enqueue(self, place: Place, kind: str, count: int, committed: Callable[[int], None]) -> None:
        """Commit `count` commands `kind` (`noop` or `slow`), each with a change of its row in one transaction.

        Calls `committed(number)` after every commit; what that call sleeps is the pause between commands.
        """

    def unfinished(self, place: Place) -> int:
        """How many commands have not ended yet."""

    def work(self, place: Place, identity: str, record: Record) -> None:
        """Run commands for ever: call `record(number)` as each starts; `slow` then sleeps for `SLOW_SECONDS`."""


PEERS = {
    "hoster": "hoster_bus",
    "dbos-sqlite": "dbos_bus",
    "pgqueuer": "pgqueuer_bus",
    "procrastinate": "procrastinate_bus",
}


def load(name: str) -> Peer:
    """The module of the peer called `name`."""
    return cast("Peer", importlib.import_module(f"{__name__}.{PEERS[name]}"))
