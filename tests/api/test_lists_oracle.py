"""Lists against a model: whatever filters, order and page are asked for, Python over all rows says the same."""

import operator
import random
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

from tests.api.library import Visitor

WORDS = ["", "a", "A", "ab", "Äb", "äB", "b", "z", "Z", "%", "_", "a,b", "ß", "ss", "😀"]
CHOICES: dict[str, list[Any]] = {
    "title": ["a", "A", "ab", "Äb", "äB", "b", "z", "%", "_", "ß", "ss", "😀"],
    "summary": [None, *WORDS],
    "pages": [None, 0, 1, 2, 10, 2**53],
    "weight": [None, -1.5, 0.0, 0.1, 2.0],
    "open": [True, False],
    "printed": [None, "2025-12-31T23:59:59.999Z", "2026-01-01T00:00:00.000Z", "2026-06-01T12:00:00.000Z"],
    "cost": [None, 0, 5, 10],
    "genre": [None, "prose", "verse"],
}
TEXTS = ("title", "summary", "genre")
COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "lt": operator.lt, "le": operator.le, "gt": operator.gt, "ge": operator.ge, "eq": operator.eq,
}  # fmt: skip


def book(chance: random.Random, shelves: list[str]) -> dict[str, Any]:
    """The operation that adds one of many books, open to all."""
    given = {name: chance.choice(values) for name, values in CHOICES.items()}
    attributes = {name: value for name, value in given.items() if value is not None}
    if "cost" in attributes:
        attributes["cost"] = {"amount": attributes["cost"], "currency": "EUR"}
    shelf = chance.choice([None, *shelves])
    linkage = None if shelf is None else {"type": "shelves", "id": shelf}
    return {"op": "add", "data": {"type": "books", "attributes": attributes, "relationships": {"shelf": {"data": linkage}}}}


def value(row: dict[str, Any], name: str, labels: dict[str, str]) -> Any:
    """What a filter or order sees; of the shelf, only where it may be seen."""
    if name == "shelf.label":
        linked = row["relationships"]["shelf"]["data"]
        return None if linked is None else labels.get(linked["id"])
    found = row["attributes"][name]
    return found["amount"] if name == "cost" and found is not None else found


def a_filter(chance: random.Random) -> tuple[str, Callable[[Any], bool], str]:
    """A condition as a parameter, as a function, and the name it is about."""
    name = chance.choice([*CHOICES, "shelf.label"])
    choices = CHOICES.get(name, ["near", "far", "none"])
    wanted = chance.choice([each for each in choices if each is not None])
    text = {True: "true", False: "false"}.get(wanted, str(wanted)) if isinstance(wanted, bool) else str(wanted)
    how = chance.choice([*COMPARE, "ne", "null", "in", *(["contains"] if name in TEXTS else [])])
    if how == "null":
        wished = chance.choice([True, False])
        return f"filter[{name}][null]={str(wished).lower()}", lambda found: (found is None) == wished, name
    if how == "contains":
        return f"filter[{name}][contains]={quote(text)}", lambda found: found is not None and _in(text, found), name
    if how == "in":
        return f"filter[{name}][in]={quote(text)}", lambda found: found == wanted or str(found) in text.split(","), name
    if how == "ne":
        return f"filter[{name}][ne]={quote(text)}", lambda found: found != wanted, name
    return f"filter[{name}][{how}]={quote(text)}", lambda found: found is not None and COMPARE[how](found, wanted), name


def _in(text: str, found: str) -> bool:
    return text.casefold() in found.casefold()


def in_order(rows: list[dict[str, Any]], names: list[str]) -> list[dict[str, Any]]:
    """Sorted by these names and then the id, in the direction of the last; null is the least."""
    for key in reversed([*names, f"{'-' if names[-1][0] == '-' else ''}id"]):
        name = key.lstrip("-")

        def place(row: dict[str, Any], name: str = name) -> tuple[bool, Any]:
            found = row["id"] if name == "id" else value(row, name, {})
            return found is not None, 0 if found is None else found

        rows = sorted(rows, key=place, reverse=key[0] == "-")
    return rows


def queries(chance: random.Random, count: int) -> Iterator[tuple[list[tuple[str, Callable[[Any], bool], str]], list[str]]]:
    """Filters on different names, and an order."""
    for _ in range(count):
        filters = {each[2]: each for each in (a_filter(chance) for _ in range(chance.randrange(4)))}
        names = chance.sample([*CHOICES], chance.randint(1, 3))
        yield [*filters.values()], [chance.choice(["", "-"]) + name for name in names]


async def test_lists_are_what_a_model_says(ann: Visitor, bob: Visitor) -> None:
    chance = random.Random(3)
    labels = {await ann.make("shelves", label=label, open=label != "none"): label for label in ("near", "far", "none")}
    for _ in range(2):
        assert (await ann.atomic(*[book(chance, [*labels]) for _ in range(40)])).status_code == 200
    for who in (ann, bob):
        rows = [each for each in await ann.data("books?page[size]=1000") if who is ann or each["attributes"]["open"]]
        seen = {row: label for row, label in labels.items() if who is ann or label != "none"}
        for filters, names in queries(chance, 150):
            fitting = [row for row in rows if all(_holds(row, each, seen) for each in filters)]
            expected = [row["id"] for row in in_order(fitting, names)]
            query = "&".join([*(text for text, _, _ in filters), f"sort={','.join(names)}", "page[total]=true"])
            size = chance.choice([1000, 7])
            document = (await who.get(f"books?{query}&page[size]={size}")).json()
            assert [each["id"] for each in document["data"]] == expected[:size], query
            assert document["meta"] == {"total": len(expected)}, query
            assert ("next" in document["links"]) == (len(expected) > size), query


def _holds(row: dict[str, Any], each: tuple[str, Callable[[Any], bool], str], labels: dict[str, str]) -> bool:
    """Whether a filter holds; one across a relationship holds of what is there and may be seen only."""
    _, holds, name = each
    found = value(row, name, labels)
    return holds(found) and not (name == "shelf.label" and found is None)
