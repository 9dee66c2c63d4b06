"""Making tables in SQLite, through sqlite-utils: STRICT, with foreign keys and indexes.

Only what loses nothing is done here: new tables, new columns that existing rows can have, new names, new and dropped
indexes, what is required and what is referred to as far as the rows allow. Anything else is named in `UnsafeChange`, and
nothing is done at all.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Sequence
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.database.sqlite.connection import connect
from engine.database.sqlite.sealed import SealedColumns
from engine.database.tables import Column, Index, Table

if TYPE_CHECKING:
    from sqlite_utils import Database

KEPT_BY_TYPE = ("_events", "_commands", "_timers")
"""What the engine keeps about rows by the name of their type."""

RENAME_STATE = "UPDATE _commands SET state = ? WHERE type = ? AND state = ? AND open = 1"

TYPES = {"TEXT": str, "INTEGER": int, "REAL": float}


class UnsafeChange(Exception):
    """The tables hold something that the wanted ones have no place for; `changes` says what, a sentence each."""

    def __init__(self, changes: Sequence[str]) -> None:
        super().__init__("; ".join(changes))
        self.changes = tuple(changes)


def prepare(path: Path, tables: Sequence[Table]) -> list[str]:
    """Make the database at `path` have `tables`; returns what was done, a sentence each.

    A mark of the tables is kept in the file's user version, so that a start that finds them as they were costs nothing.
    """
    mark = int.from_bytes(hashlib.sha256(repr(tables).encode()).digest()[:4], "big") >> 1
    connection = connect(path)
    try:
        if connection.execute("PRAGMA user_version").fetchone() == (mark,):
            return []
        import sqlite_utils

        connection.execute("PRAGMA foreign_keys=OFF")  # a table that is made anew must not be taken for a removal of its rows
        connection.execute("BEGIN IMMEDIATE")
        database = sqlite_utils.Database(connection, recursive_triggers=False)
        done = _Preparation(database).run(tables)
        connection.execute(f"PRAGMA user_version={mark}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    finally:
        connection.close()
    return done


class _Preparation:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._existing = set(database.table_names())
        self._done: list[str] = []
        self._sealed = SealedColumns(database)

    def run(self, tables: Sequence[Table]) -> list[str]:
        for table in tables:
            self._rename(table)
        problems = [problem for table in tables if table.name in self._existing for problem in self._unsafe(table)]
        if problems:
            raise UnsafeChange(problems)
        for table in tables:
            if table.name in self._existing:
                self._extend(table)
        self._create([table for table in tables if table.name not in self._existing])
        for table in tables:
            if table.name in self._existing:
                self._remake(table)
        problems = [problem for table in tables for problem in self._index(table)]
        if problems:
            raise UnsafeChange(problems)
        self._sealed.note(tables)
        return self._done

    def _rename(self, table: Table) -> None:
        """Give tables, columns and states their new names; everything that is told of them goes along."""
        if table.was in self._existing and table.name not in self._existing:
            self._refuse_sealed(table, table.was, [column.name for column in table.columns if column.sealed])
            self._database.execute(f"ALTER TABLE {quoted(table.was)} RENAME TO {quoted(table.name)}")
            for kept in KEPT_BY_TYPE:
                self._database.execute(f"UPDATE {quoted(kept)} SET type = ? WHERE type = ?", [table.name, table.was])
            self._sealed.rename_table(table.was, table.name)
            self._existing = self._existing - {table.was} | {table.name}
            self._done.append(f"table {table.was} is called {table.name}")
        if table.name not in self._existing:
            return
        present = self._present(table)
        for column in table.columns:
            if column.was in present and column.name not in present:
                self._refuse_sealed(table, table.name, [column.was] if column.sealed else [])
                old, new = quoted(column.was), quoted(column.name)
                self._database.execute(f"ALTER TABLE {quoted(table.name)} RENAME COLUMN {old} TO {new}")
                self._sealed.rename_column(table.name, column.was, column.name)
                self._done.append(f"column {table.name}.{column.was} is called {column.name}")
        if table.renamed:
            self._unindex(table)  # one over the rows that are not gone goes by the old names of states
        for column_name, before, after in table.renamed:
            if column_name in self._present(table):
                statement = f"UPDATE {quoted(table.name)} SET {quoted(column_name)} = ? WHERE {quoted(column_name)} = ?"
                self._database.execute(statement, [after, before])
                self._database.execute(RENAME_STATE, [after, table.name, before])

    def _refuse_sealed(self, table: Table, name: str, sealed: Sequence[str]) -> None:
        for column in sealed:
            held = f"SELECT 1 FROM {quoted(name)} WHERE {quoted(column)} IS NOT NULL LIMIT 1"
            if self._database.execute(held).fetchone():
                raise UnsafeChange([f"{name}.{column} holds secrets, which are bound to their name and cannot get another"])

    def _rows(self, table: Table) -> int:
        return int(self._database.execute(f"SELECT count(*) FROM {quoted(table.name)}").fetchone()[0])

    def _present(self, table: Table) -> dict[str, Any]:
        return {column.name: column for column in self._database.table(table.name).columns}

    def _unsafe(self, table: Table) -> list[str]:
        present, problems = self._present(table), []
        wanted = {column.name: column for column in table.columns}
        for column in table.columns:
            if column.name not in present:
                if column.not_null and column.default is None and self._rows(table):
                    problems.append(f"{table.name}.{column.name} is new and required, and existing rows have no value for it")
            elif present[column.name].type != column.type:
                problems.append(f"{table.name}.{column.name} is {present[column.name].type} and should become {column.type}")
            elif column.not_null and not present[column.name].notnull and self._holds(table.name, column.name, "IS NULL"):
                problems.append(f"{table.name}.{column.name} is required now, and existing rows have no value for it")
        for name, column in present.items():
            if name not in wanted and column.notnull and column.default_value is None and not column.is_pk:
                problems.append(f"{table.name}.{name} is gone from the definitions, and rows need a value for it")
        problems += [
            problem for column in table.columns if column.name in present and (problem := self._resealed(table, column))
        ]
        return problems + [self._lost(table, column) for column in self._retargeted(table) if self._loses(table, column)]

    def _resealed(self, table: Table, column: Column) -> str | None:
        """What is wrong when a column becomes secret, or is no longer: what it holds was written as the other."""
        if column.type != "TEXT" or not self._holds(table.name, column.name, "IS NOT NULL"):
            return None
        if ((table.name, column.name) in self._sealed) is column.sealed:
            return None
        is_secret = (
            "is secret now, and existing rows hold it in clear" if column.sealed else "holds secrets and is none any more"
        )
        return f"{table.name}.{column.name} {is_secret}"

    def _holds(self, table: str, column: str, condition: str) -> bool:
        held = f"SELECT 1 FROM {quoted(table)} WHERE {quoted(column)} {condition} LIMIT 1"
        return self._database.execute(held).fetchone() is not None

    def _retargeted(self, table: Table) -> list[str]:
        """Columns whose rows refer to another table than they should, or to none."""
        have = {key.column: key.other_table for key in self._database.table(table.name).foreign_keys}
        present = self._present(table)
        return [
            column.name
            for column in table.columns
            if column.name in present and have.get(column.name) != table.references.get(column.name)
        ]

    def _loses(self, table: Table, column: str) -> bool:
        """Whether rows hold something that is no id of the table that they should refer to."""
        target = table.references.get(column)
        if target is None:
            return False
        if target not in self._existing:
            return self._holds(table.name, column, "IS NOT NULL")
        return self._holds(table.name, column, f"NOT IN (SELECT id FROM {quoted(target)})")

    def _lost(self, table: Table, column: str) -> str:
        return f"{table.name}.{column} should refer to {table.references[column]}, and existing rows refer to something else"

    def _extend(self, table: Table) -> None:
        present = self._present(table)
        missing = [column for column in table.columns if column.name not in present]
        if any(column.not_null and column.default is None for column in missing):
            self._database.table(table.name).drop()
            self._existing.discard(table.name)
            self._done.append(f"table {table.name} was empty and is made anew")
            return
        for column in missing:
            self._database.execute(f"ALTER TABLE {quoted(table.name)} ADD COLUMN {declaration(column, table)}")
            self._done.append(f"column {table.name}.{column.name} added")

    def _remake(self, table: Table) -> None:
        """Make a table anew, with its rows, where what a column may hold has changed."""
        present, target = self._present(table), self._database.table(table.name)
        needed = {column.name: column.not_null for column in table.columns if column.name != table.key}
        changed = {name: required for name, required in needed.items() if bool(present[name].notnull) != required}
        retargeted = self._retargeted(table)
        if not changed and not retargeted:
            return
        kept = [key for key in target.foreign_keys if key.column not in table.references and key.column not in retargeted]
        target.transform(
            not_null=changed,
            foreign_keys=[*kept, *((column, other, "id") for column, other in table.references.items())],
        )
        self._done += [
            f"column {table.name}.{name} is {'required' if required else 'optional'} now" for name, required in changed.items()
        ]
        self._done += [
            f"column {table.name}.{name} refers to {table.references.get(name, 'nothing')} now" for name in retargeted
        ]

    def _create(self, tables: Sequence[Table]) -> None:
        by_name = {table.name: table for table in tables}
        for name in _in_order(by_name):
            table = by_name[name]
            made = set(self._database.table_names()) | {name}
            self._database.table(name).create(
                {column.name: TYPES[column.type] for column in table.columns},
                pk=table.key,
                not_null={column.name for column in table.columns if column.not_null and column.name != table.key},
                defaults={column.name: column.default for column in table.columns if column.default is not None},
                foreign_keys=[(column, other, "id") for column, other in table.references.items() if other in made],
                strict=True,
            )
            self._done.append(f"table {name} made")
        for table in tables:
            have = {key.column for key in self._database.table(table.name).foreign_keys}
            for column, other in table.references.items():
                if column not in have:
                    self._database.table(table.name).add_foreign_key(column, other, "id")

    def _unindex(self, table: Table) -> set[str]:
        """Drop the indexes that are not as wanted; answers the names of the others."""
        statement = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL"
        present = dict(self._database.execute(statement, [table.name]).fetchall())
        wanted = {index.name(table.name): index_statement(table, index) for index in table.indexes}
        stale = {name for name, made in present.items() if wanted.get(name) != made}
        for name in stale:
            self._database.execute(f"DROP INDEX {quoted(name)}")
        return present.keys() - stale

    def _index(self, table: Table) -> list[str]:
        """Make the indexes as wanted; answers which unique ones cannot be."""
        present, problems = self._unindex(table), []
        for index in table.indexes:
            if index.name(table.name) not in present:
                try:
                    self._database.execute(index_statement(table, index))
                except sqlite3.IntegrityError:
                    problems.append(_twice(table, index))
        return problems


def _twice(table: Table, index: Index) -> str:
    *within, column = index.columns
    same = f" within the same {' and '.join(within)}" if within else ""
    return f"{table.name}.{column} should be unique{same}, and existing rows have the same value"


def _in_order(tables: dict[str, Table]) -> list[str]:
    """Referred-to tables first; inside a circle, by name."""
    graph = {name: {other for other in table.references.values() if other in tables} - {name} for name, table in tables.items()}
    while True:
        try:
            return list(TopologicalSorter(graph).static_order())
        except CycleError as error:
            circle = error.args[1]
            graph[circle[1]].discard(circle[0])
            graph[circle[0]].discard(circle[1])


def declaration(column: Column, table: Table) -> str:
    """A column as it stands in the statement that makes it."""
    parts = [quoted(column.name), column.type]
    if column.not_null:
        parts.append("NOT NULL")
    if column.default is not None:
        parts.append(f"DEFAULT {_literal(column.default)}")
    if column.name in table.references:
        parts.append(f"REFERENCES {quoted(table.references[column.name])}({quoted('id')})")
    return " ".join(parts)


def index_statement(table: Table, index: Index) -> str:
    """The statement that makes an index."""
    columns, name = ", ".join(quoted(column) for column in index.columns), index.name(table.name)
    statement = f"CREATE {'UNIQUE ' if index.unique else ''}INDEX {quoted(name)} ON {quoted(table.name)}({columns})"
    if index.except_column is not None:
        values = ", ".join(_literal(value) for value in index.except_values)
        statement += f" WHERE {quoted(index.except_column)} NOT IN ({values})"
    elif index.only_equal:
        statement += " WHERE " + " AND ".join(f"{quoted(column)} = {_literal(value)}" for column, value in index.only_equal)
    elif index.only_set is not None:
        statement += f" WHERE {quoted(index.only_set)} IS NOT NULL"
    elif index.only_true is not None:
        statement += f" WHERE {quoted(index.only_true)} = 1"
    return statement


def quoted(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def _literal(value: Any) -> str:
    if isinstance(value, (bool, int, float)):
        return repr(int(value) if isinstance(value, bool) else value)
    return "'" + str(value).replace("'", "''") + "'"
