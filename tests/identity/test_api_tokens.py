"""API tokens: shown once, kept as a hash, no wider than what made them, over when they are over."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from engine.access import SYSTEM
from engine.ambient import timestamp
from tests.identity.desk import AUTH, JSON_API, Clock, browser, code, desk, me, note, sign_up, token_body
from tests.support import System, shut


def bearer(token: str) -> dict[str, str]:
    """The header of a token."""
    return {"authorization": f"Bearer {token}"}


async def make(running: System, headers: dict[str, str], **more: object) -> str:
    """A token made over the API."""
    answer = await running.client.post("/api/v1/tokens", json=token_body(**more), headers=JSON_API | headers)
    assert answer.status_code == 201, answer.text
    token: str = answer.json()["data"]["attributes"]["token"]
    return token


async def test_a_token_is_shown_once_and_kept_as_a_hash(tmp_path: Path) -> None:
    running = await desk(tmp_path)
    ann, headers = await running.person("ann")
    token = await make(running, headers)
    assert token.startswith("hoster_")
    assert await me(running.client, **bearer(token)) == ann.id
    row = (await running.client.get("/api/v1/tokens?filter[name]=ci", headers=headers)).json()["data"][0]["id"]
    for path in (f"tokens/{row}", "tokens", "events"):
        assert token not in (await running.client.get(f"/api/v1/{path}", headers=headers)).text
    changed = {"data": {"type": "tokens", "id": row, "attributes": {"name": "renamed"}}}
    assert token not in (await running.client.patch(f"/api/v1/tokens/{row}", json=changed, headers=JSON_API | headers)).text
    for table in ("tokens", "_events"):
        assert token not in str(running.store.database.read(f"SELECT * FROM {table}"))
    set_by_hand = token_body(token="hoster_" + "0" * 64)
    assert (await running.client.post("/api/v1/tokens", json=set_by_hand, headers=JSON_API | headers)).status_code == 422
    await shut(running)


async def test_a_token_that_is_wrong_revoked_or_over_is_refused_by_every_route(tmp_path: Path) -> None:
    clock = Clock()
    running = await desk(tmp_path, clock)
    _, headers = await running.person("ann")
    over = await make(running, headers, expires_at=timestamp(clock.at + 60))
    revoked = await make(running, headers, name="other")
    row = (await running.client.get("/api/v1/tokens?filter[name]=other", headers=headers)).json()["data"][0]["id"]
    assert await me(running.client, **bearer(over)) == await me(running.client, **bearer(revoked)) is not None
    assert (await running.client.delete(f"/api/v1/tokens/{row}", headers=headers)).status_code == 204
    clock.at += 60
    bad = [over, revoked, "hoster_" + "0" * 64, over[:-1], over + "0", "", "x", "\xff", "' OR 1=1 --", "a" * 7000]
    given = [f"Bearer {token}" for token in bad] + [f"Basic {over}", over, "Bearer", "bearer\t" + over]
    for value in given:
        for path in ("auth/me", "plans", "notes"):
            answer = await running.client.get(f"/api/v1/{path}", headers=[(b"authorization", value.encode("latin-1"))])
            assert code(answer) == (401, "invalid_token"), (value[:40], path)
            assert answer.headers["www-authenticate"].startswith("Bearer")
    ended = token_body(expires_at=timestamp(clock.at - 1))
    assert (await running.client.post("/api/v1/tokens", json=ended, headers=JSON_API | headers)).status_code == 422
    await shut(running)


async def test_a_token_makes_none_that_lasts_longer_and_a_person_does(tmp_path: Path) -> None:
    clock = Clock()
    running = await desk(tmp_path, clock)
    _, headers = await running.person("ann")
    short = bearer(await make(running, headers, expires_at=timestamp(clock.at + 60)))
    for more in ({}, {"expires_at": timestamp(clock.at + 61)}):
        refused = await running.client.post("/api/v1/tokens", json=token_body(**more), headers=JSON_API | short)
        assert code(refused) == (403, "insufficient_scope"), more
        assert refused.json()["errors"][0]["source"] == {"pointer": "/data/attributes/expires_at"}
    await make(running, short, expires_at=timestamp(clock.at + 59))
    csrf = {"x-csrf-token": await sign_up(running, "bob@example.org")}
    await make(running, csrf)  # a session ends too, but it is the person who asks
    await shut(running)


async def test_a_token_does_what_its_scopes_say_and_no_more(tmp_path: Path) -> None:
    running = await desk(tmp_path)
    _, headers = await running.person("ann")
    expected = {
        ("read",): (200, 403, 200),
        ("write",): (403, None, 403),
        ("notes:read",): (200, 403, 403),
        ("notes:read", "notes:write"): (200, 201, 403),
        ("plans:read",): (403, 403, 200),
    }
    for scopes, (reading, writing, plans) in expected.items():
        token = bearer(await make(running, headers, name="-".join(scopes), scopes=list(scopes)))
        assert (await running.client.get("/api/v1/notes", headers=token)).status_code == reading, scopes
        made = await running.client.post("/api/v1/notes", json=note(), headers=JSON_API | token)
        assert writing in (None, made.status_code), scopes
        assert (await running.client.get("/api/v1/plans", headers=token)).status_code == plans, scopes
    await shut(running)


@pytest.mark.parametrize(
    ("scopes", "wanted", "allowed"),
    [
        (["tokens:write"], ["tokens:write"], True),
        (["tokens:write"], None, False),
        (["tokens:write"], ["read"], False),
        (["tokens:write"], ["write"], False),
        (["tokens:write"], ["notes:write"], False),
        (["tokens:write", "notes:read"], ["notes:read"], True),
        (["tokens:write", "notes:read"], ["notes:read", "notes:write"], False),
        (["write"], ["notes:write", "write"], True),
        (["write"], ["notes:read"], False),
        (["read", "write"], ["read", "plans:read"], True),
        (["read", "write"], None, False),
    ],
)
async def test_a_token_makes_none_that_may_do_more_than_itself(
    tmp_path: Path, scopes: list[str], wanted: list[str] | None, allowed: bool
) -> None:
    running = await desk(tmp_path)
    _, headers = await running.person("ann")
    token = bearer(await make(running, headers, name="narrow", scopes=scopes))
    body = token_body("child", **({} if wanted is None else {"scopes": wanted}))
    answer = await running.client.post("/api/v1/tokens", json=body, headers=JSON_API | token)
    assert (answer.status_code == 201) is allowed, answer.text
    if not allowed:
        assert code(answer) == (403, "insufficient_scope")
        operation = {"atomic:operations": [{"op": "add", "data": body["data"]}]}
        atomic = {"content-type": 'application/vnd.api+json;ext="https://jsonapi.org/ext/atomic"'}
        assert (await running.client.post("/api/v1/operations", json=operation, headers=atomic | token)).status_code == 403
        assert len(await running.store.where("tokens", name="child")) == 0
    await shut(running)


async def test_a_narrow_token_cannot_change_how_its_owner_signs_in(tmp_path: Path) -> None:
    running = await desk(tmp_path)
    csrf = {"x-csrf-token": await sign_up(running)}
    token = bearer(await make(running, csrf, scopes=["read", "write"]))
    async with browser(running) as other:
        change = {"current": "correct horse battery", "password": "an entirely new one"}
        for path, body in (("password", change), ("sign-out-everywhere", {})):
            answer = await other.post(f"{AUTH}/{path}", json=body, headers=token)
            assert code(answer) == (403, "insufficient_scope"), path
    assert await me(running.client) is not None
    await shut(running)


@pytest.mark.parametrize(
    "scopes", [[], ["everything"], ["nothing:read"], ["notes:delete"], ["read:notes"], [7], "read", ["read"] * 2]
)
async def test_scopes_that_do_not_exist_are_refused(tmp_path: Path, scopes: object) -> None:
    running = await desk(tmp_path)
    _, headers = await running.person("ann")
    answer = await running.client.post("/api/v1/tokens", json=token_body(scopes=scopes), headers=JSON_API | headers)
    assert answer.status_code == 422, answer.text
    pointer = answer.json()["errors"][0]["source"]["pointer"]
    assert pointer.startswith("/data/attributes/scopes")
    await shut(running)


async def test_nobody_sees_or_revokes_the_tokens_of_others_but_an_operator_who_cannot_make_any(tmp_path: Path) -> None:
    running = await desk(tmp_path)
    ann, headers = await running.person("ann")
    _, bob = await running.person("bob")
    _, olga = await running.person("olga", operator=True)
    row = (await running.client.get("/api/v1/tokens", headers=headers)).json()["data"][0]["id"]
    assert (await running.client.get(f"/api/v1/tokens/{row}", headers=bob)).status_code == 404
    assert (await running.client.delete(f"/api/v1/tokens/{row}", headers=bob)).status_code == 404
    for_ann = token_body()
    for_ann["data"]["relationships"] = {"owner": {"data": {"type": "users", "id": ann.id}}}
    answer = await running.client.post("/api/v1/tokens", json=for_ann, headers=JSON_API | olga)
    assert answer.status_code == 422 or answer.json()["data"]["relationships"]["owner"]["data"]["id"] != ann.id
    assert (await running.client.delete(f"/api/v1/tokens/{row}", headers=olga)).status_code == 204
    assert code(await running.client.get(f"{AUTH}/me", headers=headers)) == (401, "invalid_token")
    await shut(running)


async def test_when_a_token_was_last_used_is_noted_once_a_minute(tmp_path: Path) -> None:
    clock = Clock()
    running = await desk(tmp_path, clock)
    _, headers = await running.person("ann")
    used = "SELECT last_used_at FROM tokens"
    clock.at += 61
    await me(running.client, **headers)
    await running.until(lambda: running.store.database.read(used) == [(running.store.now,)])
    first = running.store.database.read(used)
    clock.at += 59
    await me(running.client, **headers)
    assert running.store.database.read(used) == first
    clock.at += 2
    await asyncio.gather(*(me(running.client, **headers) for _ in range(10)))
    await running.until(lambda: running.store.database.read(used) == [(running.store.now,)])
    await shut(running)


async def test_a_use_while_another_one_is_noted_is_noted_too(tmp_path: Path) -> None:
    running = await desk(tmp_path)
    known = []
    for name in ("ann", "bob"):
        _, headers = await running.person(name)
        assert await me(running.client, **headers) is not None
        known.append(running.identity._memory.get(headers["authorization"].encode()))
    ann, bob = known
    bearers, now = running.tokens.bearers, running.store.ambient.time() + 90
    assert ann is not None and bob is not None and bearers is not None
    await running.until(lambda: bearers._writing is None)
    bearers.use(ann, now)
    await asyncio.sleep(0)
    await running.store.database.write(lambda _: bearers.use(bob, now))
    used = "SELECT DISTINCT last_used_at FROM tokens"
    await running.until(lambda: running.store.database.read(used) == [(timestamp(now),)])
    await shut(running)


async def test_tokens_that_are_switched_off_let_nobody_in(tmp_path: Path) -> None:
    running = await desk(tmp_path, auth_tokens=False)
    _, headers = await running.person("ann")
    assert code(await running.client.get(f"{AUTH}/me", headers=headers)) == (401, "invalid_token")
    await shut(running)


async def test_the_tokens_of_former_versions_become_rows(tmp_path: Path) -> None:
    running = await desk(tmp_path)
    ann = await running.tokens.user_for("ann@example.org")
    with sqlite3.connect(running.path) as database:
        database.execute(
            "CREATE TABLE _tokens (id TEXT, hash TEXT, user TEXT, name TEXT, scopes TEXT, created_at TEXT, expires_at TEXT)"
        )
        from engine.types import hashed

        rows = (
            ("tok_1", hashed("hoster_old"), ann, "laptop", "[]"),
            ("tok_2", hashed("hoster_lost"), "user_gone", "lost", "[]"),
        )
        database.executemany("INSERT INTO _tokens VALUES (?, ?, ?, ?, ?, '2026-01-01T00:00:00.000Z', NULL)", rows)
    assert await running.tokens.adopt_former() == 1
    assert await running.tokens.adopt_former() == 0
    assert await me(running.client, **bearer("hoster_old")) == ann
    assert (await running.client.get(f"{AUTH}/me", headers=bearer("hoster_lost"))).status_code == 401
    assert [row.row["scopes"] for row in await running.store.where("tokens")] == [None]
    await shut(running)


async def test_who_loses_their_account_loses_what_let_them_in(tmp_path: Path) -> None:
    running = await desk(tmp_path)
    csrf = {"x-csrf-token": await sign_up(running)}
    token = bearer(await make(running, csrf))
    ann = await me(running.client)
    assert ann is not None
    await running.service.delete(SYSTEM, "users", ann)
    assert await me(running.client) is None
    assert (await running.client.get(f"{AUTH}/me", headers=token)).status_code == 401
    assert running.store.database.read("SELECT count(*) FROM tokens") == [(0,)]
    await shut(running)
