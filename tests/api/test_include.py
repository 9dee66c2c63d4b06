"""Compound documents: what is included, once each, only as far as it may be seen, and at a cost that does not grow with it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.api.conformance import identities
from tests.api.library import Visitor, problem
from tests.support import System


def included(document: dict[str, Any]) -> set[tuple[str, str]]:
    return {(each["type"], each["id"]) for each in document["included"]}


@contextmanager
def statements(house: System) -> Iterator[list[str]]:
    """The statements that are read with, in here."""
    database, seen = house.store.database, list[str]()
    read, query = database.read, database.query

    def noted(sql: str, *rest: Any) -> Any:
        seen.append(sql)
        return read(sql, *rest)

    async def noted_query(sql: str, *rest: Any) -> Any:
        seen.append(sql)
        return await query(sql, *rest)

    database.read, database.query = noted, noted_query  # type: ignore[method-assign]
    try:
        yield seen
    finally:
        database.read, database.query = read, query  # type: ignore[method-assign]


async def test_relationships_of_both_ends_along_nested_paths(ann: Visitor) -> None:
    shelf, writer = await ann.make("shelves", label="a"), await ann.make("writers", name="Jane")
    links = {"shelf": ("shelves", shelf), "writer": ("writers", writer)}
    emma, lady = [await ann.make("books", links, title=title) for title in ("Emma", "Lady Susan")]
    reviews = [await ann.make("reviews", {"book": ("books", emma)}, text=f"r{n}") for n in range(2)]
    one = (await ann.get(f"books/{emma}?include=shelf,writer,reviews")).json()
    assert included(one) == {("shelves", shelf), ("writers", writer), *(("reviews", each) for each in reviews)}
    linkage = one["data"]["relationships"]["reviews"]
    assert [each["id"] for each in linkage["data"]] == reviews[::-1]
    assert linkage["links"]["related"] == f"/api/v1/books/{emma}/reviews"
    nested = (await ann.get(f"reviews/{reviews[0]}?include=book.writer.books.shelf")).json()
    assert included(nested) == {("books", emma), ("books", lady), ("writers", writer), ("shelves", shelf)}
    (jane,) = [each for each in nested["included"] if each["type"] == "writers"]
    assert {each["id"] for each in jane["relationships"]["books"]["data"]} == {emma, lady}


async def test_the_steps_of_a_path_are_included_too(ann: Visitor) -> None:
    writer = await ann.make("writers", name="Jane")
    book = await ann.make("books", {"writer": ("writers", writer)}, title="Emma")
    review = await ann.make("reviews", {"book": ("books", book)}, text="Good")
    document = (await ann.get(f"reviews/{review}?include=book.writer")).json()
    assert included(document) == {("books", book), ("writers", writer)}


async def test_each_resource_is_there_once_and_primary_ones_are_not_included(ann: Visitor) -> None:
    shelf = await ann.make("shelves", label="a")
    first = await ann.make("books", {"shelf": ("shelves", shelf)}, title="First")
    second = await ann.make("books", {"shelf": ("shelves", shelf), "origin": ("books", first)}, title="Second")
    listed = (await ann.get("books?include=shelf,origin,sequels,shelf.books,origin.shelf")).json()
    assert {each["id"] for each in listed["data"]} == {first, second}
    assert included(listed) == {("shelves", shelf)}
    one = (await ann.get(f"books/{second}?include=origin.sequels,shelf.books")).json()
    assert sorted(identities(one)) == sorted([("books", second), ("books", first), ("shelves", shelf)])
    (origin,) = [each for each in one["included"] if each["id"] == first]
    assert origin["relationships"]["sequels"]["data"] == [{"type": "books", "id": second}]


async def test_a_list_includes_for_all_its_rows_at_once(ann: Visitor) -> None:
    shelves = [await ann.make("shelves", label=f"s{number}") for number in range(3)]
    for number in range(6):
        await ann.make("books", {"shelf": ("shelves", shelves[number % 3])}, title=f"b{number}")
    await ann.make("books", title="on no shelf")
    books = (await ann.get("books?include=shelf")).json()
    assert included(books) == {("shelves", each) for each in shelves}
    document = (await ann.get("shelves?include=books")).json()
    assert len(document["included"]) == 6
    assert [len(each["relationships"]["books"]["data"]) for each in document["data"]] == [2, 2, 2]


async def test_where_nothing_is_there_the_member_is_empty_and_the_linkage_too(ann: Visitor) -> None:
    book = await ann.make("books", title="Emma")
    document = (await ann.get(f"books/{book}?include=shelf,reviews")).json()
    assert document["included"] == []
    assert document["data"]["relationships"]["reviews"]["data"] == []
    assert (await ann.get("reviews?include=book")).json()["included"] == []


async def test_an_empty_include_includes_nothing(ann: Visitor) -> None:
    book = await ann.make("books", {"shelf": ("shelves", await ann.make("shelves", label="a"))}, title="Emma")
    for path in (f"books/{book}", "books"):
        document = (await ann.get(f"{path}?include=")).json()
        assert document["included"] == []
        assert "included" not in (await ann.get(path)).json()


async def test_what_may_not_be_seen_is_not_included_and_not_linked(ann: Visitor, bob: Visitor) -> None:
    shelf = await ann.make("shelves", label="private")
    book = await ann.make("books", {"shelf": ("shelves", shelf)}, title="Emma", open=True)
    private = await ann.make("reviews", {"book": ("books", book)}, text="behind the curtain")
    public = await ann.make("reviews", {"book": ("books", book)}, text="Good", open=True)
    theirs = await bob.make("reviews", {"book": ("books", book)}, text="of bob")
    for path in (f"books/{book}", "books"):
        answer = await bob.get(f"{path}?include=shelf,shelf.books,reviews,sequels&page[size]=10" if path == "books" else
                               f"{path}?include=shelf,shelf.books,reviews,sequels")  # fmt: skip
        document = answer.json()
        assert included(document) == {("reviews", public), ("reviews", theirs)}
        data = document["data"][0] if path == "books" else document["data"]
        assert {each["id"] for each in data["relationships"]["reviews"]["data"]} == {public, theirs}
        assert private not in answer.text
        assert "curtain" not in answer.text
        assert "private" not in answer.text


async def test_an_included_resource_shows_each_what_they_may_read(ann: Visitor, bob: Visitor) -> None:
    book = await ann.make("books", {"lender": ("users", ann.id)}, title="Emma", open=True, note="for my eyes", code="4711")
    await bob.make("reviews", {"book": ("books", book)}, text="of bob")
    await ann.make("reviews", {"book": ("books", book)}, text="of ann")
    theirs = await bob.get("reviews?include=book.lender")
    assert included(theirs.json()) == {("books", book)}
    assert "for my eyes" not in theirs.text
    assert '"lender"' not in theirs.text
    mine = await ann.get("reviews?include=book.lender")
    assert included(mine.json()) == {("books", book), ("users", ann.id)}
    assert "for my eyes" in mine.text
    assert "4711" not in mine.text


async def test_gone_resources_are_not_included(ann: Visitor) -> None:
    first = await ann.make("books", title="First")
    second = await ann.make("books", {"origin": ("books", first)}, title="Second")
    assert (await ann.ask("POST", f"books/{second}/burn")).status_code == 200
    document = (await ann.get(f"books/{first}?include=sequels")).json()
    assert document["included"] == document["data"]["relationships"]["sequels"]["data"] == []


@pytest.mark.parametrize(
    "paths",
    ["wardrobe", "shelf.wardrobe", "shelf,wardrobe", "title", "shelf,", ",", ".", "shelf.", ".shelf", "shelf..books", "Shelf",
     "shelf books", "source.source", ".".join(["origin"] * 5), ",".join(["shelf"] * 21), "status", "bind", "owner.id"],
)  # fmt: skip
async def test_a_path_that_does_not_exist_is_refused_by_name(ann: Visitor, paths: str) -> None:
    book = await ann.make("books", title="Emma")
    for path in ("books", f"books/{book}"):
        assert problem(await ann.get(f"{path}?include={paths}")) == (400, "bad_request", "include")


async def test_a_relationship_that_leads_to_very_many_is_read_at_its_own_address(ann: Visitor) -> None:
    book = await ann.make("books", title="Emma")
    data = {"type": "reviews", "attributes": {"text": "r"}, "relationships": {"book": {"data": {"type": "books", "id": book}}}}
    for _ in range(10):
        assert (await ann.atomic(*[{"op": "add", "data": data}] * 100)).status_code == 200
    assert len((await ann.get(f"books/{book}?include=reviews")).json()["included"]) == 1000
    await ann.atomic({"op": "add", "data": data})
    assert problem(await ann.get(f"books/{book}?include=reviews")) == (400, "bad_request", "include")
    assert len(await ann.data(f"books/{book}/reviews?page[size]=1000")) == 1000


async def test_one_statement_for_each_relationship_whatever_the_number_of_rows(house: System, ann: Visitor) -> None:
    async def stock(count: int) -> None:
        for _ in range(count):
            writer = await ann.make("writers", name="w")
            book = await ann.make("books", {"writer": ("writers", writer)}, title="b")
            await ann.make("reviews", {"book": ("books", book)}, text="r")

    async def cost(path: str) -> int:
        await ann.get(path)
        with statements(house) as seen:
            assert (await ann.get(path)).status_code == 200
        return len(seen)

    path, plain = "reviews?include=book.writer,book.reviews,owner", "reviews?sort=text"
    await stock(1)
    few = await cost(path)
    await stock(9)
    assert await cost(path) == few
    # books, their hidden attributes, writers, their hidden attributes, reviews, users
    assert few - await cost(plain) <= 6


async def test_what_a_token_is_not_for_is_not_included(house: System, ann: Visitor) -> None:
    book = await ann.make("books", {"shelf": ("shelves", await ann.make("shelves", label="a"))}, title="Emma")
    made = await ann.ask("POST", "tokens", {"data": {"type": "tokens", "attributes": {"name": "t", "scopes": ["books:read"]}}})
    narrow = Visitor(house, {"authorization": f"Bearer {made.json()['data']['attributes']['token']}"})
    assert (await narrow.get(f"books/{book}")).status_code == 200
    for path in (f"books/{book}?include=shelf", "books?include=reviews", "books?filter[shelf.label]=a", f"books/{book}/shelf"):
        assert problem(await narrow.get(path))[:2] == (403, "insufficient_scope"), path
