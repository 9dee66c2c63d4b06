"""The API on a type that is nothing but a YAML file: create, read, change, delete, list, and who may."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from engine.commands.registry import ReadContext, Registry
from tests.support import System, shut, system

MEDIA = "application/vnd.api+json"
FILES = {
    "notes": """
        attributes:
          title: {type: string, required: true, max_length: 120}
          body: {type: text}
          stars: {type: integer, minimum: 0, maximum: 5, default: 0}
          shared: {type: boolean, default: false}
          tags: {type: json, schema: {type: array, items: {type: string}, maxItems: 3}}
          draft: {type: text, read: owner}
          pin: {type: secret}
          kind: {type: enum, values: [idea, task]}
          score: {type: integer, set_by: system, default: 1}
        relationships:
          folder: {to: folders, on_delete: restrict}
        access: {read: shared || owner in user.principals}
        lifecycle:
          initial: open
          states: {open: {}, closed: {}, shredded: {final: true, gone: true}}
          transitions:
            close:
              from: open
              to: closed
              needs: {"stars > 0": Give it a star first}
              inputs: {why: {type: string, required: true}}
            reopen: {from: closed, to: open, by: operator}
            shred: {from: [open, closed], to: shredded}
            rot: {from: open, to: closed, by: system}
        """,
    "folders": "attributes: {name: {type: slug, required: true, unique: owner}}",
}


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[System]:
    running = await system(tmp_path, FILES)
    yield running
    await shut(running)


def body(attributes: dict, kind: str = "notes", **more) -> dict:
    return {"data": {"type": kind, "attributes": attributes, **more}}


async def call(desk: System, who: dict, method: str, path: str, document=None):
    return await desk.client.request(method, f"/api/v1/{path}", json=document, headers={**who, "content-type": MEDIA})


async def test_the_life_of_a_resource(desk: System) -> None:
    _, ann = await desk.person("ann")
    made = await call(desk, ann, "POST", "notes", body({"title": "First", "tags": ["a"], "pin": "1234", "draft": "mine"}))
    assert made.status_code == 201
    assert made.headers["content-type"] == MEDIA
    data = made.json()["data"]
    assert made.headers["location"] == data["links"]["self"] == f"/api/v1/notes/{data['id']}"
    assert data["attributes"]["tags"] == ["a"]
    assert (data["attributes"]["status"], data["attributes"]["stars"], data["attributes"]["score"]) == ("open", 0, 1)
    assert "pin" not in data["attributes"]
    assert "1234" not in made.text
    read = await call(desk, ann, "GET", f"notes/{data['id']}")
    assert read.json()["data"] == data
    assert read.headers["etag"] == '"1"'
    changed = await call(desk, ann, "PATCH", f"notes/{data['id']}", body({"stars": 3}, id=data["id"]))
    assert changed.status_code == 200
    assert changed.json()["data"]["attributes"]["stars"] == 3
    assert changed.json()["data"]["meta"] == {"version": 2}
    gone = await call(desk, ann, "DELETE", f"notes/{data['id']}")
    assert (gone.status_code, gone.content) == (204, b"")
    assert (await call(desk, ann, "GET", f"notes/{data['id']}")).status_code == 404
    assert [kind for _, _, kind in desk.events(data["id"])] == ["created", "updated", "deleted"]


async def test_a_stranger_sees_nothing_and_changes_nothing(desk: System) -> None:
    _, ann = await desk.person("ann")
    _, bob = await desk.person("bob")
    note = (await call(desk, ann, "POST", "notes", body({"title": "Private"}))).json()["data"]["id"]
    missing = await call(desk, bob, "GET", "notes/note_00000000000000000000000000")
    for method, path, document in (
        ("GET", f"notes/{note}", None),
        ("PATCH", f"notes/{note}", body({"title": "Mine"}, id=note)),
        ("DELETE", f"notes/{note}", None),
        ("POST", f"notes/{note}/shred", None),
    ):
        answer = await call(desk, bob, method, path, document)
        assert answer.status_code == 404, (method, path)
        assert answer.json()["errors"][0]["code"] == missing.json()["errors"][0]["code"]
        assert (await call(desk, {}, method, path, document)).status_code in (401, 404)
    assert (await call(desk, bob, "GET", "notes?page[total]=true")).json() == {
        "data": [], "links": {"self": "/api/v1/notes?page%5Btotal%5D=true"}, "meta": {"total": 0},
    }  # fmt: skip
    assert (await call(desk, bob, "GET", "events")).text.count(note) == 0
    assert (await call(desk, ann, "GET", f"notes/{note}")).json()["data"]["attributes"]["title"] == "Private"


async def test_what_may_be_seen_but_not_changed_answers_403(desk: System) -> None:
    _, ann = await desk.person("ann")
    _, bob = await desk.person("bob")
    note = (await call(desk, ann, "POST", "notes", body({"title": "Shared", "shared": True, "draft": "secret plan"}))).json()
    note_id = note["data"]["id"]
    assert note["data"]["attributes"]["draft"] == "secret plan"
    seen = await call(desk, bob, "GET", f"notes/{note_id}")
    assert seen.status_code == 200
    assert "draft" not in seen.json()["data"]["attributes"]
    assert "secret plan" not in (await call(desk, bob, "GET", "notes")).text
    events = await call(desk, bob, "GET", f"events?filter[row]={note_id}")
    assert len(events.json()["data"]) == 1
    assert "secret plan" not in events.text
    for method, path, document in (
        ("PATCH", f"notes/{note_id}", body({"title": "Mine"}, id=note_id)),
        ("DELETE", f"notes/{note_id}", None),
        ("POST", f"notes/{note_id}/shred", None),
    ):
        assert (await call(desk, bob, method, path, document)).status_code == 403, (method, path)
    hidden = await call(desk, bob, "GET", "notes?filter[draft]=secret plan")
    assert hidden.status_code == 400


async def test_an_anonymous_write_is_401_and_an_anonymous_list_is_empty(desk: System) -> None:
    answer = await call(desk, {}, "POST", "notes", body({"title": "x"}))
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, 'Bearer realm="hoster"')
    assert (await call(desk, {}, "GET", "notes")).json()["data"] == []
    assert (await call(desk, {"authorization": "Bearer wrong"}, "GET", "notes")).status_code == 401


async def test_transitions_check_state_guard_inputs_and_who(desk: System) -> None:
    _, ann = await desk.person("ann")
    note = (await call(desk, ann, "POST", "notes", body({"title": "x"}))).json()["data"]["id"]

    async def fire(name: str, document=None):
        return await call(desk, ann, "POST", f"notes/{note}/{name}", document)

    missing = (await fire("close")).json()["errors"][0]
    assert (missing["code"], missing["source"]) == ("required", {"pointer": "/data/attributes/why"})
    guarded = await fire("close", {"data": {"attributes": {"why": "done"}}})
    assert guarded.status_code == 409
    assert (guarded.json()["errors"][0]["code"], guarded.json()["errors"][0]["detail"]) == (
        "guard_failed",
        "Give it a star first",
    )
    await call(desk, ann, "PATCH", f"notes/{note}", body({"stars": 1}, id=note))
    closed = await fire("close", {"data": {"attributes": {"why": "done"}}})
    assert (closed.status_code, closed.json()["data"]["attributes"]["status"]) == (200, "closed")
    again = await fire("close", {"data": {"attributes": {"why": "done"}}})
    assert (again.status_code, again.json()["errors"][0]["code"]) == (409, "wrong_state")
    assert (await fire("reopen")).status_code == 403
    assert (await fire("rot")).status_code == 403
    assert (await fire("explode")).status_code == 404
    assert (await fire("shred")).status_code == 200
    assert (await call(desk, ann, "GET", f"notes/{note}")).status_code == 404
    assert (await call(desk, ann, "GET", "notes")).json()["data"] == []


async def test_a_reference_must_be_visible_to_the_writer(desk: System) -> None:
    _, ann = await desk.person("ann")
    _, bob = await desk.person("bob")
    folder = (await call(desk, ann, "POST", "folders", body({"name": "inbox"}, "folders"))).json()["data"]["id"]

    def filed(row: str) -> dict:
        return body({"title": "x"}, relationships={"folder": {"data": {"type": "folders", "id": row}}})

    assert (await call(desk, ann, "POST", "notes", filed(folder))).status_code == 201
    foreign = await call(desk, bob, "POST", "notes", filed(folder))
    nowhere = await call(desk, bob, "POST", "notes", filed("fold_nowhere"))
    assert foreign.status_code == nowhere.status_code == 422
    assert foreign.json()["errors"][0]["source"] == {"pointer": "/data/relationships/folder"}
    assert foreign.json()["errors"][0]["code"] == nowhere.json()["errors"][0]["code"]
    in_use = await call(desk, ann, "DELETE", f"folders/{folder}")
    assert (in_use.status_code, in_use.json()["errors"][0]["code"]) == (409, "in_use")


@pytest.mark.parametrize(
    ("query", "status", "count"),
    [
        ("", 200, 6),
        ("filter[stars]=2", 200, 2),
        ("filter[stars][ge]=1&filter[shared]=true", 200, 2),
        ("filter[title][contains]=NOTE 1", 200, 1),
        ("filter[stars][in]=0,1", 200, 4),
        ("filter[body][null]=true", 200, 6),
        ("filter[title]=' OR 1=1 --", 200, 0),
        ("sort=-stars,title&page[size]=2&page[number]=2", 200, 2),
        ("filter[stars]=many", 400, 0),
        ("filter[nothing]=1", 400, 0),
        ("filter[pin]=1234", 400, 0),
        ("filter[title);DROP TABLE notes;--]=x", 400, 0),
        ("sort=stars;DROP", 400, 0),
        ("sort=tags", 400, 0),
        ("page[size]=0", 400, 0),
        ("page[size]=1001", 400, 0),
        ("page[number]=99999999999", 400, 0),
        ("page[offset]=1", 400, 0),
        ("include=folder&include=folder", 400, 0),
        ("filter[stars]=1&filter[stars]=2", 400, 0),
        ("filter[title]=%00", 400, 0),
        ("filter[title]=%ff", 400, 0),
    ],
)
async def test_lists(desk: System, query: str, status: int, count: int) -> None:
    _, ann = await desk.person("ann")
    for number in range(6):
        await call(
            desk, ann, "POST", "notes", body({"title": f"Note {number}", "stars": number % 3, "shared": number % 2 == 0})
        )
    answer = await call(desk, ann, "GET", f"notes?{query}")
    assert answer.status_code == status, answer.text
    if status == 200:
        assert len(answer.json()["data"]) == count
    else:
        assert "parameter" in answer.json()["errors"][0]["source"]


async def test_pages_are_linked(desk: System) -> None:
    _, ann = await desk.person("ann")
    for number in range(5):
        await call(desk, ann, "POST", "notes", body({"title": f"Note {number}"}))
    seen, path = [], "/api/v1/notes?page[size]=2&sort=title"
    while path:
        page = (await desk.client.get(path, headers=ann)).json()
        seen += [each["attributes"]["title"] for each in page["data"]]
        path = page["links"].get("next")
    assert seen == [f"Note {number}" for number in range(5)]


async def test_methods_and_addresses_that_are_not_there(desk: System) -> None:
    _, ann = await desk.person("ann")
    note = (await call(desk, ann, "POST", "notes", body({"title": "x"}))).json()["data"]["id"]
    for method, path, status in (
        ("PUT", "notes", 405), ("DELETE", "notes", 405), ("POST", f"notes/{note}", 405), ("GET", f"notes/{note}/shred", 405),
        ("GET", "unicorns", 404), ("GET", "notes/", 404), ("GET", "", 404), ("GET", f"notes/{note}/shred/x", 404),
        ("GET", "_events", 404), ("OPTIONS", "notes", 204), ("HEAD", f"notes/{note}", 200), ("POST", "events", 405),
    ):  # fmt: skip
        answer = await call(desk, ann, method, path)
        assert answer.status_code == status, (method, path, answer.text)
        if status in (405, 204):
            assert "GET" in answer.headers["allow"] or "POST" in answer.headers["allow"]
        if method == "HEAD":
            assert answer.content == b""
            assert int(answer.headers["content-length"]) > 100


async def test_the_request_id_comes_back_or_is_made(desk: System) -> None:
    assert (await desk.client.get("/api/v1/notes", headers={"x-request-id": "abc-1"})).headers["x-request-id"] == "abc-1"
    assert (await desk.client.get("/api/v1/notes")).headers["x-request-id"].startswith("req_")
    assert len((await desk.client.get("/api/v1/notes", headers={"x-request-id": "x" * 500})).headers["x-request-id"]) < 100


async def test_events_can_be_read_on_from_a_number(desk: System) -> None:
    _, ann = await desk.person("ann")
    first = (await call(desk, ann, "GET", "events")).json()["meta"]["cursor"]
    for number in range(5):
        await call(desk, ann, "POST", "notes", body({"title": f"Note {number}"}))
    seen, cursor = [], first
    while True:
        page = (await call(desk, ann, "GET", f"events?page[after]={cursor}&page[size]=2&filter[type]=notes")).json()
        if not page["data"]:
            break
        seen += [int(each["id"]) for each in page["data"]]
        cursor = page["meta"]["cursor"]
    assert seen == list(range(seen[0], seen[0] + 5))


async def test_if_match_keeps_writers_from_overwriting_each_other(desk: System) -> None:
    _, ann = await desk.person("ann")
    made = await call(desk, ann, "POST", "notes", body({"title": "x"}))
    note, etag = made.json()["data"]["id"], made.headers["etag"]

    async def change(title: str, match: str, method: str = "PATCH", path: str = ""):
        document = body({"title": title}, id=note) if method == "PATCH" else None
        return await call(desk, ann | {"if-match": match}, method, f"notes/{note}{path}", document)

    first = await change("first", etag)
    assert (first.status_code, first.headers["etag"]) == (200, '"2"')
    second = await change("second", etag)
    assert (second.status_code, second.json()["errors"][0]["code"]) == (412, "precondition_failed")
    assert second.json()["errors"][0]["meta"] == {"version": 2}
    assert (await change("x", '"one"')).status_code == 412
    assert (await change("", etag, "POST", "/shred")).status_code == 412
    assert (await change("", etag, "DELETE")).status_code == 412
    assert (await change("third", "*")).json()["data"]["attributes"]["title"] == "third"
    assert (await change("", '"3"', "DELETE")).status_code == 204


LEDGERS = """
attributes: {title: {type: string, required: true}}
reads:
  sum: {from: ledger.sum, params: {digits: {type: integer, minimum: 0, maximum: 9, default: 2}}}
  tape: {from: ledger.tape, stream: true, params: {from: {type: integer, default: 0}}}
