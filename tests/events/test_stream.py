"""The event stream: where it begins, how it goes on after a break, and how it ends."""

from __future__ import annotations

import asyncio
import gc
import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from engine.database import StorageFailed
from engine.service.events import feed
from tests.events.support import FILES, change, entries, fire, listen, make
from tests.support import System, shut, system

PRUNE = "DELETE FROM _events WHERE seq < (SELECT max(seq) FROM _events)"


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[System]:
    running = await system(tmp_path, FILES)
    yield running
    await shut(running)


async def test_a_stream_begins_now_and_tells_what_comes(running: System) -> None:
    _, ann = await running.person("ann")
    await make(running, ann, "diaries", text="before")
    async with listen(running, ann) as anns:
        assert anns.status == 200
        assert anns.headers[b"content-type"] == b"text/event-stream; charset=utf-8"
        assert anns.headers[b"cache-control"] == b"no-store"
        assert anns.headers[b"x-accel-buffering"] == b"no"
        assert anns.body.startswith(b"retry: 2000\n\n")
        ready = await anns.next()
        assert (ready.event, ready.data) == ("ready", {"cursor": ready.cursor})
        diary = await make(running, ann, "diaries", text="dear diary")
        added = await anns.next()
        assert (added.event, added.data["kind"], added.data["id"]) == ("added", "created", diary)
        shown = (await running.client.get(f"/api/v1/diaries/{diary}", headers=ann)).json()["data"]
        assert added.data["resource"] == shown
        await running.client.delete(f"/api/v1/diaries/{diary}", headers=ann)
        assert (await anns.next()).event == "removed"
        assert anns.waiting() == 0


async def test_filters_hold_in_streams(running: System) -> None:
    _, ann = await running.person("ann")
    async with listen(running, ann, "filter[type]=notes,folders") as some:
        async with listen(running, ann, "filter[type]=diaries") as others:
            await make(running, ann, "diaries", text="a")
            note = await make(running, ann, "notes", text="b")
            async with listen(running, ann, f"filter[row]={note}") as one:
                folder = await make(running, ann, "folders", name="c")
                await fire(running, ann, "notes", note, "close")
                assert [frame.event for frame in await one.until("updated")] == ["ready", "updated"]
            seen = [frame.data.get("id") for frame in await some.until("updated")]
            assert seen == [None, note, folder, note]
        assert [frame.data.get("type") for frame in await others.until("added")] == [None, "diaries"]
        assert others.waiting() == 0


async def test_last_event_id_goes_on_without_gap_or_repeat_over_random_disconnects(running: System) -> None:
    _, ann = await running.person("ann")
    chance, seen = random.Random(7), list[str]()
    rows = [await make(running, ann, "notes", text="a") for _ in range(3)]
    first = (await entries(running, ann, "page[size]=0"))["meta"]["cursor"]

    async def write() -> None:
        for number in range(150):
            await change(running, ann, "notes", chance.choice(rows), text=f"text {number}")

    writing = asyncio.create_task(write())
    cursor = first
    while not writing.done() or len(seen) < 150:
        async with listen(running, ann, last=cursor) as anns:
            for _ in range(chance.randint(0, 12)):
                if len(seen) == 150:
                    break
                frame = await anns.next()
                seen.append(frame.data["after"]["text"])
                cursor = frame.cursor
    await writing
    assert seen == [f"text {number}" for number in range(150)]
    assert running.stream.streams == 0


async def test_who_comes_back_too_late_gets_410_and_a_fresh_cursor(running: System) -> None:
    _, ann = await running.person("ann")
    cursor = (await entries(running, ann, "page[size]=0"))["meta"]["cursor"]
    for number in range(3):
        await make(running, ann, "diaries", text=f"{number}")
    await running.write(lambda unit: unit.transaction.run(PRUNE))
    answer = await running.client.get(f"/api/v1/events?page[after]={cursor}", headers=ann)
    assert answer.status_code == 410
    error = answer.json()["errors"][0]
    assert error["code"] == "cursor_expired"
    again = await entries(running, ann, f"page[after]={error['meta']['cursor']}")
    assert (again["data"], again["meta"]["more"]) == ([], False)
    async with listen(running, ann, last=cursor) as late:
        assert late.status == 410
        assert b"cursor_expired" in late.body
    async with listen(running, ann, last=error["meta"]["cursor"]) as anns:
        diary = await make(running, ann, "diaries", text="new")
        assert (await anns.next()).data["id"] == diary


async def test_a_list_without_cursor_begins_with_what_is_kept(running: System) -> None:
    _, ann = await running.person("ann")
    await make(running, ann, "diaries", text="pruned")
    kept = await make(running, ann, "diaries", text="kept")
    await running.write(lambda unit: unit.transaction.run(PRUNE))
    document = await entries(running, ann)
    assert [item["relationships"]["subject"]["data"]["id"] for item in document["data"]] == [kept]
    answer = await running.client.get("/api/v1/events?page[after]=0", headers=ann)
    assert answer.status_code == 410


