"""Creating, changing and removing as JSON:API has it: statuses, places, identities, null linkage."""

from typing import Any

import pytest

from tests.api.library import Visitor, body, identifier, problem
from tests.support import System

NOBODY = "shel_00000000000000000000000000"


async def test_what_is_created_is_where_location_says(house: System, ann: Visitor) -> None:
    made = await ann.ask("POST", "shelves", body("shelves", {"label": "a"}))
    data = made.json()["data"]
    assert made.status_code == 201
    assert made.headers["location"] == data["links"]["self"] == made.json()["links"]["self"] == f"/api/v1/shelves/{data['id']}"
    assert made.headers["etag"] == '"1"'
    assert (await ann.get(made.headers["location"])).json()["data"] == data
    assert [kind for _, _, kind in house.events(data["id"])] == ["created"]


async def test_ids_are_made_by_the_server(house: System, ann: Visitor) -> None:
    before = house.events()
    for row in ("shel_mine", NOBODY, "", None, 7):
        document = body("shelves", {"label": "a"})
        document["data"]["id"] = row
        assert problem(await ann.ask("POST", "shelves", document)) == (409, "client_id", "/data/id")
    assert house.events() == before
    document = body("shelves", {"label": "a"})
    document["data"]["lid"] = "mine"
    made = await ann.ask("POST", "shelves", document)
    assert made.status_code == 201
    assert "lid" not in made.json()["data"]


async def test_type_and_id_are_those_of_the_address(house: System, ann: Visitor) -> None:
    shelf, other = await ann.make("shelves", label="a"), await ann.make("shelves", label="b")
    before = house.events()
    for method, path, document, expected in (
        ("POST", "shelves", body("books", {"title": "x"}), (409, "wrong_type", "/data/type")),
        ("POST", "shelves", {"data": {"attributes": {"label": "x"}}}, (400, "bad_request", "/data")),
        ("POST", "shelves", {"data": [{"type": "shelves"}]}, (400, "bad_request", "/data")),
        ("PATCH", f"shelves/{shelf}", body("books", row=shelf), (409, "wrong_type", "/data/type")),
        ("PATCH", f"shelves/{shelf}", body("shelves", row=other), (409, "conflict", "/data/id")),
        ("PATCH", f"shelves/{shelf}", body("shelves"), (400, "bad_request", "/data")),
    ):
        assert problem(await ann.ask(method, path, document)) == expected, document
    assert house.events() == before


async def test_links_are_set_changed_and_emptied_with_the_resource(ann: Visitor) -> None:
    one, two = await ann.make("shelves", label="a"), await ann.make("shelves", label="b")
    book = await ann.make("books", {"shelf": ("shelves", one)}, title="Emma")

    async def change(link: tuple[str, str] | None, **attributes: Any) -> Any:
        answer = await ann.ask("PATCH", f"books/{book}", body("books", attributes, {"shelf": link}, book))
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    assert (await change(("shelves", two)))["relationships"]["shelf"]["data"] == identifier(("shelves", two))
    emptied = await change(None, pages=3)
    assert (emptied["relationships"]["shelf"]["data"], emptied["attributes"]["pages"]) == (None, 3)
    made = await ann.ask("POST", "books", body("books", {"title": "x"}, {"shelf": None}))
    assert made.json()["data"]["relationships"]["shelf"]["data"] is None
    for method, path, document in (
        ("POST", "books", body("books", {"title": "x"})),
        ("PATCH", f"books/{book}", body("books", row=book)),
    ):
        document["data"]["relationships"] = {"reviews": {"data": []}}
        assert problem(await ann.ask(method, path, document)) == (403, "read_only", "/data/relationships/reviews")
    required = await ann.ask("POST", "reviews", body("reviews", {"text": "x"}, {"book": None}))
    assert problem(required) == (422, "required", "/data/relationships/book")


async def test_what_is_not_named_keeps_its_value_and_null_empties(ann: Visitor) -> None:
    book = await ann.make("books", title="Emma", pages=3, summary="Long")
    answer = await ann.ask("PATCH", f"books/{book}", body("books", {"pages": None}, row=book))
    attributes = answer.json()["data"]["attributes"]
    assert (attributes["title"], attributes["pages"], attributes["summary"]) == ("Emma", None, "Long")
    nothing = await ann.ask("PATCH", f"books/{book}", body("books", row=book))
    assert (nothing.status_code, nothing.json()["data"]["meta"]) == (200, {"version": 2})


