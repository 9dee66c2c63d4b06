"""Pages, by number and by cursor: every row once, whatever comes and goes meanwhile."""

import random
from base64 import urlsafe_b64encode
from typing import Any
from urllib.parse import unquote

import orjson
import pytest

from engine.access import SYSTEM
from engine.api import cursors
from engine.store import Order
from tests.api.library import Visitor, body, problem
from tests.support import System

SORTS = ["pages,title", "-pages,title", "pages", "-pages,-weight", "cost,-open", "-cost", "printed,genre", "-summary", "open",
         "writer,-pages", "id", "-id", "created_at", "updated_at,-pages", "-title,pages"]  # fmt: skip


def book(chance: random.Random) -> dict[str, Any]:
    """The operation that adds a book like many others: with ties and nulls."""
    attributes = {
        "title": chance.choice("abc"),
        "pages": chance.choice([None, 0, 1, 2]),
        "weight": chance.choice([None, 0.1, -3.5]),
        "open": chance.choice([True, False]),
        "printed": chance.choice([None, "2026-01-31T09:30:00Z", "2025-01-31T09:30:00Z"]),
        "cost": chance.choice([None, {"amount": 5, "currency": "EUR"}, {"amount": 10, "currency": "EUR"}]),
        "genre": chance.choice([None, "prose"]),
        "summary": chance.choice([None, "", "x", "ß"]),
    }
    given = {name: value for name, value in attributes.items() if value is not None}
    return {"op": "add", "data": body("books", given)["data"]}


async def stock(ann: Visitor, chance: random.Random, count: int) -> None:
    """So many books."""
    for start in range(0, count, 50):
        assert (await ann.atomic(*[book(chance) for _ in range(start, min(count, start + 50))])).status_code == 200


async def everything_in_order(ann: Visitor, sort: str) -> list[str]:
    return [each["id"] for each in await ann.data(f"books?sort={sort}&page[size]=1000")]


async def test_walking_by_cursors_meets_each_row_once_in_order_and_back_again(ann: Visitor) -> None:
    chance = random.Random(7)
    await stock(ann, chance, 60)
    for sort in SORTS:
        expected, size = await everything_in_order(ann, sort), chance.choice([1, 7, 13, 60])
        path: str | None = f"/api/v1/books?sort={sort}&page[size]={size}"
        forward, backward, last = [], [], ""
        while path:
            page = (await ann.get(path)).json()
            forward += [each["id"] for each in page["data"]]
            last, path = path, page["links"].get("next")
        assert forward == expected, sort
        path = last
        while path:
            page = (await ann.get(path)).json()
            backward = [each["id"] for each in page["data"]] + backward
            path = page["links"].get("prev")
        assert backward == expected, sort


@pytest.mark.parametrize("backward", [False, True])
async def test_rows_that_come_and_go_do_not_disturb_who_walks(house: System, ann: Visitor, backward: bool) -> None:
    chance = random.Random(11)
    await stock(ann, chance, 60)
    for sort in chance.sample(SORTS, 6):
        staying, gone, met = await everything_in_order(ann, sort), set[str](), list[str]()
        path: str | None = f"/api/v1/books?sort={sort}&page[size]=9"
        if backward:
            path += f"&page[before]={cursor(house, staying.pop(), sort)}"  # what is at the place is not before it
        while path:
            page = (await ann.get(path)).json()
            ids = [each["id"] for each in page["data"]]
            met = ids + met if backward else met + ids
            path = page["links"].get("prev" if backward else "next")
            gone.add(chance.choice(ids[:1] + ids[-1:] + staying))  # often the row that the cursor was made of
            going = [removal(each) for each in gone if each in staying or each in ids]
            assert (await ann.atomic(book(chance), book(chance), *going)).status_code == 200
            staying = [each for each in staying if each not in gone]
            met = [each for each in met if each not in gone]
        assert len(met) == len(set(met)), sort
        assert met == [each for each in await everything_in_order(ann, sort) if each in set(met)], sort
        assert set(staying) <= set(met), sort
        await ann.atomic(*[removal(each) for each in (await everything_in_order(ann, "id"))[60:]])


def removal(row: str) -> dict[str, Any]:
    return {"op": "remove", "ref": {"type": "books", "id": row}}


