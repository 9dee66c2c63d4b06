"""A database of a former version: its users, tokens and amounts, as the present version finds and keeps them."""

import sqlite3
from pathlib import Path

import pytest

from engine.access import SYSTEM
from engine.types import hashed
from tests.identity.desk import JSON_API, PASSWORD, TYPES, desk, me, sign_in
from tests.support import System, shut, system

FORMER = "CREATE TABLE _tokens (id TEXT, hash TEXT, user TEXT, name TEXT, scopes TEXT, created_at TEXT, expires_at TEXT)"
CRATES = """
relationships: {size: {to: plans, required: true}}
attributes:
  weight: {type: number, set_by: system, default: {rule: size.max_size}}
limits:
  crates: {most: max_notes}
  weight: {most: max_size, total: weight}
"""


async def users(running: System, **addresses: str) -> dict[str, str]:
    """Users as a former version kept them: addresses as they were typed, without a plan; each has a token of their name."""
    found = {name: await running.tokens.user_for(f"{name}@example.org") for name in addresses}
    with sqlite3.connect(running.path) as database:
        database.execute(FORMER)
        database.execute("UPDATE users SET plan = NULL")
        for name, address in addresses.items():
            database.execute("UPDATE users SET email = ? WHERE id = ?", (address, found[name]))
            row = (f"tok_{name}", hashed(f"hoster_{name}"), found[name], name, "[]")
            database.execute("INSERT INTO _tokens VALUES (?, ?, ?, ?, ?, '2026-01-01T00:00:00.000Z', NULL)", row)
    return found


async def test_people_are_found_by_their_address_however_it_was_typed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    running = await desk(tmp_path)
    found = await users(running, ann="Ann@Example.org", bob="bob@example.org", bobby="BOB@example.org")
    assert await running.tokens.adopt_former() == 3
    for name, user in found.items():
        assert await me(running.client, authorization=f"Bearer hoster_{name}") == user
    assert await running.tokens.user_for("Ann@Example.org") == found["ann"]
    assert await running.tokens.user_for("bob@example.org") == found["bob"]
    assert f"users/{found['bobby']} keeps the address BOB@example.org" in caplog.text
    assert running.identity.accounts is not None
    token = await running.identity.accounts.link("ann@example.org")
    assert token is not None
    await running.identity.accounts.use_link(token, PASSWORD)
    assert (await sign_in(running.client)).status_code == 200
    await shut(running)


async def test_everybody_gets_the_plan_with_which_new_users_begin_once(tmp_path: Path) -> None:
    running = await desk(tmp_path)
    (free,) = [plan.id for plan in await running.store.where("plans", name="free")]
    found = await users(running, ann="ann@example.org")
    await running.tokens.adopt_former()
    assert [row.row["plan"] for row in await running.store.where("users")] == [free]
    kind = running.store.kind("users")
    await running.write(lambda unit: unit.update(kind, unit.get(kind, found["ann"]), {"plan": None}))
    assert await running.tokens.adopt_former() == 0
    assert [row.row["plan"] for row in await running.store.where("users")] == [None], "what an operator took stays taken"
    await shut(running)


async def test_rows_say_what_they_take_of_a_plan(tmp_path: Path) -> None:
    running = await system(tmp_path, {**TYPES, "crates": CRATES})
    plans, crates = running.store.kind("plans"), running.store.kind("crates")
    free = (await running.write(lambda unit: unit.create(plans, {"name": "free", "max_notes": 9, "max_size": 5}))).id
    found = await users(running, ann="ann@example.org")
    given = {"owner": found["ann"], "size": free}
    row = (await running.write(lambda unit: unit.create(crates, given))).id
    with sqlite3.connect(running.path) as database:
        database.execute("UPDATE crates SET weight = NULL")
    await running.tokens.adopt_former()
    assert running.service.get(SYSTEM, "crates", row).record.row["weight"] == 5
    body = {"data": {"type": "crates", "relationships": {"size": {"data": {"type": "plans", "id": free}}}}}
    headers = {"authorization": "Bearer hoster_ann", **JSON_API}
    answer = await running.client.post("/api/v1/crates", json=body, headers=headers)
    assert answer.json()["errors"][0]["code"] == "limit_reached"
    assert answer.json()["errors"][0]["meta"]["used"] == 5
    await shut(running)
