"""What an edit of definition files is said to do, against a database that has rows: codes, places, numbers of rows."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from textwrap import dedent

import pytest

from engine.access import SYSTEM
from engine.loader import load
from engine.schema import prepare
from engine.schema.plan import CODES, make_plan
from engine.schema.plan.planning import NoBase
from engine.schema.prepare import SchemaChangeNeeded
from tests.plan.edits import AT, BEFORE, edited, library, replaced, told, with_attributes
from tests.support import System, definitions, shut, system


@pytest.fixture
async def books(tmp_path: Path) -> AsyncIterator[System]:
    """Three books, two of Ann's; one is lent."""
    running = await library(tmp_path)
    ann, _ = await running.person("ann")
    bob, _ = await running.person("bob")
    first = {"title": "Emma", "isbn": "1", "pages": 300, "mood": "good", "note": "mine", "key": "s3cret"}
    made = await running.service.create(ann, "books", first, {})
    await running.service.fire(ann, "books", made.record.id, "lend", {})
    await running.service.create(ann, "books", {"title": "Persuasion", "isbn": "1", "mood": "bad"}, {})
    await running.service.create(bob, "books", {"title": "A very long title that nobody can remember", "pages": -1}, {})
    yield running
    await shut(running)


def ids(running: System, where: str = "1") -> list[str]:
    return [row for (row,) in running.store.database.read(f"SELECT id FROM books WHERE {where} ORDER BY id")]


async def test_the_same_files_change_nothing(books: System) -> None:
    plan = edited(books, BEFORE)
    assert (plan.changes, plan.since) == ((), AT)


async def test_what_is_added_is_safe_unless_rows_need_a_value(books: System) -> None:
    files = with_attributes("stars: {type: integer, default: 3}", "code: {type: string, required: true}")
    found = told(edited(books, files | {"plants": "attributes: {height: {type: integer}}\n"}))
    assert set(found) == {
        ("TB101", "plants"), ("TB103", "books.stars"), ("BF101", "books.code"), ("AP103", "books.code"),
    }  # fmt: skip
    assert found["TB103", "books.stars"].sql == ('ALTER TABLE "books" ADD COLUMN "stars" INTEGER DEFAULT 3',)
    assert (found["BF101", "books.code"].rows, list(found["BF101", "books.code"].ids)) == (3, ids(books))


async def test_a_new_name_is_a_new_name(books: System) -> None:
    files = replaced(("isbn: {type: string}", "number: {type: string, was: isbn}"), ("late: {}", "overdue: {was: late}"),
                     ("from: [lent, late]", "from: [lent, overdue]"), ("to: late", "to: overdue"))  # fmt: skip
    found = told(edited(books, {"novels": "was: books\n" + dedent(files["books"]), "shelves": BEFORE["shelves"]}))
    assert set(found) == {("TB102", "novels"), ("TB104", "novels.number"), ("LC102", "novels.overdue")}
    assert found["TB102", "novels"].rows == 3
    assert found["TB104", "novels.number"].sql == ('ALTER TABLE "novels" RENAME COLUMN "isbn" TO "number"',)
    assert all(each.breaks_clients for each in found.values())


async def test_what_goes_is_counted_by_what_is_lost(books: System) -> None:
    found = told(
        edited(
            books,
            replaced(("          pages: {type: integer}\n", ""), ("          shelf: {to: shelves, on_delete: set_null}\n", "")),
        )
    )
    assert {key: each.rows for key, each in found.items() if each.kind == "data loss"} == {
        ("DL102", "books.pages"): 2, ("DL104", "books.shelf"): 0,
    }  # fmt: skip
    gone = told(edited(books, {"shelves": BEFORE["shelves"]}))
    assert gone["DL101", "books"].rows == 3


async def test_rows_that_break_a_tighter_definition_are_counted_and_named(books: System) -> None:
    files = replaced(
        ("max_length: 80", "max_length: 20"),
        ("isbn: {type: string}", "isbn: {type: string, required: true, unique: true}"),
        ("pages: {type: integer}", "pages: {type: integer, minimum: 1}"),
        ("values: [good, bad]", "values: [good, fair]"),
        (
            "        lifecycle:",
            "        validations: [{rule: pages == null || pages < 200, message: Too thick}]\n        lifecycle:",
        ),
    )
    found = told(edited(books, files))
    emma, persuasion, long = ids(books)
    counted = {key: (each.rows, each.ids) for key, each in found.items() if each.kind == "backfill"}
    assert counted == {
        ("BF103", "books.title"): (1, (long,)),
        ("BF102", "books.isbn"): (1, (long,)),
        ("BF104", "books.isbn"): (2, (emma, persuasion)),
        ("BF103", "books.pages"): (1, (long,)),
        ("BF103", "books.mood"): (1, (persuasion,)),
        ("BF105", "books"): (1, (emma,)),
    }
    assert {("AP102", "books.title"), ("AP103", "books.isbn")} <= set(found)