def cursor(house: System, row: str, sort: str) -> str:
    """A cursor at the place of a row."""
    order = tuple(Order(name.lstrip("-"), name.startswith("-")) for name in sort.split(","))
    return cursors.write(house.service.get(SYSTEM, "books", row).record, order)


async def test_links_of_pages_by_number(ann: Visitor) -> None:
    for number in range(5):
        await ann.make("shelves", label=f"s{number}")
    base = "/api/v1/shelves?sort=label&page[size]=2"

    async def links(number: int) -> dict[str, str]:
        return {name: link.replace("%5B", "[").replace("%5D", "]")
                for name, link in (await ann.get(f"{base}&page[number]={number}")).json()["links"].items()}  # fmt: skip

    one, two, three = [f"{base}&page[number]={number}" for number in (1, 2, 3)]
    assert await links(1) == {"self": one, "next": two}
    assert await links(2) == {"self": two, "first": one, "prev": one, "next": three}
    assert await links(3) == {"self": three, "first": one, "prev": two}
    beyond = (await ann.get(f"{base}&page[number]=9")).json()
    assert (beyond["data"], "next" in beyond["links"]) == ([], False)


async def test_links_of_pages_by_cursor(ann: Visitor) -> None:
    shelves = [await ann.make("shelves", label=f"s{number}") for number in range(5)]
    base = "/api/v1/shelves?sort=label&page[size]=2"
    first = (await ann.get(base)).json()["links"]
    assert first.keys() == {"self", "next"}
    second = (await ann.get(first["next"])).json()
    assert [each["id"] for each in second["data"]] == shelves[2:4]
    assert second["links"].keys() == {"self", "first", "prev", "next"}
    assert second["links"]["self"] == first["next"]
    assert unquote(second["links"]["first"]) == base
    third = (await ann.get(second["links"]["next"])).json()
    assert ([each["id"] for each in third["data"]], third["links"].keys()) == ([shelves[4]], {"self", "first", "prev"})
    back = (await ann.get(second["links"]["prev"])).json()
    assert [each["id"] for each in back["data"]] == shelves[:2]
    assert back["links"].keys() == {"self", "first", "next"}, "nothing lies before it"
    assert (await ann.get(back["links"]["next"])).json()["data"] == second["data"]


async def test_links_keep_everything_else_that_was_asked_for(ann: Visitor) -> None:
    for number in range(3):
        await ann.make("books", title="ü & =", pages=number)
    query = "filter[title]=%C3%BC%20%26%20%3D&sort=-pages&include=shelf&fields[books]=pages&page[total]=true&page[size]=1"
    page = (await ann.get(f"books?{query}")).json()
    found = [page["data"][0]["attributes"]]
    while "next" in page["links"]:
        assert page["meta"] == {"total": 3}
        assert page["included"] == []
        page = (await ann.get(page["links"]["next"])).json()
        found.append(page["data"][0]["attributes"])
    assert found == [{"pages": 2}, {"pages": 1}, {"pages": 0}]


async def test_totals_count_what_fits_and_may_be_seen_whatever_the_page(ann: Visitor, bob: Visitor) -> None:
    for number in range(5):
        await ann.make("shelves", label=f"s{number}", open=number < 2)
    assert "meta" not in (await ann.get("shelves")).json()
    assert "meta" not in (await ann.get("shelves?page[total]=false")).json()
    page = (await ann.get("shelves?page[total]=true&page[size]=2")).json()
    assert page["meta"] == {"total": 5}
    assert (await ann.get(page["links"]["next"])).json()["meta"] == {"total": 5}
    assert (await ann.get("shelves?page[total]=true&page[number]=7&page[size]=5")).json()["meta"] == {"total": 5}
    assert (await ann.get("shelves?page[total]=true&filter[open]=true")).json()["meta"] == {"total": 2}
    assert (await bob.get("shelves?page[total]=true")).json()["meta"] == {"total": 2}


