"""The addresses of relationships: what lies behind them, the linkage itself, and how it is changed."""

import pytest

from tests.api.library import Visitor, body, identifier, problem
from tests.support import System

NOBODY = "shel_00000000000000000000000000"


async def test_a_to_one_relationship_is_read_as_resource_and_as_linkage(ann: Visitor) -> None:
    shelf = await ann.make("shelves", label="a")
    book = await ann.make("books", {"shelf": ("shelves", shelf)}, title="Emma")
    related = await ann.get(f"books/{book}/shelf")
    assert (related.status_code, related.json()["data"]) == (200, await ann.data(f"shelves/{shelf}"))
    assert related.json()["links"] == {"self": f"/api/v1/books/{book}/shelf"}
    linkage = (await ann.get(f"books/{book}/relationships/shelf")).json()
    assert linkage == {
        "data": {"type": "shelves", "id": shelf},
        "links": {"self": f"/api/v1/books/{book}/relationships/shelf", "related": f"/api/v1/books/{book}/shelf"},
    }


async def test_an_empty_to_one_relationship_is_null_and_not_missing(ann: Visitor) -> None:
    book = await ann.make("books", title="Emma")
    assert (await ann.get(f"books/{book}/shelf")).json() == {"data": None, "links": {"self": f"/api/v1/books/{book}/shelf"}}
    assert (await ann.get(f"books/{book}/relationships/shelf")).json()["data"] is None
    asked = (await ann.get(f"books/{book}/shelf?include=owner")).json()
    assert asked == {"data": None, "included": [], "links": {"self": f"/api/v1/books/{book}/shelf?include=owner"}}
    assert problem(await ann.get(f"books/{book}/shelf?include=wardrobe")) == (400, "bad_request", "include")


async def test_the_resource_behind_a_relationship_has_fields_and_includes_of_its_own_type(ann: Visitor) -> None:
    shelf = await ann.make("shelves", label="a")
    book = await ann.make("books", {"shelf": ("shelves", shelf)}, title="Emma")
    answer = (await ann.get(f"books/{book}/shelf?include=books&fields[shelves]=label,books&fields[books]=title")).json()
    assert answer["data"]["attributes"] == {"label": "a"}
    assert [each["attributes"] for each in answer["included"]] == [{"title": "Emma"}]
    assert problem(await ann.get(f"books/{book}/shelf?include=shelf")) == (400, "bad_request", "include")
    assert problem(await ann.get(f"books/{book}/shelf?page[size]=1")) == (400, "bad_request", "page[size]")


async def test_what_cannot_be_seen_behind_a_relationship_is_as_what_is_not_there(ann: Visitor, bob: Visitor) -> None:
    shelf = await ann.make("shelves", label="private")
    book = await ann.make("books", {"shelf": ("shelves", shelf)}, title="Emma", open=True)
    hidden, missing = await bob.get(f"books/{book}/shelf"), await bob.get(f"shelves/{NOBODY}")
    assert hidden.status_code == missing.status_code == 404
    assert hidden.text.replace(shelf, "") == missing.text.replace(NOBODY, "")
    assert "private" not in hidden.text
    private = await ann.make("books", title="Own")
    for path in ("shelf", "relationships/shelf", "reviews", "relationships/reviews"):
        assert (await bob.get(f"books/{private}/{path}")).status_code == 404
        assert (await bob.get(f"books/book_{'0' * 26}/{path}")).status_code == 404


async def test_a_to_many_relationship_is_a_list_of_what_may_be_seen(ann: Visitor, bob: Visitor) -> None:
    book = await ann.make("books", title="Emma", open=True)
    other = await ann.make("books", title="Other", open=True)
    mine = [await ann.make("reviews", {"book": ("books", book)}, text=f"r{n}", open=n == 1) for n in range(3)]
    await ann.make("reviews", {"book": ("books", other)}, text="of another", open=True)
    assert [each["id"] for each in await ann.data(f"books/{book}/reviews")] == mine[::-1]
    assert [each["id"] for each in await bob.data(f"books/{book}/reviews")] == [mine[1]]
    linkage = await bob.get(f"books/{book}/relationships/reviews?page[total]=true")
    assert linkage.json()["data"] == [{"type": "reviews", "id": mine[1]}]
    assert linkage.json()["meta"] == {"total": 1}
    assert not [each for each in mine if each != mine[1] and each in linkage.text]


