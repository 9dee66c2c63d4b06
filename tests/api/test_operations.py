"""Several writes in one request, by the Atomic Operations extension: all or none, in their order, each with its own rights."""

from typing import Any

import pytest

from tests.api.library import ATOMIC, MEDIA, Visitor, everything, identifier, problem
from tests.support import System

OPERATIONS = "/atomic:operations"


def add(kind: str, attributes: dict[str, Any] | None = None, lid: str | None = None, **links: Any) -> dict[str, Any]:
    """An operation that creates; links are to ids, or to lids where they begin with #."""
    data: dict[str, Any] = {"type": kind, "attributes": attributes or {}}
    if lid is not None:
        data["lid"] = lid
    if links:
        data["relationships"] = {name: {"data": reference(*link)} for name, link in links.items()}
    return {"op": "add", "data": data}


def reference(kind: str, row: str) -> dict[str, str]:
    return {"type": kind, "lid": row[1:]} if row.startswith("#") else {"type": kind, "id": row}


async def test_resources_that_refer_to_each_other_are_made_at_once(house: System, ann: Visitor) -> None:
    answer = await ann.atomic(
        add("writers", {"name": "Jane"}, "jane"),
        add("books", {"title": "Emma"}, "emma", writer=("writers", "#jane")),
        add("books", {"title": "Emma again"}, "again", writer=("writers", "#jane"), origin=("books", "#emma")),
        {
            "op": "update",
            "ref": reference("books", "#emma"),
            "data": {**reference("books", "#emma"), "attributes": {"pages": 3}},
        },
        {"op": "update", "data": {**reference("books", "#again"), "attributes": {"pages": 4}}},
    )
    assert (answer.status_code, answer.headers["content-type"]) == (200, ATOMIC)
    results = answer.json()["atomic:results"]
    jane, emma, again, changed, _ = [each["data"] for each in results]
    assert [each["data"]["type"] for each in results] == ["writers", "books", "books", "books", "books"]
    assert emma["relationships"]["writer"]["data"] == identifier(("writers", jane["id"]))
    assert again["relationships"]["origin"]["data"] == identifier(("books", emma["id"]))
    assert (changed["id"], changed["attributes"]["pages"], changed["meta"]) == (emma["id"], 3, {"version": 2})
    assert (await ann.data(f"books/{again['id']}"))["attributes"]["pages"] == 4
    assert "lid" not in answer.text
    assert [(kind, what) for _, kind, what in house.events()[-5:]] == [
        ("writers", "created"), ("books", "created"), ("books", "created"), ("books", "updated"), ("books", "updated"),
    ]  # fmt: skip


async def test_lids_are_of_a_type_and_given_once(ann: Visitor) -> None:
    same = await ann.atomic(
        add("writers", {"name": "Jane"}, "x"), add("shelves", {"label": "a"}, "x"),
        add("books", {"title": "Emma"}, writer=("writers", "#x"), shelf=("shelves", "#x")),
    )  # fmt: skip
    assert same.status_code == 200
    twice = await ann.atomic(add("writers", {"name": "Jane"}, "x"), add("writers", {"name": "Ann"}, "x"))
    assert problem(twice) == (400, "bad_request", f"{OPERATIONS}/1/data/lid")


@pytest.mark.parametrize("failing", [0, 1, 2])
async def test_one_that_fails_undoes_all_and_is_pointed_at(house: System, ann: Visitor, failing: int) -> None:
    before = everything(house)
    operations = [add("writers", {"name": "w"}), add("books", {"title": "b"}), add("shelves", {"label": "a"})]
    operations[failing]["data"]["attributes"] = {"nonsense": 1}
    answer = await ann.atomic(*operations)
    pointers = [each["source"]["pointer"] for each in answer.json()["errors"]]
    assert answer.status_code == 422
    assert f"{OPERATIONS}/{failing}/data/attributes/nonsense" in pointers
    assert all(each.startswith(f"{OPERATIONS}/{failing}/") for each in pointers)
    assert "atomic:results" not in answer.json()
    assert everything(house) == before


