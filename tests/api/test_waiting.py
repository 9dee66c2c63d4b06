"""`Prefer: wait=20`: the answer comes when the commands that a write has set off have ended, or when the time is over."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from engine.commands.job import Fail
from tests.api.library import Binder, Visitor, body
from tests.support import System


@pytest.fixture
async def working(house: System) -> AsyncIterator[System]:
    """The library with its bus at work."""
    await house.bus.start()
    yield house
    await house.bus.stop()


def status(answer: httpx.Response) -> tuple[int, str, str | None]:
    return answer.status_code, answer.json()["data"]["attributes"]["status"], answer.headers.get("preference-applied")


async def test_the_answer_comes_when_the_command_has_ended_with_what_it_did(
    working: System, binder: Binder, ann: Visitor
) -> None:
    book = await ann.make("books", title="Emma")
    asked = asyncio.create_task(ann.ask("POST", f"books/{book}/bind", prefer="wait=20"))
    await working.until(lambda: working.commands("status") == [("running",)])
    assert not asked.done()
    binder.release.set()
    answer = await asked
    assert status(answer) == (200, "bound", "wait=20")
    assert answer.json()["data"]["attributes"]["bound_in"] == "red"
    assert answer.headers["etag"] == f'"{answer.json()["data"]["meta"]["version"]}"'
    assert answer.json()["data"] == await ann.data(f"books/{book}")


async def test_when_the_time_is_over_the_work_goes_on(working: System, binder: Binder, ann: Visitor) -> None:
    book = await ann.make("books", title="Emma")
    answer = await ann.ask("POST", f"books/{book}/bind", prefer="wait=1")
    assert status(answer) == (202, "binding", "wait=1")
    binder.release.set()
    await working.until(lambda: working.state("books", book) == "bound")


async def test_a_command_that_fails_ends_the_waiting_and_says_why(working: System, binder: Binder, ann: Visitor) -> None:
    binder.raises.append(Fail("glue", "The glue is dry"))
    binder.release.set()
    book = await ann.make("books", title="Emma")
    answer = await ann.ask("POST", f"books/{book}/bind", prefer="wait=20")
    assert status(answer) == (200, "torn", "wait=20")
    failure = answer.json()["data"]["attributes"]["failure"]
    assert (failure["cause"], failure["message"]) == ("glue", "The glue is dry")


async def test_a_write_that_sets_nothing_off_is_answered_at_once(house: System, ann: Visitor) -> None:
    made = await ann.ask("POST", "shelves", body("shelves", {"label": "a"}), prefer="wait=60")
    shelf = made.json()["data"]["id"]
    assert (made.status_code, made.headers["location"]) == (201, f"/api/v1/shelves/{shelf}")
    assert made.headers["preference-applied"] == "wait=60"
    changed = await ann.ask("PATCH", f"shelves/{shelf}", body("shelves", {"label": "b"}, row=shelf), prefer="wait=60")
    assert (changed.status_code, changed.json()["data"]["attributes"]["label"]) == (200, "b")
    removed = await ann.ask("DELETE", f"shelves/{shelf}", prefer="wait=60")
    assert (removed.status_code, removed.content) == (204, b"")


async def test_it_waits_for_every_resource_of_several_operations(working: System, binder: Binder, ann: Visitor) -> None:
    books = [await ann.make("books", title=f"b{number}") for number in range(3)]
    moves = [{"op": "update", "href": f"/api/v1/books/{book}/bind"} for book in books]
    asked = asyncio.create_task(ann.atomic(*moves, prefer="wait=20"))
    await working.until(lambda: working.commands("status") == [("running",)] * 3)
    binder.release.set()
    answer = await asked
    assert [each["data"]["attributes"]["status"] for each in answer.json()["atomic:results"]] == ["bound"] * 3
    assert answer.headers["preference-applied"] == "wait=20"


async def test_what_is_gone_when_the_waiting_ends_is_no_content(working: System, binder: Binder, ann: Visitor) -> None:
    book = await ann.make("books", title="Emma")
    asked = asyncio.create_task(ann.ask("POST", f"books/{book}/bind", prefer="wait=20"))
    await working.until(lambda: working.commands("status") == [("running",)])
    kind = working.store.kind("books")
    await working.write(lambda unit: unit.update(kind, unit.get(kind, book), {"status": "burnt"}, "moved"))
    binder.release.set()
    answer = await asked
    assert (answer.status_code, answer.content) == (204, b"")


async def test_a_replay_gives_the_answer_that_was_kept_with_the_write(working: System, binder: Binder, ann: Visitor) -> None:
    binder.release.set()
    book = await ann.make("books", title="Emma")
    first = await ann.ask("POST", f"books/{book}/bind", prefer="wait=20", idempotency_key="k")
    assert status(first) == (200, "bound", "wait=20")
    again = await ann.ask("POST", f"books/{book}/bind", prefer="wait=20", idempotency_key="k")
    assert status(again) == (202, "binding", None)
    assert binder.calls == [book]


@pytest.mark.parametrize(
    ("prefer", "applied"),
    [("wait=5", "wait=5"), ("respond-async, wait=5", "wait=5"), ("WAIT = 5", "wait=5"), ('wait="5"', "wait=5"),
     ("wait=5; x=y", "wait=5"), ("wait=600", "wait=60"), ("wait=0", None), ("wait=-1", None), ("wait=x", None), ("wait", None),
     ("await=5", None), ("return=minimal", None), ("", None), ("x-wait=5", None),
     ("foo; wait=5", None), ("foo=bar;baz , wait=5", "wait=5")],
)  # fmt: skip
async def test_what_is_a_preference(ann: Visitor, prefer: str, applied: str | None) -> None:
    answer = await ann.ask("POST", "shelves", body("shelves", {"label": "a"}), prefer=prefer)
    assert (answer.status_code, answer.headers.get("preference-applied")) == (201, applied)