"""


async def test_served_reads_answer_or_stream_under_the_rule_of_the_row(tmp_path: Path) -> None:
    registry = Registry()

    @registry.reads("ledger.sum")
    async def total(context: ReadContext) -> dict[str, object]:
        return {
            "of": context.row["title"],
            "digits": context.params["digits"],
            "owner": (context.related["owner"] or {})["name"],
        }

    @registry.reads("ledger.tape")
    async def tape(context: ReadContext) -> AsyncIterator[dict[str, int]]:
        async def lines() -> AsyncIterator[dict[str, int]]:
            for number in range(context.params["from"], 3):
                yield {"line": number}

        return lines()

    desk = await system(tmp_path, {"ledgers": LEDGERS}, registry)
    _, ann = await desk.person("ann")
    _, bob = await desk.person("bob")
    ledger = (await call(desk, ann, "POST", "ledgers", body({"title": "May"}, "ledgers"))).json()["data"]["id"]
    answer = await call(desk, ann, "GET", f"ledgers/{ledger}/sum?digits=4")
    assert answer.json()["data"]["attributes"] == {"of": "May", "digits": 4, "owner": "ann"}
    assert (await call(desk, ann, "GET", f"ledgers/{ledger}/sum")).json()["data"]["attributes"]["digits"] == 2
    streamed = await call(desk, ann, "GET", f"ledgers/{ledger}/tape?from=1")
    assert streamed.headers["content-type"] == "application/x-ndjson"
    assert streamed.text == '{"line":1}\n{"line":2}\n'
    assert (await call(desk, bob, "GET", f"ledgers/{ledger}/sum")).status_code == 404
    assert (await call(desk, ann, "POST", f"ledgers/{ledger}/sum")).status_code == 405
    for wrong in ("digits=10", "digits=x", "digits=[1]", "digit=1"):
        refused = await call(desk, ann, "GET", f"ledgers/{ledger}/sum?{wrong}")
        assert refused.status_code == 400, wrong
        assert refused.json()["errors"][0]["source"] == {"parameter": wrong.partition("=")[0]}
