"""The bus in trouble: reads that fail, cancels that come late, conditions that no longer hold, limits under load."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from engine.access import SYSTEM
from engine.commands.job import Fail, Job
from engine.commands.registry import Registry
from engine.database import StorageFailed
from engine.store import MASK
from tests.engine.lamps import LAMPS, Lamp, make
from tests.support import System, shut, system


async def test_a_read_that_fails_does_not_end_the_bus(house: System, monkeypatch: pytest.MonkeyPatch) -> None:
    read, failures = house.store.database.read, 3

    def failing(sql: str, parameters: Any = ()) -> Any:
        nonlocal failures
        if failures and "min(due)" in sql:
            failures -= 1
            raise StorageFailed("unable to open database file")
        return read(sql, parameters)

    pauses: list[float] = []
    sleep = asyncio.sleep

    async def short(seconds: float) -> None:
        pauses.append(seconds)
        await sleep(0 if seconds == 1 else seconds)

    monkeypatch.setattr(house.store.database, "read", failing)
    monkeypatch.setattr(asyncio, "sleep", short)
    row = await make(house)
    await house.bus.start()
    await house.service.fire(SYSTEM, "lamps", row, "switch_on", {})
    await house.until(lambda: house.state("lamps", row) == "on")
    assert pauses.count(1) == 3
    await house.bus.stop()


async def test_a_cancellation_of_the_handlers_own_making_counts_as_an_error(tmp_path: Path) -> None:
    registry, calls = Registry(), []

    async def warm(job: Job) -> None:
        calls.append(job.attempt)
        raise asyncio.CancelledError

    async def cool(job: Job) -> None:
        return None

    registry.handles("lamp.warm")(warm)
    registry.handles("lamp.cool")(cool)
    house = await system(tmp_path, {"lamps": LAMPS}, registry)
    row = await make(house)
    await house.bus.start()
    await house.service.fire(SYSTEM, "lamps", row, "switch_on", {})
    await house.until(lambda: house.state("lamps", row) == "broken")
    assert calls == [1, 2, 3]
    assert house.service.get(SYSTEM, "lamps", row).record.row["failure"]["cause"] == "internal_error"
    await house.bus.stop()
    await shut(house)


async def test_a_limit_holds_when_many_are_claimed_at_once(tmp_path: Path, lamp: Lamp) -> None:
    registry = Registry()
    registry.handles("lamp.warm", limit=2)(lamp.warm)
    registry.handles("lamp.cool")(lamp.cool)
    lamp.release.clear()
    house = await system(tmp_path, {"lamps": LAMPS}, registry)
    rows = [await make(house, f"lamp {number}") for number in range(12)]
    for row in rows:
        await house.service.fire(SYSTEM, "lamps", row, "switch_on", {})
    await house.bus.start()
    await lamp.started.wait()
    await house.write(lambda unit: None)
    assert lamp.running == 2
    lamp.release.set()
    await house.until(lambda: all(house.state("lamps", row) == "on" for row in rows))
    assert lamp.most == 2
    assert house.commands("attempt") == [(1,)] * 12
    await house.bus.stop()
    await shut(house)


ROOMS = """
owner: none
attributes: {open: {type: boolean, default: true}}
"""
DOORS = """
owner: none
relationships: {room: {to: rooms}}
attributes: {failure: {type: json, set_by: system}}
validations: [{rule: room.open, message: The room is closed}]
lifecycle:
  initial: shut
  states:
    shut: {}
    opening: {run: door.open, then: wide, else: stuck, within: 30s, retry: {attempts: 2, delay: 10ms}}
    wide: {}
    stuck: {}
  transitions: {pull: {from: shut, to: opening}}
"""


async def test_the_way_to_else_is_open_when_a_condition_no_longer_holds(tmp_path: Path) -> None:
    registry, calls = Registry(), []

    async def pull(job: Job) -> None:
        calls.append(job.attempt)

    registry.handles("door.open")(pull)
    house = await system(tmp_path, {"rooms": ROOMS, "doors": DOORS}, registry)
    rooms, doors = house.store.kind("rooms"), house.store.kind("doors")
    room = await house.write(lambda unit: unit.create(rooms, {}))
    door = await house.write(lambda unit: unit.create(doors, {"room": room.id}))
    await house.service.fire(SYSTEM, "doors", door.id, "pull", {})
    await house.write(lambda unit: unit.update(rooms, room, {"open": False}))
    await house.bus.start()
    await house.until(lambda: house.state("doors", door.id) == "stuck")
    assert calls == [1, 2]
    failure = house.service.get(SYSTEM, "doors", door.id).record.row["failure"]
    assert failure["cause"] == "result_refused"
    assert "The room is closed" in failure["message"]
    await house.bus.stop()
    await shut(house)


BULBS = """
attributes: {watts: {type: integer, default: 40}}
validations: [{rule: watts < 100 || old.watts == watts && status != "glowing", message: Too bright}]
lifecycle:
  initial: cold
  states:
    cold: {}
    warming: {run: lamp.warm, then: cold, else: cold, within: 1h, after: {1m: rush}}
    glowing: {}
  transitions:
    heat: {from: cold, to: warming}
    rush: {from: warming, to: glowing, by: system}
