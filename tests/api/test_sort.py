"""The order of lists."""

from typing import Any

import pytest

from tests.api.library import Visitor, problem


async def order(ann: Visitor, sort: str) -> list[str]:
    return [each["attributes"]["title"] for each in await ann.data(f"books?sort={sort}")]


async def test_by_several_names_each_in_its_direction(ann: Visitor) -> None:
    for title, pages, genre in (("a", 2, "prose"), ("b", 1, "verse"), ("c", 2, "verse"), ("d", 1, "prose")):
        await ann.make("books", title=title, pages=pages, genre=genre)
    assert await order(ann, "pages,title") == ["b", "d", "a", "c"]
    assert await order(ann, "-pages,title") == ["a", "c", "b", "d"]
    assert await order(ann, "pages,-title") == ["d", "b", "c", "a"]
    assert await order(ann, "genre,-pages,title") == ["a", "d", "c", "b"]


async def test_without_sort_the_newest_is_first(ann: Visitor) -> None:
    for title in "bac":
        await ann.make("books", title=title)
    assert [each["attributes"]["title"] for each in await ann.data("books")] == ["c", "a", "b"]
    assert await order(ann, "created_at") == await order(ann, "id") == ["b", "a", "c"]
    assert await order(ann, "-created_at") == ["c", "a", "b"]


VALUES: list[tuple[str, list[Any]]] = [
    ("pages", [None, 0, 9, 10]),
    ("weight", [None, 0.5, 2.0, 10.25]),
    ("open", [False, True]),
    ("printed", [None, "2025-12-31T23:00:00Z", "2026-01-01T00:30:00+01:00", "2026-01-01T00:00:00Z"]),
    ("cost", [None, {"amount": 9, "currency": "EUR"}, {"amount": 10, "currency": "EUR"}]),
    ("genre", [None, "prose", "verse"]),
    ("contact", [None, "a@example.org", "b@example.org"]),
    ("summary", [None, "", "A", "B", "a", "ä"]),
    ("edition", [None, "1.0.0", "2.0.0"]),
]


@pytest.mark.parametrize(("name", "values"), VALUES, ids=[name for name, _ in VALUES])
async def test_every_type_has_its_order_with_null_as_the_least(ann: Visitor, name: str, values: list[Any]) -> None:
    titles = [str(number) for number in range(len(values))]
    for title, value in sorted(zip(titles, values, strict=True), key=lambda pair: hash(pair[0])):
        await ann.make("books", title=title, **({} if value is None else {name: value}))
    assert await order(ann, f"{name},title") == titles
    assert await order(ann, f"-{name},title") == titles[::-1]


SEVERAL = ["title", "pages", "weight", "open", "printed", "cost", "genre", "contact", "site", "host", "edition"]


@pytest.mark.parametrize(
    "sort",
    ["", ",", "titel", "-", "--title", "title,", "+title", "title,-title", "tags", "note", "code", "lender", "_version",
     "version", "shelf.label", "TITLE", "title desc", "reviews", ",".join(f"-{each}" for each in SEVERAL)],
)  # fmt: skip
async def test_what_cannot_be_sorted_by_is_refused(ann: Visitor, sort: str) -> None:
    assert problem(await ann.get(f"books?sort={sort}")) == (400, "bad_request", "sort")
