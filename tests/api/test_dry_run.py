"""`?dry_run=true`: what a write would do is shown, and nothing is done."""

from typing import Any

import pytest

from tests.api.library import ATOMIC, Visitor, body, everything, problem
from tests.support import System


async def rehearse(house: System, who: Visitor, method: str, path: str, document: Any = None, **headers: str) -> Any:
    """The answer to a rehearsal, after which everything is as before."""
    before = everything(house)
    answer = await who.ask(method, f"{path}?dry_run=true", document, **headers)
    assert everything(house) == before
    assert answer.status_code == 200, answer.text
    assert answer.json()["meta"]["dry_run"] is True
    for name in ("location", "etag", "idempotency-replayed"):
        assert name not in answer.headers
    return answer.json()


def effects(document: Any) -> list[tuple[str, str, str]]:
    return [(each["kind"], each["type"], each["id"]) for each in document["meta"]["effects"]]


async def test_a_resource_as_it_would_be_made(house: System, ann: Visitor) -> None:
    document = await rehearse(house, ann, "POST", "books", body("books", {"title": "Emma", "code": "4711"}))
    data = document["data"]
    assert (data["attributes"]["title"], data["attributes"]["status"], data["meta"]) == ("Emma", "kept", {"version": 1})
    assert effects(document) == [("created", "books", data["id"])]
    assert "4711" not in str(document)
    assert (await ann.get(f"books/{data['id']}")).status_code == 404
    real = await ann.ask("POST", "books?dry_run=false", body("books", {"title": "Emma"}))
    assert (real.status_code, "meta" in real.json()) == (201, False)


async def test_a_change_and_what_of_it_is_new(house: System, ann: Visitor) -> None:
    book = await ann.make("books", title="Emma")
    document = await rehearse(house, ann, "PATCH", f"books/{book}", body("books", {"title": "Emma", "pages": 3}, row=book))
    assert document["data"]["attributes"]["pages"] == 3
    assert document["data"]["meta"] == {"version": 2}
    assert document["meta"]["effects"] == [{"kind": "updated", "type": "books", "id": book, "changes": ["pages"]}]
    nothing = await rehearse(house, ann, "PATCH", f"books/{book}", body("books", {"title": "Emma"}, row=book))
    assert nothing["meta"]["effects"] == []


async def test_a_transition_with_the_command_it_would_start(house: System, ann: Visitor) -> None:
    book = await ann.make("books", title="Emma")
    document = await rehearse(house, ann, "POST", f"books/{book}/bind", {"data": {"attributes": {"colour": "blue"}}})
    assert document["data"]["attributes"]["status"] == "binding"
    assert document["meta"]["effects"] == [
        {"kind": "moved", "type": "books", "id": book, "from": "kept", "to": "binding", "transition": "bind",
         "changes": ["status"]},
        {"kind": "queued", "type": "books", "id": book, "command": "book.bind"},
    ]  # fmt: skip
    assert house.state("books", book) == "kept"
    assert house.commands("id") == []


async def test_a_removal_with_all_that_would_go_along(house: System, ann: Visitor) -> None:
    shelf = await ann.make("shelves", label="a")
    book = await ann.make("books", {"shelf": ("shelves", shelf)}, title="Emma")
    review = await ann.make("reviews", {"book": ("books", book)}, text="Good")
    document = await rehearse(house, ann, "DELETE", f"books/{book}")
    assert document["data"] is None
    assert sorted(effects(document)) == [("deleted", "books", book), ("deleted", "reviews", review)]
    document = await rehearse(house, ann, "DELETE", f"shelves/{shelf}")
    assert effects(document) == [("updated", "books", book), ("deleted", "shelves", shelf)]
    assert document["meta"]["effects"][0]["changes"] == ["shelf"]
    burnt = await rehearse(house, ann, "POST", f"books/{book}/burn")
    assert ("deleted", "reviews", review) in effects(burnt)


async def test_effects_on_what_may_not_be_seen_are_not_told(house: System, ann: Visitor, bob: Visitor) -> None:
    book = await ann.make("books", title="Emma", open=True)
    theirs = await bob.make("reviews", {"book": ("books", book)}, text="of bob")
    document = await rehearse(house, ann, "DELETE", f"books/{book}")
    assert effects(document) == [("deleted", "books", book)]
    assert theirs not in str(document)


