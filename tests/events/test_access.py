"""Who learns what of an entry: judged by how things were before and after it."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from engine.store.sight import MOST_ROWS
from tests.events.support import FILES, change, entries, fire, listen, make
from tests.support import System, shut, system


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[System]:
    running = await system(tmp_path, FILES)
    yield running
    await shut(running)


def told(document: dict[str, Any], row: str) -> list[tuple[str, str | None]]:
    return [
        (item["attributes"]["change"], item["attributes"].get("kind"))
        for item in document["data"]
        if item["relationships"]["subject"]["data"]["id"] == row
    ]


async def test_what_was_private_stays_private_when_a_row_becomes_public(running: System) -> None:
    _, ann = await running.person("ann")
    _, bob = await running.person("bob")
    note = await make(running, ann, "notes", text="draft of a love letter")
    await change(running, ann, "notes", note, text="another draft")
    await change(running, ann, "notes", note, shared=True)
    await change(running, ann, "notes", note, text="for everybody")
    document = await entries(running, bob)
    assert told(document, note) == [("added", "updated"), ("updated", "updated")]
    added, updated = document["data"][-2:]
    assert added["attributes"]["after"] == {"shared": True}
    assert "before" not in added["attributes"]
    assert updated["attributes"]["before"] == {"text": "another draft"}
    assert "love letter" not in str(document)
    assert [each["id"] for each in document["included"] if each["type"] == "notes"] == [note]
    assert told(await entries(running, ann), note) == [("added", "created")] + [("updated", "updated")] * 3


async def test_a_row_that_leaves_the_view_is_removed_and_nothing_more_is_said(running: System) -> None:
    _, ann = await running.person("ann")
    _, bob = await running.person("bob")
    note = await make(running, ann, "notes", text="hello", shared=True)
    await fire(running, ann, "notes", note, "close")
    await change(running, ann, "notes", note, text="secret afterthought")
    document = await entries(running, bob, f"filter[row]={note}")
    assert told(document, note) == [("added", "created"), ("removed", None)]
    assert document["data"][-1]["attributes"].keys() == {"seq", "at", "change"}
    assert "afterthought" not in str(document)
    assert "included" not in document
    await fire(running, ann, "notes", note, "reopen")
    document = await entries(running, bob, f"filter[row]={note}")
    assert told(document, note)[-1] == ("added", "moved")
    assert "from" not in document["data"][-1]["attributes"]
    assert document["data"][-1]["attributes"]["to"] == "open"


async def test_a_deleted_and_a_gone_row_are_removed_for_those_who_saw_them(running: System) -> None:
    _, ann = await running.person("ann")
    _, bob = await running.person("bob")
    folder = await make(running, ann, "folders", name="mine", public=True)
    note = await make(running, ann, "notes", text="here")
    diary = await make(running, ann, "diaries", text="dear diary")
    await running.client.delete(f"/api/v1/folders/{folder}", headers=ann)
    await running.client.delete(f"/api/v1/diaries/{diary}", headers=ann)
    await fire(running, ann, "notes", note, "delete")
    assert told(await entries(running, bob), folder) == [("added", "created"), ("removed", "deleted")]
    document = await entries(running, ann)
    for row, kind in ((folder, "deleted"), (note, "moved"), (diary, "deleted")):
        assert told(document, row) == [("added", "created"), ("removed", kind)]
    removed = [item["attributes"] for item in document["data"] if item["attributes"]["change"] == "removed"]
    assert {tuple(sorted(each)) for each in removed} == {("actor", "at", "change", "command", "kind", "seq", "version")}
    assert note not in str(await entries(running, bob))
    assert diary not in str(await entries(running, bob))


async def test_rows_come_and_go_with_the_row_that_their_rule_looks_at(running: System) -> None:
    _, ann = await running.person("ann")
    _, bob = await running.person("bob")
    folder = await make(running, ann, "folders", name="mine")
    note = await make(running, ann, "notes", {"folder": folder}, text="inside")
    async with listen(running, bob) as bobs:
        assert (await bobs.next()).event == "ready"
        await change(running, ann, "folders", folder, public=True)
        inner, outer = await bobs.next(), await bobs.next()
        assert (inner.event, inner.data["id"], inner.cursor) == ("added", note, None)
        assert inner.data["resource"]["attributes"]["text"] == "inside"
        assert (outer.event, outer.data["id"]) == ("added", folder)
        assert outer.cursor is not None
        await change(running, ann, "folders", folder, public=False)
        inner, outer = await bobs.next(), await bobs.next()
        assert [(each.event, each.data["id"]) for each in (inner, outer)] == [("removed", note), ("removed", folder)]
        assert inner.data.keys() == {"seq", "at", "change", "type", "id"}
    seen = [item["id"] for item in (await entries(running, bob))["data"]][-4:]
    assert [each.partition(":")[2] for each in seen] == [f"notes:{note}", "", f"notes:{note}", ""]
    assert len({each.partition(":")[0] for each in seen}) == 2
    assert told(await entries(running, bob, f"filter[row]={note}"), note) == [("added", None), ("removed", None)]
    assert told(await entries(running, bob, "filter[type]=notes"), note) == [("added", None), ("removed", None)]


async def test_a_row_whose_reference_ends_with_what_it_referred_to_is_removed(running: System) -> None:
    _, ann = await running.person("ann")
    _, bob = await running.person("bob")
    folder = await make(running, ann, "folders", name="mine", public=True)
    note = await make(running, ann, "notes", {"folder": folder}, text="inside")
    assert told(await entries(running, bob), note) == [("added", "created")]
    assert (await running.client.delete(f"/api/v1/folders/{folder}", headers=ann)).status_code == 204
    assert told(await entries(running, bob), note) == [("added", "created"), ("removed", None)]
    assert told(await entries(running, ann), note) == [("added", "created"), ("updated", "updated")]


async def test_too_many_rows_to_name_are_listed_again(running: System) -> None:
    ann, headers = await running.person("ann")
    _, bob = await running.person("bob")
    folder = await make(running, headers, "folders", name="mine")
    kind = running.store.kind("notes")

    def fill(unit: Any) -> None:
        for number in range(MOST_ROWS + 1):
            unit.create(kind, {"text": f"note {number}", "owner": ann.id, "folder": folder})

    await running.write(fill)
    async with listen(running, bob) as bobs:
        assert (await bobs.next()).event == "ready"
        await change(running, headers, "folders", folder, public=True)
        reset, added = await bobs.next(), await bobs.next()
    assert (reset.event, reset.data["type"], reset.data["reason"], reset.cursor) == ("reset", "notes", "many", None)
    assert (added.event, added.data["id"]) == ("added", folder)


async def test_attributes_are_hidden_as_they_were_hidden_then(running: System) -> None:
    _, ann = await running.person("ann")
    _, bob = await running.person("bob")
    folder = await make(running, ann, "folders", name="mine")
    note = await make(running, ann, "notes", {"folder": folder}, text="a", secret_text="pssst", price=1, shared=True)
    await change(running, ann, "notes", note, secret_text="still pssst", price=2)
    await change(running, ann, "folders", folder, public=True)
    await change(running, ann, "notes", note, price=3)
    document = await entries(running, bob, f"filter[row]={note}")
    created, first, shown, second = (item["attributes"] for item in document["data"])
    assert created["after"].keys() == {"text", "shared", "status", "owner", "folder"}
    assert (first["before"], first["after"]) == ({}, {})
    assert shown["change"] == "updated"
    assert (second["before"], second["after"]) == ({"price": 2}, {"price": 3})
    assert "pssst" not in str(document)
    assert document["included"][0]["attributes"]["price"] == 3
    assert "pssst" in str(await entries(running, ann, f"filter[row]={note}"))


async def test_a_change_of_owner_takes_the_row_from_one_and_gives_it_to_the_other(running: System) -> None:
    _, ann = await running.person("ann")
    bob, bobs = await running.person("bob")
    diary = await make(running, ann, "diaries", text="dear diary")
    kind = running.store.kind("diaries")
    await running.write(lambda unit: unit.update(kind, unit.get(kind, diary), {"owner": bob.id}))
    assert told(await entries(running, ann), diary) == [("added", "created"), ("removed", None)]
    document = await entries(running, bobs)
    assert told(document, diary) == [("added", "updated")]
    assert document["data"][-1]["attributes"]["after"] == {"owner": bob.id}
    assert "before" not in document["data"][-1]["attributes"]


async def test_what_an_operator_does_to_the_rows_of_others_is_marked(running: System) -> None:
    _, ann = await running.person("ann")
    boss, bosses = await running.person("boss", operator=True)
    note = await make(running, ann, "notes", text="mine")
    own = await make(running, bosses, "notes", text="the operator's own")
    kind = running.store.kind("notes")
    await running.store.write(boss, lambda unit: unit.update(kind, unit.get(kind, note), {"text": "changed"}))
    document = await entries(running, ann, f"filter[row]={note}")
    assert [item["attributes"].get("as") for item in document["data"]] == [None, "operator"]
    assert document["data"][1]["attributes"]["actor"] == boss.id
    await running.store.write(boss, lambda unit: unit.remove(kind, unit.get(kind, note)))
    removed = (await entries(running, ann, f"filter[row]={note}"))["data"][-1]["attributes"]
    assert (removed["change"], removed["kind"], removed["actor"], removed["as"]) == ("removed", "deleted", boss.id, "operator")
    document = await entries(running, bosses, f"filter[row]={own}")
    assert [item["attributes"].get("as") for item in document["data"]] == [None]


async def test_entries_from_before_access_was_kept_are_for_the_owner_alone(running: System) -> None:
    _, ann = await running.person("ann")
    _, bob = await running.person("bob")
    note = await make(running, ann, "notes", text="old", secret_text="pssst", shared=True)
    await running.write(lambda unit: unit.transaction.run("UPDATE _events SET access = NULL"))
    assert told(await entries(running, ann), note) == [("added", "created")]
    assert note not in str(await entries(running, bob))


async def test_a_token_hears_only_of_types_that_it_is_for(running: System) -> None:
    actor, ann = await running.person("ann")
    note = await make(running, ann, "notes", text="a")
    diary = await make(running, ann, "diaries", text="b")
    narrow = await running.write(lambda unit: running.tokens.create(unit, actor.id, "narrow", scopes=["diaries:read"]))
    document = await entries(running, {"authorization": f"Bearer {narrow}"})
    assert told(document, diary) == [("added", "created")]
    assert {item["relationships"]["subject"]["data"]["type"] for item in document["data"]} == {"diaries"}
    assert note not in str(document)


async def test_anonymous_callers_hear_of_public_rows_only(running: System) -> None:
    _, ann = await running.person("ann")
    hidden = await make(running, ann, "notes", text="a")
    shown = await make(running, ann, "notes", text="b", shared=True)
    document = await entries(running, None)
    assert told(document, shown) == [("added", "created")]
    assert hidden not in str(document)
    assert "users" not in {item["relationships"]["subject"]["data"]["type"] for item in document["data"]}


async def test_a_database_from_before_access_was_kept_is_brought_up_to_date(tmp_path: Path) -> None:
    running = await system(tmp_path, FILES)
    _, ann = await running.person("ann")
    old = await make(running, ann, "notes", text="old", shared=True)
    await shut(running)
    with closing(sqlite3.connect(running.path)) as database:
        database.execute("ALTER TABLE _events DROP COLUMN access")
        database.execute("PRAGMA user_version = 0")
    running = await system(tmp_path, FILES)
    _, ann = await running.person("ann")
    _, bob = await running.person("bob")
    new = await make(running, ann, "notes", text="new", shared=True)
    assert told(await entries(running, ann), old) == [("added", "created")]
    document = await entries(running, bob)
    assert told(document, new) == [("added", "created")]
    assert old not in str(document)
    await shut(running)
