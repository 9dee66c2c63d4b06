"""Tables follow the definition files: what is new appears at a start, what would lose something stops it."""

from pathlib import Path

import pytest

from engine.access import SYSTEM
from engine.errors import Invalid
from engine.schema.prepare import SchemaChangeNeeded
from engine.store import Taken
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


LIVED = """
    attributes: {name: {type: string, unique: true}}
    lifecycle:
      initial: open
      states: {open: {}, %s}
      transitions: {end: {from: open, to: %s}}
"""


async def test_what_was_required_can_become_optional_and_back_while_rows_allow_it(tmp_path: Path) -> None:
    strict = "attributes:\n  title: {type: string, required: true}\n  stars: {type: integer, default: 3}\n"
    loose = strict.replace(", required: true", "")
    slips = "attributes: {text: {type: string}}\nrelationships: {note: {to: notes, on_delete: cascade}}\n"
    first = await system(tmp_path, {"notes": strict, "slips": slips})
    row = (await first.write(lambda unit: unit.create(first.store.kind("notes"), {"title": "it's", "stars": 5}))).id
    await first.write(lambda unit: unit.create(first.store.kind("slips"), {"note": row}))
    await shut(first)
    second = await system(tmp_path, {"notes": loose, "slips": slips})
    bare = await second.write(lambda unit: unit.create(second.store.kind("notes"), {}))
    assert (bare.row["title"], bare.row["stars"]) == (None, 3)
    assert second.service.get(SYSTEM, "notes", row).record.row["title"] == "it's"
    assert second.store.database.read("SELECT note FROM slips") == [(row,)]
    assert "STRICT" in second.store.database.read("SELECT sql FROM sqlite_master WHERE name = 'notes'")[0][0]
    await shut(second)
    with pytest.raises(SchemaChangeNeeded, match=r"notes\.title is required now, and existing rows have no value"):
        await system(tmp_path, {"notes": strict, "slips": slips})
    third = await system(tmp_path, {"notes": loose, "slips": slips})
    await third.write(lambda unit: unit.remove(third.store.kind("notes"), bare))
    await shut(third)
    fourth = await system(tmp_path, {"notes": strict, "slips": slips})
    with pytest.raises(Invalid, match="title needs a value"):
        await fourth.write(lambda unit: unit.create(fourth.store.kind("notes"), {}))
    await fourth.write(lambda unit: unit.remove(fourth.store.kind("notes"), unit.get(fourth.store.kind("notes"), row)))
    assert fourth.store.database.read("SELECT count(*) FROM slips") == [(0,)]
    await shut(fourth)


async def test_a_relationship_can_lead_elsewhere_when_no_row_is_lost_by_it(tmp_path: Path) -> None:
    files = dict.fromkeys(("hens", "eggs"), "attributes: {name: {type: string}}\n")
    nests = "attributes: {name: {type: string}}\nrelationships: {holds: {to: %s}}\n"
    first = await system(tmp_path, files | {"nests": nests % "hens"})
    await shut(first)
    second = await system(tmp_path, files | {"nests": nests % "eggs"})
    egg = await second.write(lambda unit: unit.create(second.store.kind("eggs"), {}))
    nest = await second.write(lambda unit: unit.create(second.store.kind("nests"), {"holds": egg.id}))
    assert nest.row["holds"] == egg.id
    await shut(second)
    for target in ("hens", "cows"):
        with pytest.raises(SchemaChangeNeeded, match=f"nests.holds should refer to {target}, and existing rows refer to some"):
            await system(tmp_path, files | {"cows": files["eggs"], "nests": nests % target})
    again = await system(tmp_path, files | {"nests": nests % "eggs"})
    assert again.service.get(SYSTEM, "nests", nest.id).record.row["holds"] == egg.id
    await shut(again)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (("closed: {final: true}", "closed"), ("closed: {final: true, gone: true}", "closed")),
        (("closed: {final: true, gone: true}", "closed"), ("over: {final: true, gone: true, was: closed}", "over")),
    ],
)
async def test_a_gone_row_frees_its_name_whenever_its_state_came_to_be_gone(
    tmp_path: Path, before: tuple[str, str], after: tuple[str, str]
) -> None:
    first = await system(tmp_path, {"notes": LIVED % before})
    old = (await first.service.create(SYSTEM, "notes", {"name": "old"}, {})).record.id
    await first.service.fire(SYSTEM, "notes", old, "end", {})
    if "gone" in before[0]:
        await first.service.create(SYSTEM, "notes", {"name": "old"}, {})
    await shut(first)
    second = await system(tmp_path, {"notes": LIVED % after})
    row = (await second.service.create(SYSTEM, "notes", {"name": "x"}, {})).record.id
    with pytest.raises(Taken):
        await second.service.create(SYSTEM, "notes", {"name": "x"}, {})
    await second.service.fire(SYSTEM, "notes", row, "end", {})
    assert (await second.service.create(SYSTEM, "notes", {"name": "x"}, {})).record.row["name"] == "x"
    await shut(second)


async def test_unique_over_rows_that_are_not_stops_the_start_with_the_name(tmp_path: Path) -> None:
    first = await system(tmp_path, {"notes": NOTES})
    for _ in range(2):
        await first.write(lambda unit: unit.create(first.store.kind("notes"), {"title": "same"}))
    await shut(first)
    with pytest.raises(SchemaChangeNeeded, match=r"notes\.title should be unique, and existing rows have the same value"):
        await system(tmp_path, {"notes": NOTES.replace("required: true", "required: true, unique: true")})
    again = await system(tmp_path, {"notes": NOTES})
    assert again.store.database.read("SELECT count(*) FROM notes") == [(2,)]
    await shut(again)
