"""The definitions that a database was brought to, one after the other: what a change is compared with."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson

from engine.database.sqlite.connection import connect

LATEST = "SELECT number, at, digest, files FROM _definitions ORDER BY number DESC LIMIT 1"
NEWEST_DIGEST = "SELECT digest FROM _definitions ORDER BY number DESC LIMIT 1"
KEEP = "INSERT INTO _definitions (at, digest, files, changes) VALUES (?, ?, ?, ?)"
THERE = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = '_definitions'"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Definition files by the names of types, and since when the database has been theirs."""

    number: int
    at: str
    digest: str
    files: Mapping[str, bytes]


def latest(connection: sqlite3.Connection) -> Snapshot | None:
    """What the database was last brought to; None where it was made before this was kept."""
    if connection.execute(THERE).fetchone() is None:
        return None
    row = connection.execute(LATEST).fetchone()
    if row is None:
        return None
    number, at, digest, files = row
    return Snapshot(number, at, digest, {name: text.encode() for name, text in orjson.loads(files).items()})


def keep(path: Path, *, at: str, digest: str, files: Mapping[str, bytes], changes: Sequence[str]) -> None:
    """Note that the database has been brought to these files; nothing where it had been already."""
    connection = connect(path)
    try:
        if connection.execute(NEWEST_DIGEST).fetchone() != (digest,):
            texts = orjson.dumps({name: content.decode("utf-8-sig") for name, content in files.items()}).decode()
            connection.execute(KEEP, (at, digest, texts, orjson.dumps(list(changes)).decode()))
    finally:
        connection.close()
