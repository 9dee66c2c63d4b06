"""Sparse fieldsets: only what was asked for, of the resources that are asked for and of included ones."""

import pytest

from tests.api.library import Visitor, problem


async def test_only_the_fields_that_are_named_are_shown(ann: Visitor) -> None:
    shelf = await ann.make("shelves", label="a")
    book = await ann.make("books", {"shelf": ("shelves", shelf)}, title="Emma", pages=3)
    for path in (f"books/{book}", "books"):
        data = await ann.data(f"{path}?fields[books]=title,status,shelf,reviews")
        data = data[0] if isinstance(data, list) else data
        assert data["attributes"] == {"title": "Emma", "status": "kept"}
        assert data["relationships"].keys() == {"shelf", "reviews"}
        assert data["relationships"]["shelf"]["data"] == {"type": "shelves", "id": shelf}
        assert (data["type"], data["id"], data["meta"]) == ("books", book, {"version": 1})
        assert data["links"] == {"self": f"/api/v1/books/{book}"}


async def test_an_empty_fieldset_shows_no_field(ann: Visitor) -> None:
    book = await ann.make("books", title="Emma")
    data = await ann.data(f"books/{book}?fields[books]=")
    assert not data.get("attributes")
    assert not data.get("relationships")
    assert data["id"] == book


async def test_attributes_alone_and_relationships_alone(ann: Visitor) -> None:
    book = await ann.make("books", title="Emma")
    only = await ann.data(f"books/{book}?fields[books]=title")
    assert not only.get("relationships")
    only = await ann.data(f"books/{book}?fields[books]=sequels")
    assert not only.get("attributes")
    assert only["relationships"].keys() == {"sequels"}


async def test_fieldsets_are_for_types_not_for_places(ann: Visitor) -> None:
    writer = await ann.make("writers", name="Jane")
    book = await ann.make("books", {"writer": ("writers", writer)}, title="Emma", pages=3)
    document = (await ann.get(f"books/{book}?include=writer&fields[writers]=name")).json()
    assert document["included"][0]["attributes"] == {"name": "Jane"}
    assert document["data"]["attributes"]["pages"] == 3, "what is not named stays whole"
    both = (await ann.get(f"writers/{writer}?include=books.writer&fields[writers]=books&fields[books]=title")).json()
    assert both["data"]["relationships"]["books"]["data"] == [{"type": "books", "id": book}]
    assert both["included"][0]["attributes"] == {"title": "Emma"}


async def test_what_is_included_stays_when_the_linkage_to_it_is_taken_out(ann: Visitor) -> None:
    book = await ann.make("books", {"writer": ("writers", await ann.make("writers", name="Jane"))}, title="Emma")
    review = await ann.make("reviews", {"book": ("books", book)}, text="Good")
    document = (await ann.get(f"books/{book}?include=writer,reviews&fields[books]=title")).json()
    assert {each["type"] for each in document["included"]} == {"writers", "reviews"}
    assert not document["data"].get("relationships")
    assert review in [each["id"] for each in document["included"]]


async def test_a_fieldset_of_a_type_that_is_not_in_the_document_changes_nothing(ann: Visitor) -> None:
    book = await ann.make("books", title="Emma")
    assert await ann.data(f"books/{book}?fields[shelves]=label") == await ann.data(f"books/{book}")


async def test_naming_a_field_does_not_show_what_is_hidden(ann: Visitor, bob: Visitor) -> None:
    book = await ann.make("books", {"lender": ("users", ann.id)}, title="Emma", open=True, note="mine")
    query = "fields[books]=note,lender,title"
    seen = await bob.get(f"books/{book}?{query}")
    assert seen.json()["data"]["attributes"] == {"title": "Emma"}
    assert not seen.json()["data"].get("relationships")
    assert ann.id not in seen.text
    mine = await ann.data(f"books/{book}?{query}")
    assert mine["attributes"] == {"title": "Emma", "note": "mine"}
    assert mine["relationships"]["lender"]["data"]["id"] == ann.id


@pytest.mark.parametrize(
    ("key", "value"),
    [("fields[books]", "titel"), ("fields[books]", "title,titel"), ("fields[books]", "title,"), ("fields[books]", "code"),
     ("fields[books]", "id"), ("fields[books]", "type"), ("fields[books]", "_version"), ("fields[books]", "bind"),
     ("fields[wardrobes]", "x"), ("fields[wardrobes]", ""), ("fields[]", "title"), ("fields", "title"),
     ("fields[books][x]", "title"), ("fields[_events]", "seq")],
)  # fmt: skip
async def test_unknown_types_and_fields_are_refused_by_the_name_of_the_parameter(ann: Visitor, key: str, value: str) -> None:
    book = await ann.make("books", title="Emma")
    for path in ("books", f"books/{book}", f"books/{book}/sequels"):
        assert problem(await ann.get(f"{path}?{key}={value}")) == (400, "bad_request", key)


async def test_writes_show_whole_resources(ann: Visitor) -> None:
    answer = await ann.ask("POST", "shelves?fields[shelves]=label", {"data": {"type": "shelves", "attributes": {"label": "a"}}})
    assert problem(answer) == (400, "bad_request", "fields[shelves]")