async def test_what_only_the_database_can_refuse_undoes_all_too(house: System, ann: Visitor) -> None:
    book = await ann.make("books", title="Emma")
    before = everything(house)
    answer = await ann.atomic(
        add("shelves", {"label": "a"}),
        {"op": "update", "href": f"/api/v1/books/{book}/bind"},
        {"op": "remove", "ref": {"type": "books", "id": book}},
        add("shelves", {"label": "a"}),
    )
    assert problem(answer) == (409, "taken", f"{OPERATIONS}/3/data/attributes/label")
    assert everything(house) == before


async def test_update_remove_and_results_in_order(house: System, ann: Visitor) -> None:
    one, two = await ann.make("shelves", label="a"), await ann.make("shelves", label="b")
    book = await ann.make("books", {"shelf": ("shelves", one)}, title="Emma")
    answer = await ann.atomic(
        {
            "op": "update",
            "href": f"/api/v1/shelves/{one}",
            "data": {"type": "shelves", "id": one, "attributes": {"label": "c"}},
        },
        {"op": "remove", "ref": {"type": "shelves", "id": two}},
        {"op": "update", "ref": {"type": "books", "id": book, "relationship": "shelf"}, "data": None},
        add("shelves", {"label": "b"}),
        {"op": "remove", "href": f"/api/v1/shelves/{one}"},
    )
    results = answer.json()["atomic:results"]
    assert [each.get("data", {}).get("type") for each in results] == ["shelves", None, "books", "shelves", None]
    assert results[1] == results[4] == {}
    assert results[2]["data"]["relationships"]["shelf"]["data"] is None
    assert {each["id"] for each in await ann.data("shelves")} == {results[3]["data"]["id"]}
    assert [kind for _, _, kind in house.events()[-5:]] == ["updated", "deleted", "updated", "created", "deleted"]


async def test_where_nothing_is_left_to_show_there_is_no_content(ann: Visitor) -> None:
    shelf = await ann.make("shelves", label="a")
    answer = await ann.atomic({"op": "remove", "ref": {"type": "shelves", "id": shelf}})
    assert (answer.status_code, answer.content) == (204, b"")


async def test_relationships_by_ref_by_href_and_by_lid(ann: Visitor) -> None:
    shelf, book = await ann.make("shelves", label="a"), await ann.make("books", title="Emma")
    by_ref = {"op": "update", "ref": {"type": "books", "id": book, "relationship": "shelf"}}
    answer = await ann.atomic({**by_ref, "data": {"type": "shelves", "id": shelf}})
    assert answer.json()["atomic:results"][0]["data"]["relationships"]["shelf"]["data"]["id"] == shelf
    by_href = {"op": "update", "href": f"/api/v1/books/{book}/relationships/shelf"}
    answer = await ann.atomic({**by_href, "data": None})
    assert answer.json()["atomic:results"][0]["data"]["relationships"]["shelf"]["data"] is None
    answer = await ann.atomic(add("shelves", {"label": "b"}, "new"), {**by_ref, "data": {"type": "shelves", "lid": "new"}})
    made, linked = [each["data"] for each in answer.json()["atomic:results"]]
    assert linked["relationships"]["shelf"]["data"]["id"] == made["id"]


async def test_a_transition_is_an_update_of_its_address(house: System, ann: Visitor) -> None:
    book = await ann.make("books", title="Emma")
    answer = await ann.atomic(
        add("writers", {"name": "Jane"}),
        {"op": "update", "href": f"/api/v1/books/{book}/bind", "data": {"attributes": {"colour": "blue"}}},
    )
    assert answer.json()["atomic:results"][1]["data"]["attributes"]["status"] == "binding"
    assert house.commands("name", "row", "inputs") == [("book.bind", book, '{"colour":"blue"}')]
    again = await ann.atomic({"op": "update", "href": f"/api/v1/books/{book}/bind"})
    assert problem(again) == (409, "wrong_state", f"{OPERATIONS}/0")
    other = await ann.make("books", title="Other")
    wrong = await ann.atomic({"op": "update", "href": f"/api/v1/books/{other}/bind", "data": {"attributes": {"colour": 1}}})
    assert problem(wrong) == (422, "wrong_type", f"{OPERATIONS}/0/data/attributes/colour")