"""


async def test_a_refused_timer_leaves_the_command_of_the_state_alone(tmp_path: Path, lamp: Lamp) -> None:
    registry = Registry()
    registry.handles("lamp.warm")(lamp.warm)
    house = await system(tmp_path, {"bulbs": BULBS}, registry)
    kind = house.store.kind("bulbs")
    bulb = await house.write(lambda unit: unit.create(kind, {"watts": 40}))
    await house.service.fire(SYSTEM, "bulbs", bulb.id, "heat", {})
    await house.write(lambda unit: unit.transaction.run("UPDATE bulbs SET watts = 500"))
    await house.write(lambda unit: unit.transaction.run("UPDATE _timers SET due = 0"))
    await house.clockwork.look()
    assert house.state("bulbs", bulb.id) == "warming"
    assert house.commands("status", "open") == [("waiting", 1)]
    assert [kind for _, _, kind in house.events(bulb.id)][-1] == "timer_refused"
    assert house.store.database.read("SELECT count(*) FROM _timers") == [(0,)]
    await shut(house)


async def test_a_command_cancelled_before_its_first_step_is_let_go(house: System, lamp: Lamp) -> None:
    row = await make(house)
    await house.service.fire(SYSTEM, "lamps", row, "switch_on", {})
    await house.bus.start()
    begin = house.bus._begin

    def begin_and_cancel(command: Any, lease_until: float) -> None:
        begin(command, lease_until)
        house.bus._cancel(house.bus._running[command.id])

    house.bus._begin = begin_and_cancel  # type: ignore[method-assign]
    await house.service.fire(SYSTEM, "lamps", row, "switch_off", {})
    await house.until(lambda: house.commands("open") == [(0,), (1,)] or house.commands("open") == [(0,), (0,)])
    house.bus._begin = begin  # type: ignore[method-assign]
    await house.until(lambda: house.state("lamps", row) == "off")
    await house.until(lambda: house.commands("open") == [(0,), (0,)])
    await house.bus.stop()
    assert house.bus.idle


async def test_a_failure_whose_evidence_is_no_json_is_written_all_the_same(tmp_path: Path) -> None:
    registry = Registry()

    async def warm(job: Job) -> None:
        raise Fail("odd", "Odd evidence", secret=job.row["pin"], path=Path("/x"), words={1: {2}})  # type: ignore[arg-type]

    async def cool(job: Job) -> None:
        return None

    registry.handles("lamp.warm")(warm)
    registry.handles("lamp.cool")(cool)
    files = {"lamps": LAMPS.replace("attributes:", "attributes:\n  pin: {type: secret}")}
    house = await system(tmp_path, files, registry)
    kind = house.store.kind("lamps")
    row = (await house.write(lambda unit: unit.create(kind, {"name": "x", "pin": "1234"}))).id
    await house.bus.start()
    await house.service.fire(SYSTEM, "lamps", row, "switch_on", {})
    await house.until(lambda: house.state("lamps", row) == "broken")
    failure = house.service.get(SYSTEM, "lamps", row).record.row["failure"]
    assert (failure["cause"], failure["path"], failure["secret"]) == ("odd", "/x", MASK)
    assert "1234" not in str(house.commands("error"))
    await house.bus.stop()
    await shut(house)


async def test_what_was_claimed_as_the_bus_stopped_goes_back_untouched(house: System, lamp: Lamp) -> None:
    """The claim is on disk, and nobody has heard of it yet."""
    lamp.release.clear()
    row = await make(house)
    await house.bus.start()
    await house.service.fire(SYSTEM, "lamps", row, "switch_on", {})
    while house.bus._claim is None or not house.bus._claim.done():
        assert house.bus.idle
        await asyncio.sleep(0)
    await house.bus.stop(patience=0.01)
    assert house.commands("status", "attempt", "fence") == [("waiting", 0, None)]
    assert lamp.calls == [] and house.bus.idle


@pytest.mark.parametrize("steps", range(0, 40, 4))
async def test_a_claim_under_way_as_the_bus_stops_goes_back_too(house: System, lamp: Lamp, steps: int) -> None:
    lamp.release.clear()
    row = await make(house)
    await house.bus.start()
    await house.service.fire(SYSTEM, "lamps", row, "switch_on", {})
    for _ in range(steps):
        await asyncio.sleep(0)
    await house.bus.stop(patience=0.01)
    assert house.commands("status", "attempt", "fence") == [("waiting", 0, None)]
    assert house.bus.idle


async def test_an_outcome_counts_though_the_queue_cannot_be_read_just_then(
    house: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    row, read = await make(house), house.store.database.read
    failures: list[str] = []

    def failing(sql: str, parameters: Any = ()) -> Any:
        if "min(due)" in sql and any(not each.handling for each in house.bus._running.values()):
            failures.append(sql)
            raise StorageFailed("unable to open database file")
        return read(sql, parameters)

    await house.bus.start()
    monkeypatch.setattr(house.store.database, "read", failing)
    await house.service.fire(SYSTEM, "lamps", row, "switch_on", {})
    await house.until(lambda: house.state("lamps", row) == "on")
    await house.bus.stop()
    assert failures
    assert list(house.bus.results) == [("lamp.warm", "done")]