async def test_to_many_relationships_have_pages_filters_and_an_order(ann: Visitor) -> None:
    book = await ann.make("books", title="Emma")
    for number in range(5):
        await ann.make("reviews", {"book": ("books", book)}, text=f"r{number}")
    for address in (f"books/{book}/reviews", f"books/{book}/relationships/reviews"):
        path, found = f"/api/v1/{address}?sort=text&page[size]=2", []
        while path:
            page = (await ann.get(path)).json()
            assert len(page["data"]) <= 2
            found += [each["id"] for each in page["data"]]
            path = page["links"].get("next")
        assert len(found) == len(set(found)) == 5
        assert len(await ann.data(f"{address}?filter[text]=r3")) == 1
        assert (await ann.data(f"{address}?filter[book]=book_none")) == []
    assert (await ann.get(f"books/{book}/relationships/reviews")).json()["links"]["related"] == f"/api/v1/books/{book}/reviews"


@pytest.mark.parametrize(
    ("query", "parameter"),
    [("include=book", "include"), ("include=", "include"), ("fields[reviews]=text", "fields[reviews]"), ("sort=x", "sort"),
     ("dry_run=true", "dry_run")],
)  # fmt: skip
async def test_linkage_is_not_asked_for_what_it_does_not_have(ann: Visitor, query: str, parameter: str) -> None:
    book = await ann.make("books", title="Emma")
    assert problem(await ann.get(f"books/{book}/relationships/reviews?{query}")) == (400, "bad_request", parameter)
    assert problem(await ann.get(f"books/{book}/relationships/shelf?{query}")) == (400, "bad_request", parameter)


async def test_linkage_to_one_is_changed_and_emptied(house: System, ann: Visitor) -> None:
    shelf = await ann.make("shelves", label="a")
    book = await ann.make("books", title="Emma")
    path = f"books/{book}/relationships/shelf"
    linked = await ann.ask("PATCH", path, {"data": identifier(("shelves", shelf))})
    assert (linked.status_code, linked.json()["data"]) == (200, {"type": "shelves", "id": shelf})
    assert linked.json()["links"] == {"self": f"/api/v1/{path}", "related": f"/api/v1/books/{book}/shelf"}
    assert (await ann.data(f"books/{book}"))["meta"]["version"] == 2
    again = await ann.ask("PATCH", path, {"data": identifier(("shelves", shelf))})
    assert again.status_code == 200
    emptied = await ann.ask("PATCH", path, {"data": None})
    assert (emptied.status_code, emptied.json()["data"]) == (200, None)
    assert (await ann.data(f"books/{book}"))["relationships"]["shelf"]["data"] is None
    assert [kind for _, _, kind in house.events(book)] == ["created", "updated", "updated"], "no change is no event"


async def test_wrong_linkage_is_refused_with_a_pointer_into_it(house: System, ann: Visitor, bob: Visitor) -> None:
    shelf, foreign = await ann.make("shelves", label="a"), await bob.make("shelves", label="b")
    links = {"shelf": ("shelves", shelf), "source": ("shelves", shelf)}
    book = await ann.make("books", links, title="Emma")
    review = await ann.make("reviews", {"book": ("books", book)}, text="Good")
    before = house.events()
    cases = [
        (f"books/{book}/relationships/shelf", {"data": {"type": "books", "id": book}}, 409, "wrong_type", "/data/type"),
        (
            f"books/{book}/relationships/shelf",
            {"data": {"type": "shelves", "id": foreign}},
            422,
            "reference_not_found",
            "/data",
        ),
        (f"books/{book}/relationships/shelf", {"data": {"type": "shelves", "id": NOBODY}}, 422, "reference_not_found", "/data"),
        (f"books/{book}/relationships/shelf", {"data": [{"type": "shelves", "id": shelf}]}, 400, "bad_request", "/data"),
        (f"books/{book}/relationships/shelf", {"data": {"type": "shelves"}}, 400, "bad_request", "/data"),
        (f"books/{book}/relationships/shelf", {"data": {"id": shelf}}, 422, "wrong_type", "/data/type"),
        (f"books/{book}/relationships/shelf", {"data": {"type": "shelves", "id": 7}}, 400, "bad_request", "/data"),
        (f"books/{book}/relationships/shelf", {}, 400, "bad_request", ""),
        (f"books/{book}/relationships/source", {"data": None}, 422, "immutable", "/data"),
        (f"books/{book}/relationships/owner", {"data": {"type": "users", "id": bob.id}}, 422, "read_only", "/data"),
        (f"reviews/{review}/relationships/book", {"data": None}, 422, "required", "/data"),
    ]
    for path, document, *expected in cases:
        assert problem(await ann.ask("PATCH", path, document)) == tuple(expected), document
    assert house.events() == before


