"""`Idempotency-Key`: a write that is sent again is made once and answered alike, in this process or the next."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from engine.ambient import Ambient
from engine.commands.housekeeping import housekeeping
from engine.commands.registry import Registry
from tests.api.library import ATOMIC, FILES, Binder, Visitor, body, everything, library, problem, visitor
from tests.support import System, shut, system

DAY = 86400.0
REPLAYED = "idempotency-replayed"


async def test_every_kind_of_write_is_made_once_and_answered_alike(house: System, ann: Visitor) -> None:
    shelf = await ann.make("shelves", label="a")
    book, other = await ann.make("books", title="Emma"), await ann.make("books", title="Other")
    writes: list[tuple[str, str, Any, dict[str, str]]] = [
        ("POST", "shelves", body("shelves", {"label": "b"}), {}),
        ("PATCH", f"books/{book}", body("books", {"pages": 1}, row=book), {}),
        ("PATCH", f"books/{book}/relationships/shelf", {"data": {"type": "shelves", "id": shelf}}, {}),
        ("POST", f"books/{book}/bind", {"data": {"attributes": {"colour": "red"}}}, {}),
        ("POST", f"books/{other}/burn", None, {}),
        ("DELETE", f"shelves/{shelf}", None, {}),
        ("POST", "operations", {"atomic:operations": [{"op": "add", "data": body("shelves", {"label": "c"})["data"]}]},
         {"content_type": ATOMIC}),
    ]  # fmt: skip
    for number, (method, path, document, headers) in enumerate(writes):
        key = f"key-{number}"
        first = await ann.ask(method, path, document, idempotency_key=key, **headers)
        assert first.is_success, first.text
        assert REPLAYED not in first.headers
        kept = everything(house)
        again = await ann.ask(method, path, document, idempotency_key=key, **headers)
        assert (again.status_code, again.content) == (first.status_code, first.content), path
        assert again.headers[REPLAYED] == "true"
        for name in ("location", "etag", "content-type"):
            assert again.headers.get(name) == first.headers.get(name), (path, name)
        assert everything(house) == kept, "nothing is written a second time"
    assert len(house.commands("id")) == 1


async def test_another_request_under_the_same_key_is_refused(house: System, ann: Visitor) -> None:
    document = body("shelves", {"label": "a"})
    made = await ann.ask("POST", "shelves", document, idempotency_key="k")
    shelf = made.json()["data"]["id"]
    kept = everything(house)
    for method, path, given, headers in (
        ("POST", "shelves", body("shelves", {"label": "b"}), {}),
        ("POST", "writers", body("writers", {"name": "a"}), {}),
        ("PATCH", f"shelves/{shelf}", body("shelves", {"label": "b"}, row=shelf), {}),
        ("DELETE", f"shelves/{shelf}", None, {}),
        ("POST", "shelves", document, {"if_match": '"1"'}),
        ("POST", "shelves?dry_run=false", document, {}),
    ):
        answer = await ann.ask(method, path, given, idempotency_key="k", **headers)
        assert problem(answer)[:2] == (422, "idempotency_key_reused"), path
        assert shelf not in answer.text
    assert everything(house) == kept


async def test_keys_belong_to_who_sends_them(ann: Visitor, bob: Visitor) -> None:
    document = body("shelves", {"label": "a"})
    first, second = [await who.ask("POST", "shelves", document, idempotency_key="k") for who in (ann, bob)]
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json()["data"]["id"] != second.json()["data"]["id"]
    assert REPLAYED not in second.headers
    replayed = await bob.ask("POST", "shelves", document, idempotency_key="k")
    assert replayed.json()["data"]["id"] == second.json()["data"]["id"]


async def test_a_second_credential_of_the_same_user_replays_only_what_it_may_write(house: System, ann: Visitor) -> None:
    made = await ann.ask("POST", "tokens", {"data": {"type": "tokens", "attributes": {"name": "t", "scopes": ["books:write"]}}})
    narrow = Visitor(house, {"authorization": f"Bearer {made.json()['data']['attributes']['token']}"})
    document = body("shelves", {"label": "a"})
    assert (await ann.ask("POST", "shelves", document, idempotency_key="k")).status_code == 201
    assert problem(await narrow.ask("POST", "shelves", document, idempotency_key="k"))[:2] == (403, "insufficient_scope")


async def test_a_write_that_was_refused_may_be_tried_again_under_its_key(house: System, ann: Visitor) -> None:
    first = await ann.make("shelves", label="a")
    document = body("shelves", {"label": "a"})
    before = everything(house)
    assert problem(await ann.ask("POST", "shelves", document, idempotency_key="k"))[:2] == (409, "taken")
    assert everything(house) == before
    await ann.ask("DELETE", f"shelves/{first}")
    assert (await ann.ask("POST", "shelves", document, idempotency_key="k")).status_code == 201


async def test_of_many_that_come_at_once_one_is_made(house: System, ann: Visitor) -> None:
    document = body("shelves", {"label": "a"})
    answers = await asyncio.gather(*[ann.ask("POST", "shelves", document, idempotency_key="k") for _ in range(20)])
    assert {each.status_code for each in answers} == {201}
    assert len({each.content for each in answers}) == 1
    assert sorted(REPLAYED in each.headers for each in answers) == [False] + [True] * 19
    assert len(await ann.data("shelves")) == 1
    assert [kind for _, name, kind in house.events() if name == "shelves"] == ["created"]


async def test_answers_are_kept_when_the_process_starts_anew(tmp_path: Path) -> None:
    house = await library(tmp_path)
    ann = await visitor(house, "ann")
    document = body("shelves", {"label": "a"})
    first = await ann.ask("POST", "shelves", document, idempotency_key="k")
    await shut(house)
    house = await library(tmp_path)
    again = await Visitor(house, ann.headers).ask("POST", "shelves", document, idempotency_key="k")
    assert (again.status_code, again.content, again.headers[REPLAYED]) == (201, first.content, "true")
    assert house.store.database.read("SELECT count(*) FROM shelves") == [(1,)]
    await shut(house)


async def test_of_two_processes_that_are_asked_at_once_one_writes(tmp_path: Path) -> None:
    one, two = await library(tmp_path), await library(tmp_path)
    ann = await visitor(one, "ann")
    document = body("shelves", {"label": "a"})
    both = [ann, Visitor(two, ann.headers)]
    answers = await asyncio.gather(*[who.ask("POST", "shelves", document, idempotency_key="k") for who in both * 5])
    assert {each.status_code for each in answers} == {201}
    assert len({each.content for each in answers}) == 1
    assert sum(REPLAYED not in each.headers for each in answers) == 1
    assert one.store.database.read("SELECT count(*) FROM shelves") == [(1,)]
    await shut(one)
    await shut(two)


async def test_a_token_that_is_shown_once_is_kept_encrypted_and_shown_to_who_sends_its_request_again(
    house: System, ann: Visitor
) -> None:
    document = {"data": {"type": "tokens", "attributes": {"name": "t"}}}
    first = await ann.ask("POST", "tokens", document, idempotency_key="k")
    token = first.json()["data"]["attributes"]["token"]
    assert (await ann.ask("POST", "tokens", document, idempotency_key="k")).content == first.content
    ((kept,),) = house.store.database.read("SELECT fingerprint || headers || body FROM _answers")
    assert token not in kept
    assert not [file for file in house.path.parent.glob("hoster.db*") if token.encode() in file.read_bytes()]
    assert token not in str(house.store.database.read("SELECT * FROM _answers"))


@pytest.mark.parametrize("key", ["", " ", "x" * 256, "ü", "a\tb"])
async def test_a_key_has_a_form(house: System, ann: Visitor, key: str) -> None:
    before = house.events()
    headers = {**ann.headers, "content-type": "application/vnd.api+json", "idempotency-key": key.encode()}
    answer = await house.client.post("/api/v1/shelves", json=body("shelves", {"label": "a"}), headers=headers)
    assert problem(answer)[:2] == (400, "bad_request")
    assert house.events() == before


async def test_reading_takes_no_notice_of_a_key(ann: Visitor) -> None:
    shelf = await ann.make("shelves", label="a")
    assert (await ann.get(f"shelves/{shelf}", idempotency_key="k")).status_code == 200
    assert REPLAYED not in (await ann.get(f"shelves/{shelf}", idempotency_key="k")).headers


async def test_what_was_removed_since_is_answered_as_it_was(ann: Visitor) -> None:
    document = body("shelves", {"label": "a"})
    first = await ann.ask("POST", "shelves", document, idempotency_key="k")
    shelf = first.json()["data"]["id"]
    assert (await ann.ask("DELETE", f"shelves/{shelf}", idempotency_key="d")).status_code == 204
    assert (await ann.ask("POST", "shelves", document, idempotency_key="k")).content == first.content
    replayed = await ann.ask("DELETE", f"shelves/{shelf}", idempotency_key="d")
    assert (replayed.status_code, replayed.content, replayed.headers[REPLAYED]) == (204, b"", "true")
    assert await ann.data("shelves") == []


class Clock(Ambient):
    """A clock that can be put forward."""

    offset = 0.0

    def time(self) -> float:
        return super().time() + self.offset


async def test_answers_go_when_they_are_old(tmp_path: Path) -> None:
    clock, registry = Clock(), Binder().registry()
    housekeeping(registry, events=30 * DAY, commands=7 * DAY, answers=DAY)
    house = await system(tmp_path, FILES, registry, ambient=clock)
    ann = await visitor(house, "ann")
    old, new = body("shelves", {"label": "a"}), body("shelves", {"label": "b"})
    await ann.ask("POST", "shelves", old, idempotency_key="old")
    clock.offset = 2 * DAY
    await ann.ask("POST", "shelves", new, idempotency_key="new")
    await house.bus.start()
    await house.clockwork.start()
    await house.until(lambda: ("engine.prune", "done") in house.commands("name", "status"))
    await house.clockwork.stop()
    await house.bus.stop()
    assert house.store.database.read("SELECT count(*) FROM _answers") == [(1,)]
    assert REPLAYED in (await ann.ask("POST", "shelves", new, idempotency_key="new")).headers
    assert problem(await ann.ask("POST", "shelves", old, idempotency_key="old"))[:2] == (409, "taken"), "a new write by now"
    await shut(house)


def test_the_registry_has_the_work_once() -> None:
    registry = Registry()
    for _ in range(2):
        housekeeping(registry, events=DAY, commands=DAY, answers=DAY)
    assert list(registry.recurring) == ["engine.prune"]
