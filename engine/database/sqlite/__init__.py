"""SQLite: the default database, one file in WAL mode beside the program."""

from engine.database.sqlite.database import SQLite

__all__ = ["SQLite"]
