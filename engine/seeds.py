"""Seed data: rows that a new database begins with, each made once in its life.

A seed file is YAML: resource types, and for each a list of rows. The first attribute of a row is its key within the file.
A value `{$ref: [type, attribute, value]}` of a relationship is the id of that row. A row that somebody deletes or changes
stays as they left it: that it was made is written down, not read off the tables.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from engine.access import SYSTEM
from engine.errors import HosterError
from engine.store import Store, Unit

KNOWN = "SELECT 1 FROM _facts WHERE id = ?"
REMEMBER = "INSERT INTO _facts (id, value) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET value = excluded.value"


class BadSeed(HosterError):
    """A seed file does not fit the definitions."""

    code, title = "bad_seed", "A seed file does not fit the definitions"


async def sow(store: Store, file: Path) -> int:
    """Make the rows of `file` that were never made; returns how many."""
    content = await asyncio.to_thread(file.read_bytes)
    digest = hashlib.sha256(content).hexdigest()
    mark = f"seed/{file.stem}/{digest}"
    if store.database.read(KNOWN, (mark,)):
        return 0
    rows = list(_rows(file, content))

    def work(unit: Unit) -> int:
        made = sum(_make(unit, file, type_name, row) for type_name, row in rows)
        unit.transaction.run(REMEMBER, (mark, unit.now))
        return made

    return await store.write(SYSTEM, work)


def _rows(file: Path, content: bytes) -> Iterator[tuple[str, dict[str, Any]]]:
    from ruamel.yaml import YAML

    for type_name, rows in (YAML(typ="safe", pure=True).load(content) or {}).items():
        for row in rows:
            yield type_name, dict(row)


def _make(unit: Unit, file: Path, type_name: str, row: Mapping[str, Any]) -> bool:
    key, value = next(iter(row.items()))
    mark = f"seed/{file.stem}/{type_name}/{value}"
    if unit.transaction.one(KNOWN, (mark,)):
        return False
    kind = unit.store.kind(type_name)
    unknown = row.keys() - set(kind.layout.names)
    if unknown:
        raise BadSeed(f"{file.name}: {type_name} {key}={value} sets {', '.join(sorted(unknown))}, which the type does not have")
    given = {name: _resolved(unit, each) for name, each in row.items()}
    state = kind.resource.lifecycle.attribute if kind.resource.lifecycle else ""
    unit.insert(kind, unit.draft(kind, given) | ({state: given[state]} if state in given else {}))
    unit.transaction.run(REMEMBER, (mark, unit.now))
    return True


def _resolved(unit: Unit, value: Any) -> Any:
    if not (isinstance(value, Mapping) and "$ref" in value):
        return value
    type_name, name, wanted = value["$ref"]
    kind = unit.store.kind(type_name)
    found = unit.transaction.one(f'{kind.select} WHERE t."{name}" = ?{kind.present}', (wanted,))
    if found is None:
        raise BadSeed(f"There is no {type_name} with {name} {wanted!r} to refer to")
    return found[0]
