"""What is remembered of credentials is forgotten before anybody can notice, whoever wrote; and there is a bound."""

import asyncio
import time
from pathlib import Path

from engine.access import ANONYMOUS, SYSTEM
from engine.ambient import Ambient
from engine.database import open_database
from engine.identity.housekeeping import _ended, _left_over
from engine.identity.memory import Known, Memory
from engine.secrets import Keyring, Secret
from engine.store import Store
from tests.identity.desk import AUTH, SECRET, Clock, code, desk, me, sign_up
from tests.support import KEY, System, shut


async def limits(running: System, headers: dict[str, str]) -> object:
    """How many notes somebody may have."""
    return (await running.client.get(f"{AUTH}/me", headers=headers)).json()["meta"]["limits"].get("max_notes")


async def test_a_change_of_a_user_or_a_plan_counts_from_the_next_request(tmp_path: Path) -> None:
    running = await desk(tmp_path)
    ann, headers = await running.person("ann")
    plan = (await running.store.where("plans", name="large"))[0].id
    assert await limits(running, headers) == 1
    await running.write(
        lambda unit: unit.update(unit.store.kind("users"), unit.get(unit.store.kind("users"), ann.id), {"plan": plan})
    )
    assert await limits(running, headers) == 9
    await running.write(
        lambda unit: unit.update(unit.store.kind("plans"), unit.get(unit.store.kind("plans"), plan), {"max_notes": 5})
    )
    assert await limits(running, headers) == 5
    await shut(running)


async def test_another_process_that_revokes_a_token_is_noticed(tmp_path: Path) -> None:
    running = await desk(tmp_path)
    _, headers = await running.person("ann")
    assert await me(running.client, **headers) is not None
    forgotten = asyncio.Event()
    running.store.database.subscribe(forgotten.set)
    database = open_database(running.path)
    other = Store(running.store.definitions, database, Keyring([KEY], Ambient()), Ambient())
    token = (await other.where("tokens"))[0]
    await other.write(SYSTEM, lambda unit: unit.remove(other.kind("tokens"), token))
    await asyncio.wait_for(forgotten.wait(), 5)
    assert code(await running.client.get(f"{AUTH}/me", headers=headers)) == (401, "invalid_token")
    await database.close()
    await shut(running)


async def test_a_commit_that_touches_nobody_keeps_what_is_remembered(tmp_path: Path) -> None:
    running = await desk(tmp_path)
    ann, headers = await running.person("ann")
    await me(running.client, **headers)
    memory, key = running.identity._memory, headers["authorization"].encode()
    before = memory.get(key)
    assert before is not None
    await running.service.create(ann, "notes", {"title": "Milk"}, {})
    assert memory.get(key) is before
    await running.person("bob")
    assert memory.get(key) is None
    await shut(running)


async def test_no_more_is_remembered_than_there_is_room_for(tmp_path: Path) -> None:
    running = await desk(tmp_path)
    memory = Memory(running.store.database, size=3)
    for number in range(10):
        memory.put(number, Known(ANONYMOUS))
    assert [number for number in range(10) if memory.get(number)] == [7, 8, 9]
    await shut(running)


async def test_knowing_somebody_already_takes_a_few_microseconds(tmp_path: Path) -> None:
    running = await desk(tmp_path, auth_shared_secret=Secret(SECRET))
    _, headers = await running.person("ann")

    class Asking:
        """A request, as far as this matters."""

        method, peer = "GET", "10.0.0.1"
        headers: dict[bytes, bytes]
        scope: dict[str, object]

    asking = Asking()
    asking.headers = {b"host": b"hoster.test", b"authorization": headers["authorization"].encode()}
    asking.scope = {"headers": list(asking.headers.items())}
    identify, rounds = running.identity.identify, 20_000
    assert identify(asking) is identify(asking) is not None
    best = float("inf")
    for _ in range(3):
        began = time.perf_counter()
        for _ in range(rounds):
            identify(asking)
        best = min(best, (time.perf_counter() - began) / rounds)
    assert best < 10e-6
    await shut(running)


async def test_what_has_ended_is_swept_away_and_so_is_what_is_kept_of_people_who_are_gone(tmp_path: Path) -> None:
    clock = Clock()
    running = await desk(tmp_path, clock)
    await sign_up(running)
    ann = await me(running.client)
    assert ann is not None
    assert await running.write(lambda unit: _ended(unit, "cookie", 3600)) == 0
    clock.at += 3700
    assert await running.write(lambda unit: _ended(unit, "cookie", 3600)) == 1
    assert running.store.database.read("SELECT count(*) FROM sessions") == [(0,)]
    await running.write(_left_over)
    assert running.store.database.read("SELECT count(*) FROM _passwords") == [(1,)]
    await running.service.delete(SYSTEM, "users", ann)
    await running.write(_left_over)
    assert running.store.database.read("SELECT count(*) FROM _passwords") == [(0,)]
    await shut(running)


async def test_a_credential_that_is_written_at_length_is_good_and_fills_no_memory(tmp_path: Path) -> None:
    running = await desk(tmp_path)
    ann, headers = await running.person("ann")
    token = headers["authorization"].removeprefix("Bearer ")
    for number in range(5):
        assert await me(running.client, authorization=f"Bearer {' ' * (5000 + number)}{token}") == ann.id
    assert sum(len(str(key)) for key in running.identity._memory._known) < 1000
    await shut(running)