async def test_who_may_not_change_a_resource_may_not_change_its_linkage(house: System, ann: Visitor, bob: Visitor) -> None:
    book = await ann.make("books", title="Emma", open=True)
    hidden = await ann.make("books", title="Own")
    nobody = Visitor(house, {})
    before = house.events()
    assert problem(await bob.ask("PATCH", f"books/{book}/relationships/shelf", {"data": None}))[:2] == (403, "forbidden")
    assert problem(await bob.ask("PATCH", f"books/{hidden}/relationships/shelf", {"data": None}))[:2] == (404, "not_found")
    assert (await nobody.ask("PATCH", f"books/{book}/relationships/shelf", {"data": None})).status_code == 401
    assert house.events() == before


async def test_linkage_can_be_changed_for_one_version_only(ann: Visitor) -> None:
    book = await ann.make("books", title="Emma")
    stale = await ann.ask("PATCH", f"books/{book}/relationships/shelf", {"data": None}, if_match='"7"')
    assert problem(stale)[:2] == (412, "precondition_failed")
    assert stale.json()["errors"][0]["meta"] == {"version": 1}


async def test_to_many_linkage_is_changed_at_the_other_end_only(house: System, ann: Visitor, bob: Visitor) -> None:
    book = await ann.make("books", title="Emma")
    review = await ann.make("reviews", {"book": ("books", book)}, text="Good")
    before = house.events()
    for method in ("POST", "PATCH", "DELETE"):
        path, document = f"books/{book}/relationships/reviews", {"data": [{"type": "reviews", "id": review}]}
        refused = await ann.ask(method, path, document)
        assert problem(refused)[:2] == (403, "read_only")
        assert "book of each of reviews" in refused.json()["errors"][0]["detail"]
        assert (await bob.ask(method, path, document)).status_code == 404, "that it is there is not told by a refusal"
        assert (await Visitor(house, {}).ask(method, path, document)).status_code == 401
    assert house.events() == before


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("books", {"GET", "POST"}),
        ("books/{}", {"GET", "PATCH", "DELETE"}),
        ("books/{}/shelf", {"GET"}),
        ("books/{}/reviews", {"GET"}),
        ("books/{}/relationships/shelf", {"GET", "PATCH"}),
        ("books/{}/relationships/reviews", {"GET", "POST", "PATCH", "DELETE"}),
        ("books/{}/bind", {"POST"}),
        ("books/{}/actions", {"GET"}),
        ("operations", {"POST"}),
    ],
)
async def test_each_address_tells_its_methods_and_has_no_other(
    house: System, ann: Visitor, path: str, allowed: set[str]
) -> None:
    address = path.format(await ann.make("books", title="Emma"))
    named = allowed | {"OPTIONS"} | ({"HEAD"} if "GET" in allowed else set())
    told = await ann.ask("OPTIONS", address)
    assert (told.status_code, told.content, set(told.headers["allow"].split(", "))) == (204, b"", named)
    before = house.events()
    for method in {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE", "QUERY"} - named:
        answer = await ann.ask(method, address, None if method in ("GET", "HEAD") else body("books"))
        assert answer.status_code == 405, method
        assert set(answer.headers["allow"].split(", ")) == named
        if method != "HEAD":
            assert problem(answer)[1] == "method_not_allowed"
    assert house.events() == before


async def test_head_is_get_without_the_body(ann: Visitor) -> None:
    shelf = await ann.make("shelves", label="a")
    book = await ann.make("books", {"shelf": ("shelves", shelf)}, title="Emma")
    below = [f"books/{book}/{path}" for path in ("shelf", "reviews", "relationships/shelf", "relationships/reviews")]
    for path in ("books", f"books/{book}", *below, "books/none", "books?sort=x"):
        full, head = await ann.get(path), await ann.ask("HEAD", path)
        assert (head.status_code, head.content) == (full.status_code, b"")
        for name in ("content-length", "content-type", "etag", "vary"):
            assert head.headers.get(name) == full.headers.get(name), (path, name)


async def test_names_that_are_no_relationship_lead_nowhere(ann: Visitor) -> None:
    book = await ann.make("books", title="Emma")
    for path in ("title", "relationships", "relationships/", "relationships/title", "relationships/bind", "wardrobe",
                 "relationships/wardrobe", "shelf/", "shelf/label", "relationships/shelf/x", "Shelf", "%73helf/x"):  # fmt: skip
        assert problem(await ann.get(f"books/{book}/{path}"))[:2] == (404, "not_found"), path