@pytest.mark.parametrize(
    "cursor",
    ["", "x", "%20", "!!!!", "e30", "W10", "bnVsbA", "A" * 5000, "%FF", "%C3%BC", "W3t9XQ", "WyItaWQiXQ", "WyItaWQiLG51bGxd",
     "WyItaWQiLFtdXQ", "WyItaWQiLDFd", "WyItaWQiLCJhIiwiYiJd", "=", "WyItaWQiLCJhIl0==="],
)  # fmt: skip
async def test_what_is_no_cursor_is_refused(ann: Visitor, cursor: str) -> None:
    for parameter in ("page[after]", "page[before]"):
        expected = "" if cursor == "%FF" else parameter
        assert problem(await ann.get(f"shelves?{parameter}={cursor}")) == (400, "bad_request", expected)


async def test_a_cursor_is_good_for_its_own_order_only(ann: Visitor) -> None:
    for number in range(3):
        await ann.make("books", title=f"b{number}", pages=number)
    following = (await ann.get("books?sort=title&page[size]=1")).json()["links"]["next"]
    cursor = following.rpartition("=")[2]
    for sort in ("-title", "pages", "title,pages", "id"):
        answer = await ann.get(f"books?sort={sort}&page[after]={cursor}")
        assert problem(answer) == (400, "bad_request", "page[after]"), sort
    assert (await ann.get(f"books?sort=title&page[after]={cursor}")).status_code == 200
    assert problem(await ann.get(f"books?page[after]={cursor}"))[2] == "page[after]"


async def test_a_changed_cursor_shows_nothing_that_may_not_be_seen(ann: Visitor, bob: Visitor) -> None:
    for number in range(4):
        await ann.make("books", title=f"of ann {number}", pages=number)
    await bob.make("books", title="mine")
    for values in (["pages,id", 1, ""], ["pages,id", "' OR 1=1 --", ""], ["pages,id", True, "\0"], ["pages,id", 1e300, "z"],
                   ["pages,id", None, ""], ["pages,id", -(2**63), "x"], ["pages,id", "text", "x"]):  # fmt: skip
        cursor = urlsafe_b64encode(orjson.dumps(values)).rstrip(b"=").decode()
        for parameter in ("page[after]", "page[before]"):
            answer = await bob.get(f"books?sort=pages&{parameter}={cursor}")
            assert answer.status_code in (200, 400), values
            assert "of ann" not in answer.text
    too_large = urlsafe_b64encode(b'["pages,id",9223372036854775808,"x"]').rstrip(b"=").decode()
    assert (await bob.get(f"books?sort=pages&page[after]={too_large}")).status_code == 400


@pytest.mark.parametrize(
    ("query", "parameter"),
    [("page[number]=0", "page[number]"), ("page[number]=-1", "page[number]"), ("page[number]=x", "page[number]"),
     ("page[number]=1.0", "page[number]"), ("page[number]=99999999999999999999", "page[number]"), ("page[size]=", "page[size]"),
     ("page[size]=-1", "page[size]"), ("page[size]=1001", "page[size]"), ("page[size]=1%0A", "page[size]"),
     ("page[total]=1", "page[total]"), ("page[total]=", "page[total]"), ("page[number]=1002&page[size]=1000", "page[number]"),
     ("page[number]=1&page[after]=x", "page[after]"), ("page[after]=x&page[before]=x", "page[before]"),
     ("page=1", "page"), ("page[offset]=1", "page[offset]"), ("page[limit]=1", "page[limit]"), ("page[]=1", "page[]"),
     ("q=x", "q"), ("Sort=title", "Sort"), ("sort[]=title", "sort[]"), ("include[]=x", "include[]"),
     ("dry_run=true", "dry_run"), ("%00=x", "\0"), ("x" * 500 + "=1", "x" * 128)],
)  # fmt: skip
async def test_parameters_that_there_are_not_are_refused_by_name(ann: Visitor, query: str, parameter: str) -> None:
    assert problem(await ann.get(f"books?{query}")) == (400, "bad_request", parameter)


async def test_parameters_that_a_single_resource_has_not_are_refused(ann: Visitor) -> None:
    book = await ann.make("books", title="Emma")
    for name in ("sort", "page[size]", "page[total]", "filter[title]", "x"):
        assert problem(await ann.get(f"books/{book}?{name}=1")) == (400, "bad_request", name)
    assert problem(await ann.get(f"books/{book}/actions?x=1")) == (400, "bad_request", "x")