async def test_linkage_as_it_would_be(house: System, ann: Visitor) -> None:
    shelf, book = await ann.make("shelves", label="a"), await ann.make("books", title="Emma")
    linkage = {"type": "shelves", "id": shelf}
    document = await rehearse(house, ann, "PATCH", f"books/{book}/relationships/shelf", {"data": linkage})
    assert document["data"] == linkage
    assert document["meta"]["effects"] == [{"kind": "updated", "type": "books", "id": book, "changes": ["shelf"]}]


async def test_operations_as_they_would_be(house: System, ann: Visitor) -> None:
    book = await ann.make("books", title="Emma")
    operations = [
        {"op": "add", "data": {"type": "shelves", "lid": "s", "attributes": {"label": "a"}}},
        {
            "op": "update",
            "ref": {"type": "books", "id": book, "relationship": "shelf"},
            "data": {"type": "shelves", "lid": "s"},
        },
        {"op": "update", "href": f"/api/v1/books/{book}/bind"},
    ]
    before = everything(house)
    answer = await ann.atomic(*operations, path="operations?dry_run=true")
    assert everything(house) == before
    assert (answer.status_code, answer.headers["content-type"]) == (200, ATOMIC)
    shelf, _, bound = [each["data"] for each in answer.json()["atomic:results"]]
    assert bound["relationships"]["shelf"]["data"] == {"type": "shelves", "id": shelf["id"]}
    assert [kind for kind, _, _ in effects(answer.json())] == ["created", "updated", "moved", "queued"]
    removal = await ann.atomic({"op": "remove", "ref": {"type": "books", "id": book}}, path="operations?dry_run=true")
    assert effects(removal.json()) == [("deleted", "books", book)]
    assert everything(house) == before


async def test_a_rehearsal_is_refused_as_the_write_would_be(house: System, ann: Visitor, bob: Visitor) -> None:
    book = await ann.make("books", title="Emma", open=True)
    await ann.make("shelves", label="a")
    before = everything(house)
    for who, method, path, document, expected in (
        (ann, "POST", "shelves", body("shelves", {"label": "a"}), (409, "taken", "/data/attributes/label")),
        (ann, "POST", "shelves", body("shelves", {"label": 7}), (422, "wrong_type", "/data/attributes/label")),
        (
            ann,
            "PATCH",
            f"books/{book}",
            body("books", {"status": "bound"}, row=book),
            (422, "read_only", "/data/attributes/status"),
        ),
        (bob, "DELETE", f"books/{book}", None, (403, "forbidden", None)),
        (bob, "POST", f"books/{book}/burn", None, (403, "forbidden", None)),
        (Visitor(house, {}), "DELETE", f"books/{book}", None, (401, "unauthenticated", None)),
    ):
        assert problem(await who.ask(method, f"{path}?dry_run=true", document)) == expected
    stale = await ann.ask("DELETE", f"books/{book}?dry_run=true", if_match='"9"')
    assert problem(stale)[:2] == (412, "precondition_failed")
    assert everything(house) == before


async def test_a_rehearsal_neither_keeps_an_answer_nor_gives_a_kept_one(house: System, ann: Visitor) -> None:
    document = body("shelves", {"label": "a"})
    await rehearse(house, ann, "POST", "shelves", document, idempotency_key="k")
    assert (await ann.ask("POST", "shelves", document, idempotency_key="k")).status_code == 201
    assert problem(await ann.ask("POST", "shelves?dry_run=true", document, idempotency_key="k"))[:2] == (409, "taken")


async def test_a_rehearsal_does_not_wait_and_hands_out_no_token(house: System, ann: Visitor) -> None:
    book = await ann.make("books", title="Emma")
    document = await rehearse(house, ann, "POST", f"books/{book}/bind", prefer="wait=60")
    assert document["data"]["attributes"]["status"] == "binding"
    tokens = await rehearse(house, ann, "POST", "tokens", {"data": {"type": "tokens", "attributes": {"name": "t"}}})
    assert "token" not in tokens["data"]["attributes"]


@pytest.mark.parametrize("value", ["", "1", "yes", "True", "true,false"])
async def test_it_is_true_or_false(house: System, ann: Visitor, value: str) -> None:
    before = everything(house)
    answer = await ann.ask("POST", f"shelves?dry_run={value}", body("shelves", {"label": "a"}))
    assert problem(answer) == (400, "bad_request", "dry_run")
    assert everything(house) == before
