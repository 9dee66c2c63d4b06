"""Connections and their settings, and SQLite's errors in the engine's terms."""

from __future__ import annotations

import contextlib
import os
import re
import sqlite3
from pathlib import Path

from engine.database.interface import ForeignKeyViolation, NotNullViolation, StorageFailed, UniqueViolation, Violation

MINIMUM_VERSION = (3, 38, 0)
"""STRICT tables came with 3.37, RETURNING with 3.35, the -> operators of JSON with 3.38."""

CACHED_STATEMENTS = 512
BUSY_TIMEOUT_MS = 10_000


def connect(path: Path, *, synchronous: str = "full", read_only: bool = False) -> sqlite3.Connection:
    """A connection in autocommit mode, usable from any one thread at a time; only its owner may read a file made here."""
    if sqlite3.sqlite_version_info < MINIMUM_VERSION:
        needed = ".".join(map(str, MINIMUM_VERSION))
        raise StorageFailed(f"SQLite {needed} or later is needed, this is {sqlite3.sqlite_version}")
    try:
        _make(path)
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=CACHED_STATEMENTS)
        connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(f"PRAGMA synchronous={'NORMAL' if synchronous == 'normal' else 'FULL'}")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA temp_store=MEMORY")
        connection.execute("PRAGMA cache_size=-16000")
        connection.create_function("casefold", 1, _casefold, deterministic=True)
        if read_only:
            connection.execute("PRAGMA query_only=ON")
    except (sqlite3.Error, OSError) as error:
        raise StorageFailed(f"The database {path} cannot be opened: {error}") from error
    return connection


def _casefold(text: str | None) -> str | None:
    """Text as it is compared without regard to case; SQLite's own `lower` knows A to Z only."""
    return None if text is None else text.casefold()


def _make(path: Path) -> None:
    """Make the file if it is not there. One that is must not be opened and closed here: that would drop the locks which
    other connections of this process hold on it, and another process would take it for closed."""
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600))


_PLACES = re.compile(r"constraint failed: (.+)$")
_UNIQUE = (sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY)


def translate(error: sqlite3.Error) -> Exception:
    """The error of the engine that says the same as SQLite's."""
    if isinstance(error, sqlite3.IntegrityError):
        return _violation(error)
    if isinstance(error, sqlite3.OperationalError) or type(error) is sqlite3.DatabaseError:  # the latter: a damaged file
        return StorageFailed(f"The database answered: {error}. Nothing of this write was kept.")
    return error


def _violation(error: sqlite3.IntegrityError) -> Violation:
    text = str(error)
    if error.sqlite_errorcode == sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
        return ForeignKeyViolation(text)
    match = _PLACES.search(text)
    if match is None or error.sqlite_errorcode not in (*_UNIQUE, sqlite3.SQLITE_CONSTRAINT_NOTNULL):
        return Violation(text)
    places = [place.strip().rpartition(".") for place in match[1].split(",")]
    table, columns = places[0][0], tuple(place[2] for place in places)
    return UniqueViolation(table, columns) if error.sqlite_errorcode in _UNIQUE else NotNullViolation(table, columns[0])
