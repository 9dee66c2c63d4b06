"""Media types: which bodies are read, which answers can be had, and what answers say about themselves."""

from time import process_time

import pytest

from engine.api import negotiation
from engine.errors import HosterError
from tests.api.library import ATOMIC, MEDIA, Visitor, body, problem
from tests.support import System

EXT = "https://jsonapi.org/ext/atomic"
READ = [
    MEDIA,
    f'{MEDIA} ; profile="https://example.org/p"',
    f'{MEDIA};profile="https://example.org/p https://example.org/q"',
    f'{MEDIA};ext="{EXT}"',
    f'{MEDIA};ext="{EXT}";profile="https://example.org/p"',
    "Application/VND.API+JSON",
    "application/json",
    "application/json; charset=utf-8",
]
NOT_READ = [
    "",
    "text/plain",
    "application/xml",
    f"{MEDIA}; charset=utf-8",
    f"{MEDIA};version=1",
    f"{MEDIA};q=1",
    f"{MEDIA};charset",
    f'{MEDIA};ext="https://example.org/other"',
    f'{MEDIA};ext="{EXT} https://example.org/other"',
    f'{MEDIA};profile="https://example.org/p";charset=utf-8',
    f'{MEDIA};ext="{EXT}',
    f'{MEDIA};ext="{EXT}x',
]


@pytest.mark.parametrize("media", READ)
async def test_a_body_of_this_type_is_read(ann: Visitor, media: str) -> None:
    answer = await ann.ask("POST", "shelves", body("shelves", {"label": "a"}), content_type=media)
    assert answer.status_code == 201
    assert answer.headers["content-type"] == MEDIA


@pytest.mark.parametrize("media", NOT_READ)
async def test_a_body_of_this_type_is_not_read(house: System, ann: Visitor, media: str) -> None:
    before = house.events()
    answer = await ann.ask("POST", "shelves", body("shelves", {"label": "a"}), content_type=media)
    assert problem(answer)[:2] == (415, "unsupported_media_type")
    assert answer.headers["content-type"] == MEDIA
    assert house.events() == before


async def test_every_address_with_a_body_has_the_same_rules(ann: Visitor) -> None:
    shelf, book = await ann.make("shelves", label="a"), await ann.make("books", title="B")
    wrong = f"{MEDIA}; charset=utf-8"
    for method, path, document in (
        ("PATCH", f"shelves/{shelf}", body("shelves", {"label": "b"}, row=shelf)),
        ("PATCH", f"books/{book}/relationships/shelf", {"data": {"type": "shelves", "id": shelf}}),
        ("POST", f"books/{book}/bind", {"data": {"attributes": {}}}),
        ("DELETE", f"shelves/{shelf}", {"data": {"attributes": {}}}),
        ("POST", "operations", {"atomic:operations": []}),
    ):
        assert (await ann.ask(method, path, document, content_type=wrong)).status_code == 415, path
    assert (await ann.data(f"shelves/{shelf}"))["attributes"]["label"] == "a"
    assert (await ann.ask("POST", f"books/{book}/bind")).status_code == 202, (
        "where there is no body, nothing is to be said of it"
    )


ACCEPTED = [
    "*/*",
    "application/*",
    MEDIA,
    f"{MEDIA};q=0.5",
    f'{MEDIA};profile="https://example.org/p"',
    ATOMIC,
    f"{MEDIA};charset=utf-8, {MEDIA}",
    f"{MEDIA};charset=utf-8, {MEDIA};q=0.1",
    f'{MEDIA};ext="https://example.org/other", {MEDIA}',
    f"text/html, {MEDIA};q=0.9, */*;q=0.1",
    f'{MEDIA};profile="a,b;c", text/html',
    "text/html",
    "application/json",
]
NOT_ACCEPTED = [
    f"{MEDIA};charset=utf-8",
    f"{MEDIA};charset=utf-8, text/html",
    f"{MEDIA};version=1, {MEDIA};charset=utf-8",
    f'{MEDIA};ext="https://example.org/other"',
    f'{MEDIA};ext="{EXT} https://example.org/other", {MEDIA};ext="https://example.org/third"',
    f"{MEDIA};q=0",
    f"{MEDIA};q=0.000, text/html",
    f"{MEDIA};charset",
]


@pytest.mark.parametrize("accept", ACCEPTED)
async def test_an_answer_can_be_had_by(ann: Visitor, accept: str) -> None:
    answer = await ann.get("shelves", accept=accept)
    assert (answer.status_code, answer.headers["content-type"]) == (200, MEDIA)
    assert "Accept" in answer.headers["vary"].split(", ")


@pytest.mark.parametrize("accept", NOT_ACCEPTED)
async def test_no_answer_can_be_had_by(house: System, ann: Visitor, accept: str) -> None:
    before = house.events()
    for method, path, document in (("GET", "shelves", None), ("POST", "shelves", body("shelves", {"label": "a"}))):
        answer = await ann.ask(method, path, document, accept=accept)
        assert problem(answer)[:2] == (406, "not_acceptable")
        assert "Accept" in answer.headers["vary"].split(", ")
    assert house.events() == before, "nothing is written that cannot be answered"


async def test_several_accept_headers_are_one_list(house: System, ann: Visitor) -> None:
    lines = [*ann.headers.items(), ("accept", MEDIA), ("accept", f"{MEDIA};charset=utf-8")]
    for order in (lines, lines[::-1]):
        assert (await house.client.get("/api/v1/shelves", headers=order)).status_code == 200


async def test_answers_of_every_kind_say_what_they_are(ann: Visitor) -> None:
    shelf = await ann.make("shelves", label="a")
    for answer in (
        await ann.get(f"shelves/{shelf}"),
        await ann.get("shelves/none"),
        await ann.get("nothing"),
        await ann.ask("PUT", "shelves"),
        await ann.ask("DELETE", f"shelves/{shelf}"),
    ):
        assert "Accept" in answer.headers["vary"].split(", ")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers.get("content-type", MEDIA) == MEDIA
        assert ("content-type" in answer.headers) == (answer.status_code != 204)


async def test_answers_to_operations_name_the_extension_and_errors_do_not(ann: Visitor) -> None:
    made = await ann.atomic({"op": "add", "data": body("shelves", {"label": "a"})["data"]})
    assert (made.status_code, made.headers["content-type"]) == (200, ATOMIC)
    failed = await ann.atomic({"op": "add", "data": body("shelves", {"label": "a"})["data"]})
    assert (failed.status_code, failed.headers["content-type"]) == (409, MEDIA)


SENSELESS = ["", ";", ",", ";;;", f'{MEDIA};ext="', f'{MEDIA};ext="\\', f'{MEDIA};ext="{EXT}x', "\xff"]
LONG = [part * (4000 // len(part)) for part in ("a", '"', '"\\', '\\"', ";", ' ="', f"{MEDIA};", ';a="\\', f'{MEDIA};a="', ",")]


@pytest.mark.parametrize("header", [*SENSELESS, *LONG, *(f"{MEDIA};{each}" for each in LONG)])
def test_headers_without_sense_are_looked_at_quickly_and_without_fault(header: str) -> None:
    began = process_time()
    for look in (negotiation.accept, negotiation.body_extensions):
        try:
            look(header.encode("latin-1"))
        except HosterError as error:
            assert error.status in (406, 415)
    assert process_time() - began < 0.1