async def test_each_operation_needs_its_own_right(house: System, ann: Visitor, bob: Visitor) -> None:
    public, private = await ann.make("books", title="Emma", open=True), await ann.make("books", title="Own")
    shelf = await ann.make("shelves", label="a")
    before = everything(house)
    mine = add("shelves", {"label": "mine"})
    for operation, expected in (
        ({"op": "update", "data": {"type": "books", "id": public, "attributes": {"pages": 1}}}, (403, "forbidden", "")),
        ({"op": "remove", "ref": {"type": "books", "id": public}}, (403, "forbidden", "")),
        ({"op": "remove", "ref": {"type": "books", "id": private}}, (404, "not_found", "")),
        ({"op": "update", "href": f"/api/v1/books/{public}/burn"}, (403, "forbidden", "")),
        ({"op": "update", "href": f"/api/v1/books/{private}/burn"}, (404, "not_found", "")),
        (
            {"op": "update", "ref": {"type": "books", "id": public, "relationship": "shelf"}, "data": None},
            (403, "forbidden", ""),
        ),
        (add("books", {"title": "x"}, shelf=("shelves", shelf)), (422, "reference_not_found", "/data/relationships/shelf")),
    ):
        status, code, pointer = expected
        assert problem(await bob.atomic(mine, operation)) == (status, code, f"{OPERATIONS}/1{pointer}"), operation
    assert (await Visitor(house, {}).atomic(mine)).status_code == 401
    assert everything(house) == before


async def test_a_token_that_may_not_write_a_type_cannot_by_an_operation(house: System, ann: Visitor) -> None:
    made = await ann.ask("POST", "tokens", {"data": {"type": "tokens", "attributes": {"name": "t", "scopes": ["books:write"]}}})
    narrow = Visitor(house, {"authorization": f"Bearer {made.json()['data']['attributes']['token']}"})
    assert (await narrow.atomic(add("books", {"title": "x"}))).status_code == 200
    refused = await narrow.atomic(add("books", {"title": "x"}), add("shelves", {"label": "a"}))
    assert problem(refused) == (403, "insufficient_scope", f"{OPERATIONS}/1")


async def test_the_media_type_names_the_extension(house: System, ann: Visitor) -> None:
    before = house.events()
    for media in (MEDIA, "application/json", f'{MEDIA};profile="{ATOMIC}"', "text/plain", f"{ATOMIC};charset=utf-8"):
        answer = await ann.atomic(add("shelves", {"label": "a"}), content_type=media)
        assert problem(answer)[:2] == (415, "unsupported_media_type"), media
    assert house.events() == before
    assert (
        await ann.atomic(add("shelves", {"label": "a"}), content_type=f'{ATOMIC};profile="x:y"', accept=ATOMIC)
    ).status_code == 200


@pytest.mark.parametrize(
    "document",
    [{}, {"atomic:operations": []}, {"atomic:operations": {}}, {"atomic:operations": None}, {"data": []}, {"operations": [{}]},
     {"atomic:operations": [add("shelves")] * 101}],
)  # fmt: skip
async def test_a_body_holds_one_to_a_hundred_operations(house: System, ann: Visitor, document: dict[str, Any]) -> None:
    before = house.events()
    answer = await ann.ask("POST", "operations", document, content_type=ATOMIC)
    assert problem(answer) == (400, "bad_request", "")
    assert house.events() == before


async def test_a_hundred_operations_are_one_write(house: System, ann: Visitor) -> None:
    answer = await ann.atomic(*[add("books", {"title": f"b{number}"}) for number in range(100)])
    results = answer.json()["atomic:results"]
    assert [each["data"]["attributes"]["title"] for each in results] == [f"b{number}" for number in range(100)]
    assert len({each["data"]["id"] for each in results}) == 100