async def test_members_that_a_client_sends_back_do_no_harm(ann: Visitor) -> None:
    shelf = await ann.make("shelves", label="a")
    data = await ann.data(f"shelves/{shelf}")
    data["attributes"] = {"label": "b"}
    del data["relationships"]
    answer = await ann.ask("PATCH", f"shelves/{shelf}", {"data": data, "links": {}, "meta": {}, "jsonapi": {"version": "1.1"}})
    assert (answer.status_code, answer.json()["data"]["attributes"]["label"]) == (200, "b")


async def test_members_with_an_at_sign_are_passed_over_wherever_they_stand(ann: Visitor) -> None:
    at = {"@context": {"x": 1}, "@": None}
    document = {"data": {"type": "shelves", "attributes": {"label": "a", **at}, "relationships": {**at}, **at}, **at}
    made = await ann.ask("POST", "shelves", document)
    assert made.status_code == 201
    assert "@" not in made.text
    shelf = made.json()["data"]["id"]
    book = await ann.make("books", title="Emma")
    linkage = {"data": {"type": "shelves", "id": shelf, **at}, **at}
    assert (await ann.ask("PATCH", f"books/{book}/relationships/shelf", linkage)).status_code == 200
    assert (await ann.ask("POST", f"books/{book}/bind", {"data": {"attributes": at}})).status_code == 202
    assert (await ann.atomic({"op": "remove", "ref": {"type": "shelves", "id": shelf, **at}, **at})).status_code == 204


@pytest.mark.parametrize("members", [{"label": "b"}, {"Attributes": {}}, {"lidl": "x"}])
async def test_members_that_there_are_not_are_refused_by_name(house: System, ann: Visitor, members: dict[str, Any]) -> None:
    before = house.events()
    document = body("shelves", {"label": "a"})
    document["data"] |= members
    assert problem(await ann.ask("POST", "shelves", document)) == (400, "bad_request", f"/data/{next(iter(members))}")
    assert house.events() == before


async def test_what_is_removed_is_gone_and_lets_go_of_what_referred_to_it(house: System, ann: Visitor) -> None:
    shelf = await ann.make("shelves", label="a")
    book = await ann.make("books", {"shelf": ("shelves", shelf)}, title="Emma")
    review = await ann.make("reviews", {"book": ("books", book)}, text="Good")
    assert (await ann.ask("DELETE", f"shelves/{shelf}")).status_code == 204
    assert (await ann.data(f"books/{book}"))["relationships"]["shelf"]["data"] is None
    removed = await ann.ask("DELETE", f"books/{book}")
    assert (removed.status_code, removed.content) == (204, b"")
    for path in (f"books/{book}", f"reviews/{review}", f"shelves/{shelf}"):
        assert problem(await ann.get(path))[:2] == (404, "not_found")
        assert problem(await ann.ask("DELETE", path))[:2] == (404, "not_found")
    assert house.events(review)[-1][2] == "deleted"


async def test_parameters_of_writes_are_refused_unless_known(house: System, ann: Visitor) -> None:
    book = await ann.make("books", title="Emma")
    before = house.events()
    for method, path, document in (
        ("POST", "books", body("books", {"title": "x"})),
        ("PATCH", f"books/{book}", body("books", {"title": "x"}, row=book)),
        ("DELETE", f"books/{book}", None),
        ("POST", f"books/{book}/burn", None),
        ("PATCH", f"books/{book}/relationships/shelf", {"data": None}),
    ):
        for name in ("include", "fields[books]", "sort", "dryrun", "x"):
            assert problem(await ann.ask(method, f"{path}?{name}=title", document)) == (400, "bad_request", name)
        assert problem(await ann.ask(method, f"{path}?dry_run=yes", document)) == (400, "bad_request", "dry_run")
        assert problem(await ann.ask(method, f"{path}?dry_run=true&dry_run=false", document))[2] == "dry_run"
    assert house.events() == before