@pytest.mark.parametrize(
    "query", ["page[after]=999", "page[after]=x", "page[after]=-1", "filter[type]=nothing", "page[number]=2", "page[size]=1001"]
)
async def test_wrong_parameters_are_refused_by_name(running: System, query: str) -> None:
    answer = await running.client.get(f"/api/v1/events?{query}")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["source"]["parameter"] == query.partition("=")[0]
    async with listen(running, query=query) as listener:
        assert listener.status == 400


@pytest.mark.parametrize("last", ["999", "nonsense", "1.0123456789zz", "-1", "1" * 40])
async def test_a_wrong_last_event_id_is_refused(running: System, last: str) -> None:
    async with listen(running, last=last) as listener:
        assert listener.status == 400
    assert running.stream.streams == 0


async def test_methods_and_deeper_addresses(running: System) -> None:
    answer = await running.client.post("/api/v1/events", json={})
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
    assert (await running.client.get("/api/v1/events/1")).status_code == 404
    answer = await running.client.head("/api/v1/events", headers={"accept": "text/event-stream"})
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert (await running.client.head("/api/v1/events")).headers["content-type"] == "application/vnd.api+json"
    assert running.stream.streams == 0


async def test_pages_of_the_list_lead_from_one_to_the_next(running: System) -> None:
    _, ann = await running.person("ann")
    _, bob = await running.person("bob")
    mine = []
    for _ in range(5):
        mine.append(await make(running, ann, "diaries", text="a"))
        await make(running, bob, "diaries", text="b")
    path: str | None = "/api/v1/events?page[size]=2&filter[type]=diaries"
    found, pages = [], 0
    while path is not None:
        document = (await running.client.get(path, headers=ann)).json()
        found += [item["relationships"]["subject"]["data"]["id"] for item in document["data"]]
        assert len(document["data"]) <= 2
        assert document["meta"]["more"] is ("next" in document["links"])
        path, pages = document["links"].get("next"), pages + 1
    assert found == mine
    assert pages >= 3


async def test_idle_streams_show_signs_of_life_and_move_their_place(tmp_path: Path) -> None:
    running = await system(tmp_path, FILES, heartbeat=0.05)
    _, ann = await running.person("ann")
    _, bob = await running.person("bob")
    async with listen(running, ann) as anns:
        ready = await anns.next()
        await make(running, bob, "diaries", text="not for ann")
        newest = running.events()[-1][0]
        await anns.when(lambda: int(str(anns.cursor).partition(".")[0]) >= newest)
        assert anns.comments > 0
        assert anns.waiting() == 0
        cursor = anns.cursor
    assert cursor != ready.cursor
    await running.write(lambda unit: unit.transaction.run(PRUNE))
    async with listen(running, ann, last=cursor) as anns:
        assert anns.status == 200
    await shut(running)


async def test_a_revoked_token_ends_its_streams_at_once(running: System) -> None:
    actor, _ = await running.person("ann")
    _, bob = await running.person("bob")
    token = await running.write(lambda unit: running.tokens.create(unit, actor.id, "short"))
    headers = {"authorization": f"Bearer {token}"}
    async with listen(running, headers) as anns, listen(running, bob) as bobs:
        await anns.next()
        await bobs.next()
        await running.write(lambda unit: running.tokens.revoke(unit, "short"))
        end = (await anns.until("end"))[-1]
        assert end.data == {"reason": "credential"}
        await anns.when(lambda: anns.ended)
        await make(running, bob, "diaries", text="goes on")
        assert (await bobs.until("added"))[-1].data["type"] == "diaries"
    async with listen(running, headers, last=end.cursor) as anns:
        assert anns.status == 401


async def test_a_removed_user_hears_no_more(running: System) -> None:
    actor, ann = await running.person("ann")
    async with listen(running, ann) as anns:
        await anns.next()
        kind = running.store.kind("users")
        await running.write(lambda unit: unit.remove(kind, unit.get(kind, actor.id)))
        assert (await anns.until("end"))[-1].data == {"reason": "credential"}


async def test_who_may_see_other_things_is_told_to_list_again(running: System) -> None:
    actor, ann = await running.person("ann")
    _, bob = await running.person("bob")
    note = await make(running, bob, "notes", text="bob's")
    kind = running.store.kind("users")

    async def promote(flag: bool) -> None:
        await running.write(lambda unit: unit.update(kind, unit.get(kind, actor.id), {"operator": flag}))

    async with listen(running, ann) as anns:
        await anns.next()
        await change(running, bob, "notes", note, text="still bob's")
        await promote(True)
        reset = await anns.next()
        assert (reset.event, reset.data["reason"]) == ("reset", "access")
        assert (await anns.until("updated"))[-1].data["type"] == "users"
        await change(running, bob, "notes", note, text="seen by operators")
        assert (await anns.next()).data["after"] == {"text": "seen by operators"}
        cursor = anns.cursor
    await promote(False)
    async with listen(running, ann, last=cursor) as anns:
        assert (await anns.next()).data["reason"] == "access"
        await change(running, bob, "notes", note, text="seen by bob alone")
        diary = await make(running, ann, "diaries", text="mine")
        assert (await anns.until("added"))[-1].data["id"] == diary
        assert b"alone" not in anns.body
        assert (await entries(running, ann, f"page[after]={cursor}"))["meta"]["reset"] is True
        assert "reset" not in (await entries(running, ann, f"page[after]={anns.cursor}"))["meta"]


