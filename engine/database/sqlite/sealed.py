"""Which columns hold secrets. It is noted as a fact in the database: what stands in a column does not tell, since people
choose what they write there."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

from engine.database.tables import Table
from engine.secrets.keyring import VERSION

if TYPE_CHECKING:
    from sqlite_utils import Database

FACTS, NAME = "_facts", "sealed columns"

KNOW = "SELECT value FROM _facts WHERE id = ?"
NOTE = "INSERT INTO _facts (id, value) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET value = excluded.value"


class SealedColumns:
    """Those of a database, also where the definitions say nothing of them any more."""

    def __init__(self, database: Database) -> None:
        self._database = database
        row = database.execute(KNOW, [NAME]).fetchone() if FACTS in database.table_names() else None
        self._is_noted = row is not None
        self._known = {(table, column) for table, column in json.loads(row[0])} if row is not None else set()

    def __contains__(self, name: tuple[str, str]) -> bool:
        """Whether what is in a column, if anything is, was written as secrets."""
        table, column = name
        if self._is_noted or table.startswith("_"):
            return name in self._known
        # A former version noted nothing: a column is in clear if any value of it cannot be a secret.
        in_clear = f"NOT GLOB '{VERSION}:*:*' OR \"{column}\" GLOB '{VERSION}:*:*:*'"
        return self._database.execute(f'SELECT 1 FROM "{table}" WHERE "{column}" {in_clear} LIMIT 1').fetchone() is None

    def rename_table(self, before: str, after: str) -> None:
        """Follow a table to its new name."""
        self._known = {(after if table == before else table, column) for table, column in self._known}

    def rename_column(self, table: str, before: str, after: str) -> None:
        """Follow a column to its new name."""
        if (table, before) in self._known:
            self._known = self._known - {(table, before)} | {(table, after)}

    def note(self, tables: Iterable[Table]) -> None:
        """Write down how it is once the database has `tables`."""
        columns = {(table.name, column.name): column.sealed for table in tables for column in table.columns}
        if (FACTS, "value") in columns:
            sealed = self._known - columns.keys() | {name for name, is_sealed in columns.items() if is_sealed}
            self._database.execute(NOTE, [NAME, json.dumps(sorted(sealed))])
