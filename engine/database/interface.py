"""What the rest of the engine may ask of a database, and the errors it may answer with."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeAlias, TypeVar

from engine.database.figures import Figures
from engine.errors import Unavailable

Row = tuple[Any, ...]
Statement: TypeAlias = "tuple[str, Sequence[Any]]"
Otherwise: TypeAlias = "Callable[[], Statement]"
Result = TypeVar("Result")
Result_co = TypeVar("Result_co", covariant=True)


class Violation(Exception):
    """A constraint of the database refused a write."""


class UniqueViolation(Violation):
    """Another row has the same values in `columns` of `table`."""

    def __init__(self, table: str, columns: tuple[str, ...]) -> None:
        super().__init__(f"unique: {table}({', '.join(columns)})")
        self.table, self.columns = table, columns


class ForeignKeyViolation(Violation):
    """A reference points at a row that does not exist, or a row that is referred to was removed."""


class NotNullViolation(Violation):
    """`column` of `table` was left without a value."""

    def __init__(self, table: str, column: str) -> None:
        super().__init__(f"not null: {table}.{column}")
        self.table, self.column = table, column


class StorageFailed(Unavailable):
    """The disk is full, a file is damaged, or the lock was not had in time: nothing was written."""

    code, title = "storage_failed", "The database cannot write"


class Transaction(Protocol):
    """One unit of work. Everything done through it is kept together or not at all."""

    def run(self, sql: str, parameters: Sequence[Any] = ()) -> int:
        """Execute a statement; answers the number of rows it changed."""
        ...

    def one(self, sql: str, parameters: Sequence[Any] = ()) -> Row | None:
        """The first row of a statement's answer, for statements that answer at most one."""
        ...

    def all(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """All rows of a statement's answer."""
        ...


class Database(Protocol):
    """A database that is open."""

    dialect: str
    figures: Figures

    def read(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """Read inline; for statements that are quick by their nature, such as a look-up by key."""
        ...

    async def query(
        self, sql: str, parameters: Sequence[Any] = (), otherwise: Otherwise | None = None, rows: int = 0
    ) -> list[Row]:
        """Read inline as long as that is quick, else in a thread.

        `otherwise` makes a statement with the same answer, which is taken when the first looks at far more than the `rows`
        that it is to give.
        """
        ...

    def submit(self, work: Callable[[Transaction], Result]) -> asyncio.Future[Result]:
        """Queue `work` for a transaction; the future ends once it is on disk. An exception of `work` undoes its changes."""
        ...

    async def write(self, work: Callable[[Transaction], Result]) -> Result:
        """`submit`, waited for."""
        ...

    def subscribe(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call `callback` on the event loop after commits, by this process or another; returns how to end that."""
        ...

    def begin_work(self, worker: str) -> None:
        """Announce `worker` as alive until this process ends or `end_work` is called."""
        ...

    def end_work(self, worker: str) -> None:
        """Take the announcement back."""
        ...

    def is_working(self, worker: str) -> bool:
        """Whether the process that announced `worker` is still there, running or paused."""
        ...

    async def start(self) -> None:
        """Bind to the running event loop and begin to notice what other processes commit."""
        ...

    async def close(self) -> None:
        """Finish queued writes and close every connection."""
        ...
