"""The plan: everything that an edit of the definition files changes, held against the database as it is."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.database.sqlite.connection import connect
from engine.database.sqlite.snapshots import latest
from engine.errors import HosterError
from engine.loader.loading import load_files
from engine.model import Definitions
from engine.schema.plan.change import Change
from engine.schema.plan.interface import narrower, removed_names, removed_type
from engine.schema.plan.lifecycles import lifecycle
from engine.schema.plan.pairs import pairs
from engine.schema.plan.permissions import rights
from engine.schema.plan.rows import Rows
from engine.schema.plan.structure import added_table, kept_table
from engine.schema.plan.values import tightened
from engine.schema.resource_tables import resource_table


class NoBase(HosterError):
    """The database does not say which definitions it is for."""

    code, title = "no_base", "There is nothing to compare with"


@dataclass(frozen=True, slots=True)
class Plan:
    """`since` is when the database was brought to the definitions that it is for; None where there is no database yet."""

    changes: tuple[Change, ...]
    since: str | None

    def document(self) -> dict[str, object]:
        """For programs."""
        return {"since": self.since, "changes": [each.document() for each in self.changes]}


def make_plan(path: Path, definitions: Definitions) -> Plan:
    """Compare; raises `NoBase` for a database of a version that did not keep what it is for. Writes nothing."""
    if not path.exists():
        new = (
            change for name in definitions.types for change in added_table(resource_table(definitions, definitions.types[name]))
        )
        return Plan(tuple(new), None)
    connection = connect(path, read_only=True)
    try:
        connection.execute("BEGIN")  # one moment for all that is counted
        return _against(connection, definitions)
    finally:
        connection.close()


def _against(connection: sqlite3.Connection, definitions: Definitions) -> Plan:
    base = latest(connection)
    before = None if base is None else load_files(base.files).definitions
    if base is None or before is None:
        raise NoBase("Start the server once with the present definitions: from then on the database says which ones it is for")
    return Plan(tuple(_changes(before, definitions, Rows(connection, before))), base.at)


def _changes(before: Definitions, after: Definitions, rows: Rows) -> Iterator[Change]:
    matched = pairs(before.types, after.types)
    for resource in matched.added:
        yield from added_table(resource_table(after, resource))
    for resource in matched.removed:
        yield from removed_type(resource, rows)
    for old, new in matched.kept:
        yield from kept_table(resource_table(before, old), resource_table(after, new), rows)
        yield from removed_names(old, new, rows)
        yield from tightened(old, new, after, rows)
        yield from lifecycle(old, new, rows)
        yield from rights(old, new, before, after, rows)
        yield from narrower(old, new)
