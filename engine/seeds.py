"""Seed data: rows that a new database begins with, each made once in its life.

A seed file is YAML: resource types, and for each a list of rows. The first attribute of a row is its key within the file.
A value `{$ref: [type, attribute, value]}` of a relationship is the id of that row. A row that somebody deletes or changes
stays as they left it: that it was made is written down, not read off the tables.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from engine.access import SYSTEM
from engine.errors import HosterError
from engine.store import Store, Taken, TypeStore, Unit

log = logging.getLogger(__name__)

KNOWN = "SELECT 1 FROM _facts WHERE id = ?"
REMEMBER = "INSERT INTO _facts (id, value) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET value = excluded.value"


class BadSeed(HosterError):
    """A seed file does not fit the definitions."""

    code, title = "bad_seed", "A seed file does not fit the definitions"


class _NothingThere(Exception):
    """The row that a reference names is not there, or not any more."""


async def sow(store: Store, file: Path) -> int:
    """Make the rows of `file` that were never made; returns how many."""
    content = await asyncio.to_thread(file.read_bytes)
    digest = hashlib.sha256(content).hexdigest()
    mark = f"seed/{file.stem}/{digest}"
    if store.database.read(KNOWN, (mark,)):
        return 0
    rows = list(_rows(file, content))

    made = 0
    for type_name, row in rows:
        made += await _sow_one(store, file, type_name, row)
    await store.write(SYSTEM, lambda unit: unit.transaction.run(REMEMBER, (mark, unit.now)))
    return made


async def _sow_one(store: Store, file: Path, type_name: str, row: Mapping[str, Any]) -> bool:
    """Make a row, in a unit of its own: what stands in its way keeps neither the others nor the server back."""
    try:
        return await store.write(SYSTEM, lambda unit: _make(unit, file, type_name, row))
    except Taken as error:
        log.warning("%s: %s %s is left as it is: %s", file.name, type_name, next(iter(row.values())), error)
        await store.write(SYSTEM, lambda unit: _remember(unit, file, type_name, row))
    except _NothingThere as error:
        log.warning("%s: %s %s is not made: %s", file.name, type_name, next(iter(row.values())), error)
    return False


def _rows(file: Path, content: bytes) -> Iterator[tuple[str, dict[str, Any]]]:
    from ruamel.yaml import YAML

    for type_name, rows in (YAML(typ="safe", pure=True).load(content) or {}).items():
        for row in rows:
            yield type_name, dict(row)


def _make(unit: Unit, file: Path, type_name: str, row: Mapping[str, Any]) -> bool:
    kind = unit.store.kind(type_name)
    if _is_known(unit, file, kind, row):
        return False
    unknown = row.keys() - set(kind.layout.names)
    if unknown:
        key, value = next(iter(row.items()))
        raise BadSeed(f"{file.name}: {type_name} {key}={value} sets {', '.join(sorted(unknown))}, which the type does not have")
    given = {name: _resolved(unit, each) for name, each in row.items()}
    state = kind.resource.lifecycle.attribute if kind.resource.lifecycle else ""
    unit.insert(kind, unit.draft(kind, given) | ({state: given[state]} if state in given else {}))
    _remember(unit, file, type_name, row)
    return True


def _is_known(unit: Unit, file: Path, kind: TypeStore, row: Mapping[str, Any]) -> bool:
    """Whether the row was made, under the type's present name or its former one."""
    if unit.transaction.one(KNOWN, (_mark(file, kind.name, row),)):
        return True
    before = kind.resource.was
    if before is None or not unit.transaction.one(KNOWN, (_mark(file, before, row),)):
        return False
    _remember(unit, file, kind.name, row)
    return True


def _remember(unit: Unit, file: Path, type_name: str, row: Mapping[str, Any]) -> None:
    unit.transaction.run(REMEMBER, (_mark(file, type_name, row), unit.now))


def _mark(file: Path, type_name: str, row: Mapping[str, Any]) -> str:
    return f"seed/{file.stem}/{type_name}/{next(iter(row.values()))}"


def _resolved(unit: Unit, value: Any) -> Any:
    if not (isinstance(value, Mapping) and "$ref" in value):
        return value
    type_name, name, wanted = value["$ref"]
    kind = unit.store.kind(type_name)
    if name not in kind.layout.names:
        raise BadSeed(f"There is no attribute {name} of {type_name} to refer by")
    found = unit.transaction.one(f'{kind.select} WHERE t."{name}" = ?{kind.present}', (wanted,))
    if found is None:
        raise _NothingThere(f"there is no {type_name} with {name} {wanted!r} to refer to")
    return found[0]
