"""A database that is for some definition files, and what an edit of them would do."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from engine.loader import load
from engine.schema import prepare
from engine.schema.plan import Change, Plan, make_plan
from tests.support import System, definitions, system

AT = "2026-01-31T09:30:00.000Z"

BEFORE = {
    "shelves": "attributes: {name: {type: slug, required: true}}\n",
    "books": """
        owner: owner
        attributes:
          title: {type: string, required: true, max_length: 80}
          isbn: {type: string}
          pages: {type: integer}
          mood: {type: enum, values: [good, bad]}
          note: {type: text, read: owner}
          key: {type: secret}
        relationships:
          owner: {to: users}
          shelf: {to: shelves, on_delete: set_null}
        lifecycle:
          attribute: status
          initial: here
          states:
            here: {}
            lent: {after: {14d: remind}}
            late: {}
            sorting: {run: books.sort, then: here, else: here, within: 1h}
          transitions:
            lend: {from: here, to: lent}
            remind: {from: lent, to: late, by: system}
            bring: {from: [lent, late], to: here}
            sort: {from: here, to: sorting}
    """,
}


async def library(tmp_path: Path, files: Mapping[str, str] = BEFORE) -> System:
    """A system whose database says which definitions it is for."""
    tmp_path.mkdir(exist_ok=True)
    running = await system(tmp_path, files)
    loaded = load([tmp_path / "resources"])
    assert loaded.definitions is not None
    prepare(running.path, loaded.definitions, loaded.files, AT)
    return running


def edited(running: System, files: Mapping[str, str]) -> Plan:
    """The plan for other files."""
    loaded = load([definitions(running.path.parent / "edited", files)])
    assert loaded.definitions is not None, "\n".join(map(str, loaded.problems))
    return make_plan(running.path, loaded.definitions)


def told(plan: Plan) -> dict[tuple[str, str], Change]:
    """The changes by code and place; each is there once."""
    found = {(each.code, each.where): each for each in plan.changes}
    assert len(found) == len(plan.changes)
    return found


def replaced(*pairs: tuple[str, str]) -> dict[str, str]:
    """The files with parts of the books replaced, each of which is there."""
    text = BEFORE["books"]
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new)
    return BEFORE | {"books": text}


def with_attributes(*attributes: str) -> dict[str, str]:
    """The files with further attributes of the books."""
    known = "key: {type: secret}"
    return replaced((known, ("\n" + " " * 10).join((known, *attributes))))
