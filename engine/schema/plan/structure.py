"""Tables, columns, references and indexes: what is made, renamed, rebuilt or left behind."""

from __future__ import annotations

from collections.abc import Iterator

from engine.database.sqlite.tables import declaration, index_statement, quoted
from engine.database.tables import Column, Index, Table
from engine.schema.plan.change import Change
from engine.schema.plan.pairs import pairs
from engine.schema.plan.rows import Rows


def added_table(table: Table) -> Iterator[Change]:
    """A type that was not there."""
    yield Change(code="TB101", where=table.name, text=f"{table.name} gets a table of its own")


def kept_table(old: Table, new: Table, rows: Rows) -> Iterator[Change]:
    """A type that was there, perhaps under another name."""
    if old.name != new.name:
        sql = f"ALTER TABLE {quoted(old.name)} RENAME TO {quoted(new.name)}"
        count = rows.count(old.name).number
        yield Change(code="TB102", where=new.name, text=f"{old.name} is called {new.name}", rows=count, sql=(sql,))
    matched = pairs({each.name: each for each in old.columns}, {each.name: each for each in new.columns})
    for column in matched.added:
        yield _added(new, old, column, rows)
    for before, after in matched.kept:
        yield from _kept(old, new, before, after, rows)
    yield from _indexes(old, new, {after.name: before.name for before, after in matched.kept})


def _added(new: Table, old: Table, column: Column, rows: Rows) -> Change:
    where, sql = f"{new.name}.{column.name}", f"ALTER TABLE {quoted(new.name)} ADD COLUMN {declaration(column, new)}"
    found = rows.count(old.name)
    if column.not_null and column.default is None and found.number:
        text = f"{where} must have a value, and the rows that are there have none: give it a default"
        return Change(code="BF101", where=where, text=text, rows=found.number, ids=found.ids)
    return Change(code="TB103", where=where, text=f"{where} is added", rows=found.number, sql=(sql,))


def _kept(old: Table, new: Table, before: Column, after: Column, rows: Rows) -> Iterator[Change]:
    where = f"{new.name}.{after.name}"
    if before.name != after.name:
        sql = f"ALTER TABLE {quoted(new.name)} RENAME COLUMN {quoted(before.name)} TO {quoted(after.name)}"
        yield Change(code="TB104", where=where, text=f"{old.name}.{before.name} is called {after.name}", sql=(sql,))
    held = rows.count(old.name, f"{quoted(before.name)} IS NOT NULL")
    if (before.type, before.sealed) != (after.type, after.sealed):
        how = "encrypted" if after.sealed else "in clear" if before.sealed else f"as {after.type}, no longer as {before.type}"
        text = f"values of {where} are kept {how}"
        yield Change(code="DL103", where=where, text=text, rows=held.number, ids=held.ids, rebuilds=True)
    every = rows.count(old.name).number
    if before.not_null and not after.not_null:
        yield Change(code="TB105", where=where, text=f"{where} need no longer have a value", rows=every, rebuilds=True)
    elif after.not_null and not before.not_null:
        empty = rows.count(old.name, f"{quoted(before.name)} IS NULL")
        if empty.number:
            text = f"{where} must have a value now, and these rows have none"
            yield Change(code="BF102", where=where, text=text, rows=empty.number, ids=empty.ids)
        else:
            yield Change(code="TB106", where=where, text=f"{where} must have a value now", rows=every, rebuilds=True)
    yield from _reference(old, new, before, after, rows)


def _reference(old: Table, new: Table, before: Column, after: Column, rows: Rows) -> Iterator[Change]:
    former, target, where = old.references.get(before.name), new.references.get(after.name), f"{new.name}.{after.name}"
    if former == target or (former is not None and target is not None and former not in rows):
        return
    if target is None:
        text = f"{where} no longer refers to {former}"
        yield Change(code="TB107", where=where, text=text, rows=rows.count(old.name).number, rebuilds=True)
        return
    column = quoted(before.name)
    there = f"SELECT id FROM {quoted(target)}" if target in rows else "SELECT NULL WHERE 0"  # noqa: S608  checked names
    lost = rows.count(old.name, f"{column} IS NOT NULL AND {column} NOT IN ({there})")
    if lost.number:
        text = f"{where} is to refer to {target}, and these rows refer to something else"
        yield Change(code="BF107", where=where, text=text, rows=lost.number, ids=lost.ids)
    else:
        text = f"{where} refers to {target}, no longer to {former or 'nothing'}"
        yield Change(code="TB107", where=where, text=text, rows=rows.count(old.name).number, rebuilds=True)


def _indexes(old: Table, new: Table, names: dict[str, str]) -> Iterator[Change]:
    """Unique ones that rows stand against are told of where their values are looked at."""
    made, dropped = set(new.indexes) - set(old.indexes), set(old.indexes) - set(new.indexes)
    for index in sorted(made, key=repr):
        sql = index_statement(new, index)
        yield Change(code="TB108", where=new.name, text=f"an index over {_listed(index)}", sql=(sql,))
    for index in sorted(dropped, key=repr):
        sql = f"DROP INDEX {quoted(index.name(old.name))}"
        yield Change(code="TB109", where=new.name, text=f"no index over {_listed(index)} any more", sql=(sql,))


def _listed(index: Index) -> str:
    return " and ".join(index.columns)
