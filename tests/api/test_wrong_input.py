"""Wrong input of every kind gets a 4xx that points at it, never a 500, and changes nothing."""

from collections.abc import AsyncIterator
from pathlib import Path

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.api.test_resources import FILES, MEDIA
from tests.support import System, shut, system


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[System]:
    running = await system(tmp_path, FILES)
    yield running
    await shut(running)


def note(**attributes) -> bytes:
    return orjson.dumps({"data": {"type": "notes", "attributes": attributes}})


DEEP = b'{"data":{"type":"notes","attributes":{"title":"x","tags":' + b"[" * 200 + b"]" * 200 + b"}}}"
TOO_DEEP = b'{"data":' + b"[" * 100_000 + b"]" * 100_000 + b"}"

CASES = [
    (b"", 400, ""),
    (b"{", 400, ""),
    (b"[]", 400, ""),
    (b"null", 400, ""),
    (b'"text"', 400, ""),
    (b"\xff\xfe", 400, ""),
    (b'{"data": null}', 400, "/data"),
    (b'{"data": []}', 400, "/data"),
    (b'{"data": {}}', 400, "/data"),
    (b'{"data": {"type": "notes", "attributes": []}}', 400, "/data/attributes"),
    (b'{"data": {"type": "folders", "attributes": {}}}', 409, "/data/type"),
    (b'{"data": {"type": ["notes"], "attributes": {}}}', 409, "/data/type"),
    (b'{"data": {"type": "notes", "id": "note_1", "attributes": {"title": "x"}}}', 409, "/data/id"),
    (b'{"data": {"type": "notes", "title": "x"}}', 400, "/data/title"),
    (note(), 422, "/data/attributes/title"),
    (note(title=None), 422, "/data/attributes/title"),
    (note(title=""), 422, "/data/attributes/title"),
    (note(title=7), 422, "/data/attributes/title"),
    (note(title={"a": 1}), 422, "/data/attributes/title"),
    (note(title="x" * 121), 422, "/data/attributes/title"),
    (note(title="x", body="x" * 300_000), 422, "/data/attributes/body"),
    (note(title="x", stars=6), 422, "/data/attributes/stars"),
    (note(title="x", stars=-1), 422, "/data/attributes/stars"),
    (note(title="x", stars=1.5), 422, "/data/attributes/stars"),
    (note(title="x", stars="1"), 422, "/data/attributes/stars"),
    (note(title="x", stars=True), 422, "/data/attributes/stars"),
    (b'{"data":{"type":"notes","attributes":{"title":"x","stars":99999999999999999999}}}', 422, "/data/attributes/stars"),
    (b'{"data":{"type":"notes","attributes":{"title":"x","stars":1e999}}}', 400, ""),
    (note(title="x", shared="yes"), 422, "/data/attributes/shared"),
    (note(title="x", kind="dream"), 422, "/data/attributes/kind"),
    (note(title="x", tags="a"), 422, "/data/attributes/tags"),
    (note(title="x", tags=["a", 1]), 422, "/data/attributes/tags/1"),
    (note(title="x", tags=["a", "b", "c", "d"]), 422, "/data/attributes/tags"),
    (note(title="x", titel="y"), 422, "/data/attributes/titel"),
    (note(title="x", **{"a/b~c": 1}), 422, "/data/attributes/a~1b~0c"),
    (note(title="x", status="closed"), 422, "/data/attributes/status"),
    (note(title="x", owner="user_1"), 422, "/data/attributes/owner"),
    (note(title="x", score=9), 422, "/data/attributes/score"),
    (note(title="x", id="note_1"), 422, "/data/attributes/id"),
    (note(title="x", version=9), 422, "/data/attributes/version"),
    (note(title="x", created_at="2026-01-01T00:00:00Z"), 422, "/data/attributes/created_at"),
    (note(title="a\0b"), 422, "/data/attributes/title"),
    (note(title="x", tags=["a\0b"]), 422, "/data/attributes/tags/0"),
    (DEEP, 422, "/data/attributes/tags"),
    (TOO_DEEP, 400, ""),
    (note(title="x", body="x" * 10_000_000), 413, None),
    (b'{"data":{"type":"notes","attributes":{"title":"x"},"relationships":[]}}', 400, "/data/relationships"),
    (b'{"data":{"type":"notes","attributes":{"title":"x"},"relationships":{"folder":1}}}', 400, "/data/relationships/folder"),
    (
        b'{"data":{"type":"notes","attributes":{"title":"x"},"relationships":{"folder":{"data":1}}}}',
        400, "/data/relationships/folder/data",
    ),
    (
        b'{"data":{"type":"notes","attributes":{"title":"x"},"relationships":{"folder":{"data":{"type":"notes","id":"1"}}}}}',
        422, "/data/relationships/folder/data/type",
    ),
    (
        b'{"data":{"type":"notes","attributes":{"title":"x"},"relationships":{"owner":{"data":{"type":"users","id":"1"}}}}}',
        422, "/data/relationships/owner",
    ),
    (
        b'{"data":{"type":"notes","attributes":{"title":"x"},"relationships":{"shelf":{"data":null}}}}',
        422, "/data/relationships/shelf",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("content", "status", "pointer"), CASES, ids=[str(number) for number in range(len(CASES))])
async def test_a_wrong_create(desk: System, content: bytes, status: int, pointer: str | None) -> None:
    _, ann = await desk.person("ann")
    before = desk.events()
    answer = await desk.client.post("/api/v1/notes", content=content, headers={**ann, "content-type": MEDIA})
    assert answer.status_code == status, answer.text[:500]
    errors = answer.json()["errors"]
    assert all(error["code"] and error["detail"] and error["title"] for error in errors)
    if pointer is not None:
        assert pointer in [error.get("source", {}).get("pointer") for error in errors], errors
    assert desk.events() == before


async def test_every_problem_of_a_request_is_told_at_once(desk: System) -> None:
    _, ann = await desk.person("ann")
    content = note(stars=9, shared=1, nonsense=1, status="closed")
    answer = await desk.client.post("/api/v1/notes", content=content, headers={**ann, "content-type": MEDIA})
    pointers = {error["source"]["pointer"].rpartition("/")[2] for error in answer.json()["errors"]}
    assert pointers == {"title", "stars", "shared", "nonsense", "status"}


async def test_a_wrong_patch_changes_nothing(desk: System) -> None:
    _, ann = await desk.person("ann")
    headers = {**ann, "content-type": MEDIA}
    made = (await desk.client.post("/api/v1/notes", content=note(title="x"), headers=headers)).json()["data"]
    for attributes in (
        {"status": "closed"},
        {"score": 5},
        {"stars": 77},
        {"title": None},
        {"owner": "user_2"},
        {"STATUS": "closed"},
    ):
        content = orjson.dumps({"data": {"type": "notes", "id": made["id"], "attributes": attributes}})
        answer = await desk.client.patch(f"/api/v1/notes/{made['id']}", content=content, headers=headers)
        assert answer.status_code == 422, attributes
    other = orjson.dumps({"data": {"type": "notes", "id": "note_other", "attributes": {"title": "y"}}})
    assert (await desk.client.patch(f"/api/v1/notes/{made['id']}", content=other, headers=headers)).status_code == 409
    assert (await desk.client.get(f"/api/v1/notes/{made['id']}", headers=ann)).json()["data"] == made


async def test_the_media_type_is_checked(desk: System) -> None:
    _, ann = await desk.person("ann")
    for media in ("text/plain", "application/xml", ""):
        answer = await desk.client.post("/api/v1/notes", content=note(title="x"), headers={**ann, "content-type": media})
        assert answer.status_code == 415, media


async def test_an_error_never_repeats_the_value(desk: System) -> None:
    _, ann = await desk.person("ann")
    content = note(title="x", pin=["hunter2"], stars="hunter2")
    answer = await desk.client.post("/api/v1/notes", content=content, headers={**ann, "content-type": MEDIA})
    assert answer.status_code == 422
    assert "hunter2" not in answer.text


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
NAMES = st.sampled_from(
    ["title", "body", "stars", "shared", "tags", "pin", "kind", "score", "status", "id", "owner"]
) | st.text(max_size=8)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(attributes=st.dictionaries(NAMES, JSON, max_size=6), path=st.text(max_size=12), query=st.text(max_size=20))
def test_whatever_comes_is_never_a_500(attributes, path, query) -> None:
    import asyncio
    import json
    import tempfile
    from urllib.parse import quote

    async def attempt() -> list[int]:
        with tempfile.TemporaryDirectory() as folder:
            desk = await system(Path(folder), FILES)
            _, ann = await desk.person("ann")
            headers = {**ann, "content-type": MEDIA}
            content = json.dumps({"data": {"type": "notes", "attributes": attributes}}).encode("utf-8", "surrogatepass")
            made = await desk.client.post("/api/v1/notes", content=content, headers=headers)
            found = await desk.client.get(f"/api/v1/notes/{quote(path, safe='')}?{quote(query, safe='&=[]')}", headers=headers)
            listed = await desk.client.get(f"/api/v1/notes?{quote(query, safe='&=[]')}", headers=headers)
            await shut(desk)
            return [made.status_code, found.status_code, listed.status_code]

    assert all(status < 500 for status in asyncio.run(attempt()))
