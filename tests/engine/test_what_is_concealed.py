"""What is never shown: secrets of any type, encrypted where they lie, and tokens, of which only a hash is kept."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from engine.database.sqlite.tables import UnsafeChange
from engine.schema.prepare import SchemaChangeNeeded
from engine.store import Record, Sealed, Taken
from tests.support import System, shut, system

VALUES: dict[str, Any] = {
    "a_string": "open-sesame",
    "a_text": "open-sesame\nand more",
    "an_integer": 424242424242,
    "a_number": 0.125,
    "a_boolean": False,
    "a_time": "2026-01-31T09:30:00.000Z",
    "a_json": {"PASSWORD": "open-sesame", "PORTS": [1, None, {"a": "b"}]},
    "a_word": "open-sesame",
    "an_amount": {"amount": 424242, "currency": "USD"},
    "a_secret": "open-sesame",
}
TYPES = ("string", "text", "integer", "number", "boolean", "timestamp", "json", "enum", "money", "secret")
MORE = {"enum": ", secret: true, values: [open-sesame]", "secret": ""}
ATTRIBUTES = "".join(
    f"  {name}: {{type: {kind}{MORE.get(kind, ', secret: true')}}}\n" for name, kind in zip(VALUES, TYPES, strict=True)
)
WORDS = "words: {type: json, secret: true, default: {a: open-sesame}}"
FILES = {
    "safes": f"attributes:\n  name: {{type: string}}\n  {WORDS}\n{ATTRIBUTES}",
    "doors": "attributes:\n  name: {type: string}\n  code: {type: token, prefix: door_}\n",
}


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[System]:
    running = await system(tmp_path, FILES)
    yield running
    await shut(running)


async def make(running: System, kind: str, **given: Any) -> Record:
    record: Record = await running.write(lambda unit: unit.create(running.store.kind(kind), given))
    return record


async def test_a_secret_of_any_type_comes_back_as_it_went_in(house: System) -> None:
    row = (await make(house, "safes", **VALUES)).row
    sealed = {name: row[name] for name in VALUES}
    assert all(isinstance(each, Sealed) for each in sealed.values())
    assert {name: each.value() for name, each in sealed.items()} == VALUES
    assert {name: type(each.value()) for name, each in sealed.items()} == {name: type(each) for name, each in VALUES.items()}
    assert row["a_text"].reveal() == VALUES["a_text"]
    assert orjson.loads(row["a_json"].reveal()) == VALUES["a_json"]
    assert row["words"].value() == {"a": "open-sesame"}


async def test_a_secret_of_any_type_is_nowhere_in_clear(house: System, tmp_path: Path) -> None:
    record = await make(house, "safes", **VALUES)
    changed = {"a_json": {"PASSWORD": "open-sesame-2"}, "an_integer": 424242424242}
    updated = await house.write(lambda unit: unit.update(house.store.kind("safes"), record, changed))
    assert updated.row["a_json"].value() == {"PASSWORD": "open-sesame-2"}
    content = b"".join(file.read_bytes() for file in tmp_path.glob("hoster.db*") if file.is_file())
    assert content
    assert b"sesame" not in content
    assert b"4242" not in content
    assert "sesame" not in repr(updated.row)


async def test_a_secret_is_asked_for_nothing(house: System) -> None:
    """Neither that it is the same as before nor what it is can be found out by writing it."""
    record = await make(house, "safes", a_json={"a": 1})
    kind = house.store.kind("safes")
    again = await house.write(lambda unit: unit.update(kind, record, {"a_json": {"a": 1}}))
    assert again.version == 2
    emptied = await house.write(lambda unit: unit.update(kind, again, {"a_json": None, "a_word": None}))
    assert emptied.version == 3
    unchanged = await house.write(lambda unit: unit.update(kind, emptied, {"a_json": None}))
    assert unchanged.version == 3
    (event,) = house.store.database.read("SELECT data FROM _events WHERE row = ? AND version = 2", (record.id,))
    data = orjson.loads(event[0])
    assert data["before"] == data["after"] == {"a_json": "••••••"}


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [("", ", secret: true", "is secret now, and existing rows hold it in clear"), (", secret: true", "", "holds secrets")],
)
async def test_what_rows_hold_cannot_become_secret_nor_the_reverse(before: str, after: str, told: str, tmp_path: Path) -> None:
    first = await system(tmp_path, {"safes": f"attributes: {{words: {{type: json{before}}}}}"})
    record = await make(first, "safes", words={"a": 1})
    await shut(first)
    with pytest.raises(SchemaChangeNeeded, match=told) as caught:
        await system(tmp_path, {"safes": f"attributes: {{words: {{type: json{after}}}}}"})
    assert isinstance(caught.value.__cause__, UnsafeChange)
    again = await system(tmp_path, {"safes": f"attributes: {{words: {{type: json{before}}}}}"})
    await again.write(
        lambda unit: unit.update(again.store.kind("safes"), unit.get(again.store.kind("safes"), record.id), {"words": None})
    )
    await shut(again)
    last = await system(tmp_path, {"safes": f"attributes: {{words: {{type: json{after}}}}}"})
    assert (await make(last, "safes", words={"a": 2})).row["words"] is not None
    await shut(last)


async def test_a_token_is_made_with_the_row_and_kept_as_a_hash(house: System, tmp_path: Path) -> None:
    def work(unit: Any) -> tuple[Record, dict[tuple[str, str], dict[str, str]]]:
        return unit.create(house.store.kind("doors"), {"name": "front"}), unit.made

    record, made = await house.write(work)
    ((where, shown),) = made.items()
    assert where == ("doors", record.id)
    text = shown["code"]
    assert text.startswith("door_")
    assert len(text) == len("door_") + 64
    assert record.row["code"] == hashlib.sha256(text.encode()).hexdigest()
    content = b"".join(file.read_bytes() for file in tmp_path.glob("hoster.db*") if file.is_file())
    assert text.encode() not in content
    (event,) = house.store.database.read("SELECT data FROM _events WHERE row = ?", (record.id,))
    assert orjson.loads(event[0])["after"]["code"] == "••••••"
    assert record.row["code"] not in event[0]


async def test_a_token_that_the_system_brings_along_is_kept_as_a_hash_too(house: System) -> None:
    kind = house.store.kind("doors")
    record = await make(house, "doors", code="from-the-settings")
    assert record.row["code"] == hashlib.sha256(b"from-the-settings").hexdigest()
    changed = await house.write(lambda unit: unit.update(kind, record, {"code": "another"}))
    assert changed.row["code"] == hashlib.sha256(b"another").hexdigest()
    with pytest.raises(Taken):
        await make(house, "doors", code="another")


async def test_clients_neither_set_nor_see_nor_ask_for_what_is_concealed(house: System) -> None:
    _, ann = await house.person("ann")
    headers = ann | {"content-type": "application/vnd.api+json"}

    async def post(kind: str, **attributes: Any) -> Any:
        body = {"data": {"type": kind, "attributes": attributes}}
        return await house.client.post(f"/api/v1/{kind}", json=body, headers=headers)

    safe = await post("safes", **VALUES)
    assert safe.status_code == 201
    assert set(safe.json()["data"]["attributes"]) == {"name", "created_at", "updated_at"}
    wrong = await post("safes", an_integer="many")
    assert (wrong.status_code, wrong.json()["errors"][0]["source"]) == (422, {"pointer": "/data/attributes/an_integer"})
    given = await post("doors", code="door_mine")
    assert (given.status_code, given.json()["errors"][0]["code"]) == (422, "read_only")
    door = await post("doors", name="front")
    assert door.status_code == 201
    for path in ("doors?filter[code]=x", "doors?sort=code", "safes?filter[a_json][null]=true", "safes?sort=an_integer"):
        assert (await house.client.get(f"/api/v1/{path}", headers=ann)).status_code == 400, path
    shown = await house.client.get("/api/v1/doors", headers=ann)
    assert "code" not in shown.json()["data"][0]["attributes"]
    for path in ("doors", "safes", f"safes/{safe.json()['data']['id']}", "events"):
        answer = await house.client.get(f"/api/v1/{path}", headers=ann)
        assert answer.status_code == 200
        assert "sesame" not in answer.text
