"""What must be true of a database file, whatever happened to those who wrote it."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

CHANGES = ("created", "moved", "updated", "deleted")


def query(path: Path, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
    """Read from the file."""
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql, parameters).fetchall()


def check_file(path: Path) -> None:
    """The file is sound, and so are the references in it."""
    assert query(path, "PRAGMA integrity_check") == [("ok",)]
    assert query(path, "PRAGMA foreign_key_check") == []


def check_events(path: Path, acknowledged: Iterable[tuple[str, int]] = ()) -> None:
    """No number is missing, each version of a row is told of once and follows from the one before, and every write that was
    answered, as (row, version), is there."""
    numbers = [seq for (seq,) in query(path, "SELECT seq FROM _events ORDER BY seq")]
    assert numbers == list(range(1, len(numbers) + 1))
    versions: dict[str, list[int]] = defaultdict(list)
    states: dict[str, str] = {}
    for row, kind, version, data in query(path, "SELECT row, kind, version, data FROM _events ORDER BY seq"):
        if kind in CHANGES:
            versions[row].append(version)
        if kind == "moved":
            told = json.loads(data)
            assert states.get(row, told["from"]) == told["from"], f"{row} left {told['from']} without having been there"
            states[row] = told["to"]
    for row, seen in versions.items():
        assert seen == list(range(1, len(seen) + 1)), f"{row} has the versions {seen}"
    lost = [(row, version) for row, version in acknowledged if version not in versions[row]]
    assert not lost, f"answered and lost: {lost}"


def check_rows(path: Path, table: str) -> None:
    """Each row is in the version and state that the event log told of last."""
    newest = "SELECT row, max(version), data FROM _events WHERE type = ? AND kind IN ('created', 'moved', 'updated') GROUP BY 1"
    told = {row: (version, json.loads(data).get("to")) for row, version, data in query(path, newest, table)}
    rows = query(path, f'SELECT id, _version, status FROM "{table}"')
    assert {row: version for row, version, _ in rows} == {row: version for row, (version, _) in told.items()}
    for row, _, status in rows:
        moved_to = told[row][1]
        assert moved_to in (None, status), f"{row} is {status}, and the log says {moved_to}"
