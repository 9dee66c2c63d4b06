"""Versions: `If-Match` keeps writers from overwriting each other, `If-None-Match` saves reading the same again."""

import asyncio

import pytest

from tests.api.library import Visitor, body, problem
from tests.support import System


async def test_each_answer_with_one_resource_has_its_version_as_etag(ann: Visitor) -> None:
    made = await ann.ask("POST", "books", body("books", {"title": "Emma"}))
    book = made.json()["data"]["id"]
    changed = await ann.ask("PATCH", f"books/{book}", body("books", {"pages": 1}, row=book))
    same = await ann.ask("PATCH", f"books/{book}", body("books", {"pages": 1}, row=book))
    moved = await ann.ask("POST", f"books/{book}/bind")
    read = await ann.get(f"books/{book}")
    assert [each.headers["etag"] for each in (made, changed, same, moved, read)] == ['"1"', '"2"', '"2"', '"3"', '"3"']
    assert read.json()["data"]["meta"] == {"version": 3}
    for path in ("books", f"books/{book}/owner", f"books/{book}/relationships/owner", f"books/{book}/sequels"):
        assert "etag" not in (await ann.get(path)).headers, "it can change though that version does not"
    assert "etag" not in (await ann.get("books/none")).headers


OTHERS = ['"1"', '"3"', '"0"', '"-2"', '"2', "2", '"two"', 'W/"2"', '""', "", '"1", "3"', '"' + "9" * 40 + '"']
WRITES = [
    ("PATCH", "", {"title": "x"}),
    ("DELETE", "", None),
    ("POST", "/bind", None),
    ("POST", "/burn", None),
    ("PATCH", "/relationships/shelf", None),
]


@pytest.mark.parametrize(("method", "member", "attributes"), WRITES)
async def test_a_write_for_another_version_is_not_made(
    house: System, ann: Visitor, method: str, member: str, attributes: dict[str, str] | None
) -> None:
    book = await ann.make("books", title="Emma")
    await ann.ask("PATCH", f"books/{book}", body("books", {"pages": 1}, row=book))
    before = house.events(), house.commands("id")
    document = {"data": None} if "shelf" in member else None if attributes is None else body("books", attributes, row=book)
    for match in OTHERS:
        answer = await ann.ask(method, f"books/{book}{member}", document, if_match=match)
        assert problem(answer)[:2] == (412, "precondition_failed"), match
        if match in OTHERS[:3]:
            assert answer.json()["errors"][0]["meta"] == {"version": 2}
    assert (house.events(), house.commands("id")) == before


@pytest.mark.parametrize(("method", "member", "attributes"), WRITES)
@pytest.mark.parametrize("match", ['"1"', "*", ' "1" '])
async def test_a_write_for_the_present_version_is_made(
    ann: Visitor, method: str, member: str, attributes: dict[str, str] | None, match: str
) -> None:
    book = await ann.make("books", title="Emma")
    document = {"data": None} if "shelf" in member else None if attributes is None else body("books", attributes, row=book)
    assert (await ann.ask(method, f"books/{book}{member}", document, if_match=match)).is_success


async def test_of_two_who_read_the_same_version_one_writes(house: System, ann: Visitor) -> None:
    book = await ann.make("books", title="Emma")
    answers = await asyncio.gather(*[
        ann.ask("PATCH", f"books/{book}", body("books", {"pages": number}, row=book), if_match='"1"') for number in range(5)
    ])  # fmt: skip
    assert sorted(each.status_code for each in answers) == [200, 412, 412, 412, 412]
    assert [kind for _, _, kind in house.events(book)] == ["created", "updated"]


async def test_a_condition_tells_nobody_what_they_may_not_see(ann: Visitor, bob: Visitor) -> None:
    private, public = await ann.make("books", title="Own"), await ann.make("books", title="Emma", open=True)
    for match in ('"1"', '"2"', "*"):
        for row, status in ((private, 404), (public, 403)):
            answer = await bob.ask("PATCH", f"books/{row}", body("books", {"pages": 1}, row=row), if_match=match)
            assert answer.status_code == status
    assert (await bob.get(f"books/{private}", if_none_match="*")).status_code == 404


@pytest.mark.parametrize("match", ['"1"', 'W/"1"', "*", '"7", "1"', 'W/"7",W/"1"', ' "1"'])
async def test_who_has_the_present_version_is_not_sent_it_again(ann: Visitor, match: str) -> None:
    shelf = await ann.make("shelves", label="a")
    for method in ("GET", "HEAD"):
        answer = await ann.ask(method, f"shelves/{shelf}", if_none_match=match)
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", '"1"')
        assert "Accept" in answer.headers["vary"]
        assert "content-type" not in answer.headers


@pytest.mark.parametrize("match", ['"2"', "1", '"1', "", '"11"', 'w/"1"', '"1"x'])
async def test_who_has_another_version_is_sent_the_present_one(ann: Visitor, match: str) -> None:
    shelf = await ann.make("shelves", label="a")
    answer = await ann.get(f"shelves/{shelf}", if_none_match=match)
    assert (answer.status_code, answer.json()["data"]["id"]) == (200, shelf)


async def test_what_changes_without_the_version_is_always_sent(ann: Visitor, bob: Visitor) -> None:
    shelf = await ann.make("shelves", label="a")
    book = await ann.make("books", {"shelf": ("shelves", shelf)}, title="Emma")
    assert (await ann.get(f"shelves/{shelf}?include=books", if_none_match='"1"')).status_code == 200
    assert (await ann.get(f"shelves/{shelf}?fields[shelves]=label", if_none_match='"1"')).status_code == 304
    assert (await ann.get(f"books/{book}", if_none_match='"1"')).status_code == 200, "who may read its note can change"
    assert (await ann.get("shelves", if_none_match="*")).status_code == 200


async def test_a_condition_for_reading_says_nothing_about_writing(ann: Visitor) -> None:
    shelf = await ann.make("shelves", label="a")
    answer = await ann.ask("PATCH", f"shelves/{shelf}", body("shelves", {"label": "b"}, row=shelf), if_none_match='"9"')
    assert answer.status_code == 200
