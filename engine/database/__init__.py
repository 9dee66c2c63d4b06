"""One interface, one module per database engine. All SQL dialect lives behind it.

Reads run inline on the event loop while they are quick and in a thread when they are not. Writes are functions over a
`Transaction`: they run one after the other, each inside its own savepoint, and many of them share one commit. A write's
future resolves after that commit, so an answer never speaks of something that a power cut could take back.
"""

from pathlib import Path

from engine.database.interface import (
    Database,
    ForeignKeyViolation,
    NotNullViolation,
    StorageFailed,
    Transaction,
    UniqueViolation,
    Violation,
)

__all__ = [
    "Database",
    "ForeignKeyViolation",
    "NotNullViolation",
    "StorageFailed",
    "Transaction",
    "UniqueViolation",
    "Violation",
    "open_database",
]


def open_database(path: Path, *, synchronous: str = "full") -> Database:
    """Open the SQLite database file at `path`, made when it does not exist."""
    from engine.database.sqlite import SQLite

    return SQLite(path, synchronous=synchronous)