async def test_another_form_of_keeping_is_data_loss(books: System) -> None:
    found = told(
        edited(
            books,
            replaced(
                ("pages: {type: integer}", "pages: {type: string}"), ("note: {type: text, read: owner}", "note: {type: secret}")
            ),
        )
    )
    assert (found["DL103", "books.pages"].rows, found["DL103", "books.note"].rows) == (2, 1)
    assert found["DL103", "books.pages"].rebuilds


async def test_states_with_rows_commands_and_timers_are_told(books: System) -> None:
    await books.service.fire(SYSTEM, "books", ids(books)[1], "sort", {})
    files = replaced(
        ("            sorting: {run: books.sort, then: here, else: here, within: 1h}\n", ""),
        ("            sort: {from: here, to: sorting}\n", ""),
        ("lent: {after: {14d: remind}}", "lent: {}"),
        ("remind: {from: lent, to: late, by: system}", "nag: {from: lent, to: late}"),
    )
    found = told(edited(books, files))
    assert found["BF106", "books.sorting"].ids == (ids(books)[1],)
    assert found["LC105", "books.sorting"].rows == 1
    assert found["LC106", "books.remind"].rows == 1
    assert found["LC104", "books.lent"].rows == 1
    assert {("AP101", "books.sort"), ("AP101", "books.remind")} <= set(found)
    later = told(edited(books, replaced(("run: books.sort", "run: books.order"))))
    assert later["LC105", "books.sorting"].rows == 1


def with_access(rules: str) -> dict[str, str]:
    return replaced(("        lifecycle:", f"        access: {{{rules}}}\n        lifecycle:"))


async def test_rights_are_compared_over_the_rows_that_there_are(books: System) -> None:
    wider = told(edited(books, with_access('read: owner in user.principals || mood == "good"')))
    gained = {key: (each.rows, each.text) for key, each in wider.items() if each.kind == "access"}
    assert gained["AC101", "books.reading"] == (1, "everybody (1) gain reading of books")
    narrower = told(edited(books, with_access("read: operator, update: operator")))
    assert narrower["AC102", "books.reading"].text == "owners (3) lose reading of books"
    assert narrower["AC102", "books.changing"].rows == 3
    assert narrower["AC101", "books.changing"].text == "operators (3) gain changing of books"


async def test_an_attribute_that_others_may_read_is_access_only_where_they_see_the_row(books: System) -> None:
    assert [each.code for each in edited(books, replaced((", read: owner", ""))).changes] == []
    public = with_access("read: public")
    running = await library(books.path.parent / "public", public)
    ann, _ = await running.person("ann")
    await running.service.create(ann, "books", {"title": "Emma"}, {})
    found = told(edited(running, public | {"books": public["books"].replace(", read: owner", "")}))
    assert found["AC101", "books.reading note"].text == "everybody (1) gain reading note of books"
    await shut(running)


async def test_what_the_plan_calls_safe_is_done_at_a_start_and_the_rest_is_refused(books: System, tmp_path: Path) -> None:
    safe = with_attributes("stars: {type: integer, default: 3}")
    unsafe = with_attributes("code: {type: string, required: true}")
    for files, refused in ((unsafe, True), (safe, False)):
        loaded = load([definitions(tmp_path / "next", files)])
        assert loaded.definitions is not None
        assert any(each.kind != "safe" for each in make_plan(books.path, loaded.definitions).changes) is refused
        if refused:
            with pytest.raises(SchemaChangeNeeded, match="hoster plan"):
                prepare(books.path, loaded.definitions, loaded.files, "later")
        else:
            prepare(books.path, loaded.definitions, loaded.files, "later")
            plan = make_plan(books.path, loaded.definitions)
            assert (plan.changes, plan.since) == ((), "later")


async def test_a_plan_writes_nothing(books: System) -> None:
    before = list(sqlite3.connect(books.path).iterdump())
    edited(books, {"shelves": BEFORE["shelves"]})
    assert list(sqlite3.connect(books.path).iterdump()) == before


async def test_no_database_and_one_that_does_not_say_what_it_is_for(tmp_path: Path) -> None:
    loaded = load([definitions(tmp_path / "resources", BEFORE)])
    assert loaded.definitions is not None
    plan = make_plan(tmp_path / "none.db", loaded.definitions)
    assert {each.code for each in plan.changes} == {"TB101"}
    assert not (tmp_path / "none.db").exists()
    running = await system(tmp_path, BEFORE)
    with pytest.raises(NoBase, match="Start the server once"):
        make_plan(running.path, loaded.definitions)
    await shut(running)


def test_every_code_has_a_sentence_and_a_class() -> None:
    assert all(kind in ("safe", "backfill", "data loss", "access") and text[0].isupper() for kind, text in CODES.values())
