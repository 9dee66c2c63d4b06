"""Tables follow the definition files: what is new appears at a start, what would lose something stops it."""

from pathlib import Path

import pytest

from engine.access import SYSTEM
from engine.schema.prepare import SchemaChangeNeeded
from tests.support import shut, system

NOTES = "attributes:\n  title: {type: string, required: true}\n"


async def test_a_new_type_is_one_file(tmp_path: Path) -> None:
    first = await system(tmp_path, {"notes": NOTES})
    await shut(first)
    second = await system(tmp_path, {"notes": NOTES, "plants": "attributes: {height: {type: integer}}"})
    _, ann = await second.person("ann")
    made = await second.client.post(
        "/api/v1/plants",
        json={"data": {"type": "plants", "attributes": {"height": 3}}},
        headers=ann | {"content-type": "application/vnd.api+json"},
    )
    assert made.status_code == 201
    assert [kind for _, name, kind in second.events() if name == "plants"] == ["created"]
    await shut(second)


async def test_a_new_attribute_gets_its_default_in_rows_that_are_there(tmp_path: Path) -> None:
    first = await system(tmp_path, {"notes": NOTES})
    row = (await first.write(lambda unit: unit.create(first.store.kind("notes"), {"title": "old"}))).id
    await shut(first)
    grown = NOTES + "  stars: {type: integer, default: 3}\n  body: {type: text}\nrelationships: {above: {to: notes}}\n"
    second = await system(tmp_path, {"notes": grown})
    record = second.service.get(SYSTEM, "notes", row).record
    assert (record.row["stars"], record.row["body"], record.row["above"], record.row["title"]) == (3, None, None, "old")
    await shut(second)


async def test_a_new_name_is_only_a_new_name(tmp_path: Path) -> None:
    first = await system(tmp_path, {"notes": NOTES + "lifecycle: {initial: open, states: {open: {}}, transitions: {}}\n"})
    row = (await first.write(lambda unit: unit.create(first.store.kind("notes"), {"title": "old"}))).id
    await shut(first)
    renamed = """
        was: notes
        attributes: {heading: {type: string, required: true, was: title}}
        lifecycle: {initial: fresh, states: {fresh: {was: open}}, transitions: {}}
    """
    second = await system(tmp_path, {"memos": renamed})
    record = second.service.get(SYSTEM, "memos", row).record
    assert (record.row["heading"], record.state) == ("old", "fresh")
    assert [name for _, name, _ in second.events(row)] == ["memos"]
    assert second.store.database.read("SELECT name FROM sqlite_master WHERE name = 'notes'") == []
    await shut(second)


async def test_a_secret_cannot_get_another_name_while_it_is_bound_to_the_old_one(tmp_path: Path) -> None:
    first = await system(tmp_path, {"keys": "attributes: {text: {type: secret}}\n"})
    row = (await first.write(lambda unit: unit.create(first.store.kind("keys"), {"text": "s3cret"}))).id
    await shut(first)
    for changed in (
        {"keys": "attributes: {code: {type: secret, was: text}}\n"},
        {"codes": "was: keys\nattributes: {text: {type: secret}}\n"},
    ):
        with pytest.raises(SchemaChangeNeeded, match="holds secrets"):
            await system(tmp_path, changed)
    again = await system(tmp_path, {"keys": "attributes: {text: {type: secret}}\n"})
    assert again.service.get(SYSTEM, "keys", row).record.row["text"].reveal() == "s3cret"
    await shut(again)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (NOTES + "  size: {type: integer, required: true}\n", "notes.size is new and required"),
        ("attributes:\n  title: {type: integer, required: true}\n", "notes.title is TEXT and should become INTEGER"),
        ("attributes:\n  name: {type: string}\n", "notes.title is gone"),
    ],
)
async def test_what_would_break_rows_stops_the_start_and_changes_nothing(tmp_path: Path, changed: str, words: str) -> None:
    first = await system(tmp_path, {"notes": NOTES})
    await first.write(lambda unit: unit.create(first.store.kind("notes"), {"title": "old"}))
    await shut(first)
    with pytest.raises(SchemaChangeNeeded, match=words):
        await system(tmp_path, {"notes": changed, "extra": "attributes: {a: {type: string}}"})
    again = await system(tmp_path, {"notes": NOTES})
    assert again.store.database.read("SELECT count(*) FROM notes") == [(1,)]
    assert again.store.database.read("SELECT name FROM sqlite_master WHERE name = 'extra'") == []
    await shut(again)


async def test_types_that_refer_to_each_other_are_made(tmp_path: Path) -> None:
    files = {
        "hens": "attributes: {name: {type: string}}\nrelationships: {egg: {to: eggs}}\n",
        "eggs": "attributes: {name: {type: string}}\nrelationships: {hen: {to: hens}, twin: {to: eggs}}\n",
    }
    farm = await system(tmp_path, files)
    hen = await farm.write(lambda unit: unit.create(farm.store.kind("hens"), {"name": "h"}))
    egg = await farm.write(lambda unit: unit.create(farm.store.kind("eggs"), {"name": "e", "hen": hen.id}))
    await farm.write(lambda unit: unit.update(farm.store.kind("hens"), hen, {"egg": egg.id}))
    references = farm.store.database.read('PRAGMA foreign_key_list("hens")') + farm.store.database.read(
        'PRAGMA foreign_key_list("eggs")'
    )
    assert sorted((row[3], row[2]) for row in references) == [
        ("egg", "eggs"), ("hen", "hens"), ("owner", "users"), ("owner", "users"), ("twin", "eggs"),
    ]  # fmt: skip
    assert "STRICT" in farm.store.database.read("SELECT sql FROM sqlite_master WHERE name = 'hens'")[0][0]
    await shut(farm)