WRONG: list[tuple[Any, int, str, str]] = [
    (7, 400, "bad_request", ""),
    ({}, 400, "bad_request", "/op"),
    ({"op": "replace"}, 400, "bad_request", "/op"),
    ({"op": ["add"]}, 400, "bad_request", "/op"),
    ({"op": "add"}, 400, "bad_request", "/data"),
    ({"op": "add", "data": {"attributes": {}}}, 400, "bad_request", "/data"),
    ({"op": "add", "data": {"type": "wardrobes"}}, 404, "not_found", "/data/type"),
    ({"op": "add", "data": {"type": "shelves", "id": "shel_1", "attributes": {"label": "a"}}}, 409, "client_id", "/data/id"),
    ({"op": "add", "data": {"type": "shelves", "lid": 7}}, 400, "bad_request", "/data/lid"),
    ({"op": "add", "data": {"type": "shelves", "lid": ""}}, 400, "bad_request", "/data/lid"),
    ({"op": "add", "href": "/api/v1/books", "data": {"type": "shelves"}}, 400, "bad_request", "/href"),
    ({"op": "add", "ref": {"type": "shelves"}, "href": "/api/v1/shelves", "data": {"type": "shelves"}},
     400, "bad_request", "/ref"),
    ({"op": "add", "ref": {"type": "books", "id": "BOOK", "relationship": "reviews"}, "data": {"type": "reviews"}},
     400, "bad_request", "/ref"),
    ({"op": "add", "data": {"type": "shelves"}, "extra": 1}, 400, "bad_request", "/extra"),
    ({"op": "update"}, 400, "bad_request", ""),
    ({"op": "update", "ref": None}, 400, "bad_request", "/ref"),
    ({"op": "update", "ref": {"type": "books"}}, 400, "bad_request", "/ref"),
    ({"op": "update", "data": {"type": "books"}}, 400, "bad_request", "/data"),
    ({"op": "update", "ref": {"type": "books", "id": "BOOK"}}, 400, "bad_request", "/data"),
    ({"op": "update", "ref": {"type": "books", "lid": "none"}, "data": {}}, 400, "bad_request", "/ref/lid"),
    ({"op": "update", "data": {"type": "books", "lid": "none"}}, 400, "bad_request", "/data/lid"),
    ({"op": "update", "ref": {"type": "wardrobes", "id": "x"}, "data": {}}, 404, "not_found", "/ref"),
    ({"op": "update", "ref": {"type": "books", "id": "BOOK"}, "data": {"type": "books", "id": "x"}},
     409, "conflict", "/data/id"),
    ({"op": "update", "ref": {"type": "books", "id": "BOOK"}, "data": {"type": "shelves", "id": "BOOK"}},
     409, "wrong_type", "/data/type"),
    ({"op": "update", "ref": {"type": "books", "id": "BOOK", "relationship": "wardrobe"}, "data": None},
     404, "not_found", "/ref/relationship"),
    ({"op": "update", "ref": {"type": "books", "id": "BOOK", "relationship": 7}, "data": None},
     400, "bad_request", "/ref/relationship"),
    ({"op": "update", "ref": {"type": "books", "id": "BOOK", "relationship": "reviews"}, "data": []},
     403, "read_only", "/ref/relationship"),
    ({"op": "update", "href": "/api/v1/books/BOOK/relationships/reviews", "data": []}, 403, "read_only", "/href"),
    ({"op": "update", "href": "/api/v1/books/BOOK/relationships/burn"}, 404, "not_found", "/href"),
    ({"op": "update", "href": "/api/v1/books/BOOK/shelf", "data": None}, 404, "not_found", ""),
    ({"op": "update", "href": "/api/v1/books/BOOK/explode"}, 404, "not_found", ""),
    ({"op": "update", "href": "/api/v1/wardrobes/x", "data": {}}, 404, "not_found", "/href"),
    ({"op": "update", "href": "/api/v1/books/BOOK?x=1", "data": {}}, 400, "bad_request", "/href"),
    ({"op": "update", "href": "/api/v1/books", "data": {}}, 400, "bad_request", "/href"),
    ({"op": "update", "href": "https://elsewhere.example/api/v1/books/BOOK", "data": {}}, 400, "bad_request", "/href"),
    ({"op": "update", "href": "/api/v1/books/BOOK/relations/shelf", "data": {}}, 400, "bad_request", "/href"),
    ({"op": "update", "href": 7, "data": {}}, 400, "bad_request", "/href"),
    ({"op": "update", "ref": {"type": "books", "id": "BOOK", "relationship": "shelf"}}, 400, "bad_request", ""),
    ({"op": "update", "ref": {"type": "books", "id": "BOOK", "relationship": "shelf"}, "data": {"type": "books", "id": "BOOK"}},
     409, "wrong_type", "/data/type"),
    ({"op": "update", "ref": {"type": "books", "id": "BOOK", "relationship": "shelf"}, "data": {"type": "shelves", "id": "x"}},
     422, "reference_not_found", "/data"),
    ({"op": "remove"}, 400, "bad_request", ""),
    ({"op": "remove", "data": {"type": "books", "id": "BOOK"}}, 400, "bad_request", ""),
    ({"op": "remove", "ref": {"type": "books", "id": "BOOK", "relationship": "shelf"}}, 400, "bad_request", "/ref"),
    ({"op": "remove", "ref": {"type": "books", "id": "BOOK", "relationship": "reviews"}},
     403, "read_only", "/ref/relationship"),
    ({"op": "remove", "href": "/api/v1/books/BOOK/burn"}, 400, "bad_request", "/href"),
    ({"op": "add", "data": {"type": "books", "attributes": {"title": "x"}, "relationships": {"shelf": {"data":
     {"type": "shelves", "lid": "none"}}}}}, 400, "bad_request", "/data/relationships/shelf/data/lid"),
    ({"op": "add", "data": {"type": "books", "lid": "me", "attributes": {"title": "x"}, "relationships": {"origin": {"data":
     {"type": "books", "lid": "me"}}}}}, 400, "bad_request", "/data/relationships/origin/data/lid"),
]  # fmt: skip