async def test_a_change_of_name_resets_nobody(running: System) -> None:
    actor, ann = await running.person("ann")
    kind = running.store.kind("users")
    async with listen(running, ann) as anns:
        await anns.next()
        await running.write(lambda unit: unit.update(kind, unit.get(kind, actor.id), {"name": "Ann"}))
        assert (await anns.next()).event == "updated"


async def test_a_slow_client_keeps_its_place_and_no_queue(running: System, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "QUEUE", 4)
    actor, ann = await running.person("ann")
    kind = running.store.kind("diaries")

    def burst(unit: object) -> None:
        for number in range(50):
            unit.create(kind, {"text": str(number), "owner": actor.id})  # type: ignore[attr-defined]  # a unit

    async with listen(running, ann) as anns:
        await anns.next()
        await running.write(burst)
        await running.write(burst)
        seen = [(await anns.next()).data["after"]["text"] for _ in range(100)]
        assert seen == [str(number) for number in range(50)] * 2
        assert anns.waiting() == 0


async def test_a_stream_that_was_overtaken_by_pruning_starts_over(running: System) -> None:
    _, ann = await running.person("ann")
    cursor = (await entries(running, ann, "page[size]=0"))["meta"]["cursor"]
    for _ in range(3):
        await make(running, ann, "diaries", text="pruned while the client connects")
    log = running.stream._log
    oldest = log.oldest
    async with listen(running, ann) as keeps_the_feed_going:
        await keeps_the_feed_going.next()
        log.oldest = lambda: 1  # type: ignore[method-assign]  # the log is still whole when the stream begins
        streaming = listen(running, ann, last=cursor)
        log_slice = log.slice

        async def pruned_first(*given: object, **more: object) -> object:
            log.slice, log.oldest = log_slice, oldest  # type: ignore[method-assign]  # and pruned when it is read
            await running.write(lambda unit: unit.transaction.run(PRUNE))
            return await log_slice(*given, **more)  # type: ignore[arg-type]  # passed on

        log.slice = pruned_first  # type: ignore[method-assign, assignment]  # likewise
        async with streaming as anns:
            reset = await anns.next()
            assert (reset.event, reset.data) == ("reset", {"reason": "pruned"})
            diary = await make(running, ann, "diaries", text="new")
            assert (await anns.next()).data["id"] == diary


async def test_streams_end_when_the_server_stops_and_none_begin(running: System) -> None:
    _, ann = await running.person("ann")
    async with listen(running, ann) as anns, listen(running) as anyones:
        await anns.next()
        await anyones.next()
        await running.stream.close()
        for listener in (anns, anyones):
            end = await listener.next()
            assert (end.event, end.data) == ("end", {"reason": "shutdown"})
            assert listener.ended
            assert b"retry: 2000\nid: " in listener.body
        assert running.stream.streams == 0
        async with listen(running, ann, last=anns.cursor) as late:
            assert late.status == 503


async def test_a_client_that_leaves_leaves_nothing_behind(running: System) -> None:
    _, ann = await running.person("ann")
    before = len(asyncio.all_tasks())
    for _ in range(3):
        async with listen(running, ann) as anns:
            await anns.next()
            assert running.stream.streams == 1
    assert running.stream.streams == 0
    await asyncio.sleep(0)
    assert len(asyncio.all_tasks()) == before
    gc.collect()
    assert not [each for each in gc.get_objects() if isinstance(each, feed.Watcher)]


async def test_an_entry_that_the_feed_cannot_judge_is_left_to_those_who_listen(
    running: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reads fail now and then, and a stream has no gaps."""
    _, ann = await running.person("ann")
    _, bob = await running.person("bob")
    boss, _ = await running.person("boss", operator=True)
    read, failed = running.store.database.read, 0

    def failing(sql: str, parameters: Any = ()) -> Any:
        nonlocal failed
        if not failed and 'FROM "users" t WHERE t.id = ?' in sql and "[]" in parameters:  # may a stranger see who did it?
            failed += 1
            raise StorageFailed("unable to open database file")
        return read(sql, parameters)

    async with listen(running, ann) as anns, listen(running, bob) as bobs:
        assert (await anns.next()).event == (await bobs.next()).event == "ready"
        monkeypatch.setattr(running.store.database, "read", failing)
        note = await make(running, ann, "notes", text="a", shared=True)
        kind = running.store.kind("notes")
        await running.store.write(boss, lambda unit: unit.update(kind, unit.get(kind, note), {"text": "b"}))
        for each in (anns, bobs):
            assert [(frame.event, frame.data["id"]) for frame in (await each.next(), await each.next())] == [
                ("added", note),
                ("updated", note),
            ]
    assert failed
