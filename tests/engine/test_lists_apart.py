"""Lists of rows that one may see for one reason or another: both statements for a page have the same answer."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from engine.access import ANONYMOUS, SYSTEM, Actor, user
from engine.database.sqlite import SQLite
from engine.store import Filter, ListQuery, Order, Place, Record, Unit, place_of
from tests.support import System, shut, system

FILES = {
    "shelves": """
        id_prefix: shelf_
        attributes: {title: {type: string}, open: {type: boolean, default: false}}
        access: {read: owner in user.principals || open || user.operator}
        owner: owner
        relationships: {owner: {to: users}}
    """,
    "books": """
        id_prefix: book_
        owner: owner
        attributes:
          title: {type: string}
          price: {type: integer}
          cost: {type: money}
          shared: {type: boolean, default: false}
          mood: {type: enum, values: [good, bad, "odd? 'one'"], default: bad}
        relationships: {owner: {to: users}, shelf: {to: shelves, on_delete: set_null}}
        access:
          read: owner in user.principals || shared && user.known || mood == "good" || user.operator || shelf.open
        view: {sort: [price, title], filter: [price]}
    """,
}
ORDERS = (
    (Order("id", descending=True),),
    (Order("price"), Order("title", descending=True)),
    (Order("price", descending=True),),
    (Order("cost"),),
)
FILTERS: tuple[tuple[Filter, ...], ...] = (
    (),
    (Filter("price", "ge", 3),),
    (Filter("price", "null", True),),
    (Filter("title", "eq", "a", via="shelf"),),
    (Filter("price", "in", (1, 2)), Filter("mood", "ne", "bad")),
)


async def library(tmp_path: Path) -> tuple[System, list[Actor]]:
    """Books of three people, few of them shared, and everybody who may ask."""
    running = await system(tmp_path, FILES)
    chance = random.Random(7)
    people = [(await running.person(name))[0] for name in ("ann", "bob", "cleo")]
    operator, _ = await running.person("olga", operator=True)
    shelves = [
        (await running.service.create(chance.choice(people), "shelves", {"title": title, "open": title == "b"}, {})).record.id
        for title in "abcab"
    ]
    for _ in range(200):
        attributes = {
            "title": chance.choice("abc"),
            "price": chance.choice([None, 1, 2, 3, 4]),
            "cost": chance.choice([None, {"amount": chance.randrange(3), "currency": "EUR"}]),
            "shared": chance.random() < 0.1,
            "mood": chance.choices(["good", "bad", "odd? 'one'"], [1, 8, 1])[0],
        }
        actor = chance.choice(people)
        shelf = chance.choice(
            [None, *[each for each in shelves if running.store.find(running.store.kind("shelves"), actor, each)]]
        )
        await running.service.create(actor, "books", attributes, {"shelf": shelf})
    two = Actor("x", "x", {**people[0].facts, "principals": [people[0].id, people[1].id]})
    return running, [*people, operator, two, user("user_nobody"), ANONYMOUS, SYSTEM]


@pytest.mark.parametrize("order", ORDERS)
async def test_a_page_and_a_count_are_the_same_either_way(tmp_path: Path, order: tuple[Order, ...]) -> None:
    running, actors = await library(tmp_path)
    store, kind = running.store, running.store.kind("books")
    lists, read, compared = store._lists["books"], running.store.database.read, 0
    for actor in actors:
        for filters in FILTERS:
            query = ListQuery(filters, order, limit=7)
            everything, _ = await store.page(kind, actor, ListQuery(filters, order, limit=1000))
            places = [Place(place_of(record, order), before) for record in everything[::9] for before in (False, True)]
            pages = [
                query,
                ListQuery(filters, order, limit=5, offset=6),
                *(ListQuery(filters, order, 7, place=each) for each in places),
            ]
            for page in pages:
                text, values, otherwise = lists.page(actor, page, store.now)
                if otherwise is None:
                    continue
                compared += 1
                assert read(*otherwise()) == read(text, values)
            text, values, otherwise = lists.count(actor, query, store.now)
            assert read(text, values) == [(len(everything),)]
            assert otherwise is None or read(*otherwise()) == [(len(everything),)]
    assert compared > 100
    await shut(running)


async def test_who_sees_everything_needs_no_condition_and_who_is_nobody_sees_what_is_public(tmp_path: Path) -> None:
    running, actors = await library(tmp_path)
    *_, operator, _, _, anonymous, _ = actors
    lists = running.store._lists["books"]
    text, _, otherwise = lists.page(operator, ListQuery(), running.store.now)
    assert "owner" not in text.partition("WHERE")[2]
    assert otherwise is None
    page, _ = await running.store.page(running.store.kind("books"), anonymous, ListQuery(limit=1000))
    assert page
    assert all(is_public(running, record) for record in page)
    await shut(running)


def is_public(running: System, record: Record) -> bool:
    shelf = running.store.related(running.store.kind("books"), record)["shelf"]
    return record.row["mood"] == "good" or bool(shelf and shelf["open"])


async def test_each_reason_is_looked_up_in_an_index_of_its_own(tmp_path: Path) -> None:
    running, actors = await library(tmp_path)
    lists = running.store._lists["shelves"]
    _, _, otherwise = lists.page(actors[0], ListQuery(), running.store.now)
    assert otherwise is not None
    text, values = otherwise()
    plan = [row[3] for row in running.store.database.read(f"EXPLAIN QUERY PLAN {text}", values)]
    assert any("shelves__by_owner_id" in step for step in plan), plan
    assert any("shelves__by_id_open_is_1" in step for step in plan), plan
    await shut(running)


async def test_a_list_of_few_among_many_does_not_walk_through_all_of_them(tmp_path: Path) -> None:
    running = await system(tmp_path, FILES)
    ann, _ = await running.person("ann")
    bob, _ = await running.person("bob")
    await running.service.create(ann, "books", {"title": "first"}, {})
    kind = running.store.kind("books")
    layout = kind.layout

    def work(unit: Unit) -> None:
        for _ in range(20_000):
            row = unit.draft(kind, {"owner": bob.id})
            unit.transaction.one(kind.insert, [layout.encode(name, row[name], row["id"]) for name in layout.names])

    await running.write(work)
    asked: list[str] = []
    database = running.store.database
    assert isinstance(database, SQLite)
    database._reader._connection.set_trace_callback(asked.append)
    page, more = await running.store.page(kind, ann, ListQuery())
    assert ([record.row["title"] for record in page], more) == (["first"], False)
    assert ["UNION ALL" in each for each in asked if "books" in each] == [False, True]
    await shut(running)