async def test_operations_that_make_no_sense_are_refused_with_a_pointer_into_them(house: System, ann: Visitor) -> None:
    book = await ann.make("books", title="Emma")
    before = everything(house)
    for wrong, status, code, pointer in WRONG:
        operation = with_id(wrong, book)
        answer = await ann.atomic(add("shelves", {"label": "a"}), operation)
        assert problem(answer) == (status, code, f"{OPERATIONS}/1{pointer}"), (operation, answer.text)
    assert everything(house) == before


def with_id(value: Any, row: str) -> Any:
    """The value with `row` wherever it says BOOK."""
    if isinstance(value, dict):
        return {name: with_id(each, row) for name, each in value.items()}
    return value.replace("BOOK", row) if isinstance(value, str) else value


async def test_a_lid_of_a_later_operation_is_not_known_yet(ann: Visitor) -> None:
    answer = await ann.atomic(
        add("books", {"title": "Emma"}, writer=("writers", "#jane")), add("writers", {"name": "Jane"}, "jane")
    )
    assert problem(answer) == (400, "bad_request", f"{OPERATIONS}/0/data/relationships/writer/data/lid")


async def test_a_version_is_of_one_resource_and_not_of_several(house: System, ann: Visitor) -> None:
    before = house.events()
    for match in ('"1"', "*"):
        answer = await ann.atomic(add("shelves", {"label": "a"}), if_match=match)
        assert problem(answer)[:2] == (412, "precondition_failed")
    assert house.events() == before


async def test_the_address_takes_no_parameters_but_a_rehearsal(ann: Visitor) -> None:
    answer = await ann.atomic(add("shelves", {"label": "a"}), path="operations?include=x")
    assert problem(answer) == (400, "bad_request", "include")
    assert (await ann.atomic(add("shelves", {"label": "a"}), path="operations/x")).status_code == 404
