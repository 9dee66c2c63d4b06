"""The command bus: commands run at least once, outcomes count exactly once, whatever happens in between."""

import asyncio
from pathlib import Path

from engine.access import SYSTEM
from engine.ambient import Ambient
from engine.commands import outcome, queue
from engine.commands.bus import Bus
from engine.commands.job import Fail, Job, Retry
from engine.commands.registry import Registry
from tests.engine.lamps import LAMPS, Lamp, make
from tests.support import System, shut, system


async def test_entering_a_state_queues_its_command_in_the_same_commit(house: System) -> None:
    row = await make(house)
    await house.service.fire(SYSTEM, "lamps", row, "switch_on", {"level": 9})
    assert house.state("lamps", row) == "warming"
    assert house.commands("name", "row", "state", "status", "inputs") == [
        ("lamp.warm", row, "warming", "waiting", '{"level":9}')
    ]
    assert [kind for _, _, kind in house.events(row)] == ["created", "moved"]


async def test_success_stores_fields_and_moves_on(house: System, lamp: Lamp) -> None:
    row = await make(house)
    await house.bus.start()
    await house.service.fire(SYSTEM, "lamps", row, "switch_on", {})
    await house.until(lambda: house.state("lamps", row) == "on")
    assert house.service.get(SYSTEM, "lamps", row).record.row["brightness"] == 5
    assert house.commands("status", "open", "attempt") == [("done", 0, 1)]
    await house.bus.stop()


async def test_failure_leads_to_else_and_says_why(house: System, lamp: Lamp) -> None:
    lamp.raises = [Fail("bulb_missing", "There is no bulb", hint="Put one in", socket="E27")]
    row = await make(house)
    await house.bus.start()
    await house.service.fire(SYSTEM, "lamps", row, "switch_on", {})
    await house.until(lambda: house.state("lamps", row) == "broken")
    failure = house.service.get(SYSTEM, "lamps", row).record.row["failure"]
    assert failure["cause"] == "bulb_missing"
    assert failure["message"] == "There is no bulb"
    assert failure["hint"] == "Put one in"
    assert failure["socket"] == "E27"
    assert house.commands("status") == [("failed",)]
    await house.bus.stop()


async def test_the_failure_record_goes_when_the_row_moves_on(house: System, lamp: Lamp) -> None:
    lamp.raises = [Fail("bulb_missing", "There is no bulb")]
    row = await make(house)
    await house.bus.start()
    await house.service.fire(SYSTEM, "lamps", row, "switch_on", {})
    await house.until(lambda: house.state("lamps", row) == "broken")
    await house.service.fire(SYSTEM, "lamps", row, "switch_on", {})
    assert house.service.get(SYSTEM, "lamps", row).record.row["failure"] is None
    await house.until(lambda: house.state("lamps", row) == "on")
    await house.bus.stop()


async def test_a_retry_is_made_again_until_the_attempts_are_used_up(house: System, lamp: Lamp) -> None:
    lamp.raises = [Retry("not yet", cause="too_cold"), ValueError("a bug"), Retry("still not", cause="too_cold")]
    row = await make(house)
    await house.bus.start()
    await house.service.fire(SYSTEM, "lamps", row, "switch_on", {})
    await house.until(lambda: house.state("lamps", row) == "broken")
    assert [attempt for _, _, attempt in lamp.calls] == [1, 2, 3]
    assert house.service.get(SYSTEM, "lamps", row).record.row["failure"]["cause"] == "too_cold"
    assert [kind for _, _, kind in house.events(row)].count("retrying") == 2
    await house.bus.stop()


async def test_leaving_a_state_cancels_its_command_and_the_next_waits_for_its_end(house: System, lamp: Lamp) -> None:
    lamp.release.clear()
    row = await make(house)
    await house.bus.start()
    await house.service.fire(SYSTEM, "lamps", row, "switch_on", {})
    await lamp.started.wait()
    await house.service.fire(SYSTEM, "lamps", row, "switch_off", {})
    await house.until(lambda: house.state("lamps", row) == "off")
    assert [call[0] for call in lamp.calls] == ["warm", "cool"]
    assert house.commands("name", "status") == [("lamp.warm", "cancelled"), ("lamp.cool", "done")]
    assert house.service.get(SYSTEM, "lamps", row).record.row["brightness"] is None
    await house.bus.stop()


async def test_a_thread_of_a_cancelled_command_ends_before_the_next_command_begins(tmp_path: Path) -> None:
    """The next command of a row must not act beside a straggler of the one before."""
    registry, order, started = Registry(), [], asyncio.Event()
    loop = asyncio.get_running_loop()

    def stubborn(job: Job) -> None:
        loop.call_soon_threadsafe(started.set)
        while not job.cancelled:
            pass
        order.append("thread ended")

    async def warm(job: Job) -> None:
        await job.in_thread(stubborn, job)

    async def cool(job: Job) -> None:
        order.append("cool")

    registry.handles("lamp.warm")(warm)
    registry.handles("lamp.cool")(cool)
    house = await system(tmp_path, {"lamps": LAMPS}, registry)
    row = await make(house)
    await house.bus.start()
    await house.service.fire(SYSTEM, "lamps", row, "switch_on", {})
    await started.wait()
    await house.service.fire(SYSTEM, "lamps", row, "switch_off", {})
    await house.until(lambda: house.state("lamps", row) == "off")
    assert order == ["thread ended", "cool"]
    await house.bus.stop()
    await shut(house)


async def test_a_waiting_command_is_cancelled_at_once(house: System) -> None:
    row = await make(house)
    await house.service.fire(SYSTEM, "lamps", row, "switch_on", {})
    await house.service.fire(SYSTEM, "lamps", row, "switch_off", {})
    assert house.commands("name", "status") == [("lamp.warm", "cancelled"), ("lamp.cool", "waiting")]


async def test_rows_run_beside_each_other_up_to_the_limit(tmp_path: Path, lamp: Lamp) -> None:
    house = await system(tmp_path, {"lamps": LAMPS}, lamp.registry(), concurrency=4)
    lamp.release.clear()
    rows = [await make(house, f"lamp {n}") for n in range(10)]
    for row in rows:
        await house.service.fire(SYSTEM, "lamps", row, "switch_on", {})
    await house.bus.start()
    await lamp.started.wait()
    await house.until(lambda: lamp.running == 4)
    lamp.release.set()
    await house.until(lambda: all(house.state("lamps", row) == "on" for row in rows))
    assert lamp.most == 4
    await house.bus.stop()
    await shut(house)


async def test_a_limit_of_one_command_name_holds(tmp_path: Path, lamp: Lamp) -> None:
    registry = Registry()
    registry.handles("lamp.warm", limit=2)(lamp.warm)
    registry.handles("lamp.cool")(lamp.cool)
    house = await system(tmp_path, {"lamps": LAMPS}, registry)
    rows = [await make(house, f"lamp {n}") for n in range(12)]
    for row in rows:
        await house.service.fire(SYSTEM, "lamps", row, "switch_on", {})
    await house.bus.start()
    await house.until(lambda: all(house.state("lamps", row) == "on" for row in rows))
    assert lamp.most <= 2
    await house.bus.stop()
    await shut(house)


async def test_a_late_outcome_is_refused_by_the_fence(house: System) -> None:
    row = await make(house)
    await house.service.fire(SYSTEM, "lamps", row, "switch_on", {})
    first = (await house.write(lambda unit: _claim(unit, "first", 0)))[0]
    second = (await house.write(lambda unit: _claim(unit, "second", 30_000)))[0]
    assert first.id == second.id
    version = house.service.get(SYSTEM, "lamps", row).record.version
    assert await house.write(lambda unit: outcome.succeed(unit, first, {"brightness": 1})) is False
    assert house.service.get(SYSTEM, "lamps", row).record.version == version
    assert await house.write(lambda unit: outcome.succeed(unit, second, {"brightness": 2})) is True
    assert house.service.get(SYSTEM, "lamps", row).record.row["brightness"] == 2
    assert await house.write(lambda unit: outcome.fail(unit, first, {"cause": "late"})) is False
    assert house.state("lamps", row) == "on"


def _claim(unit, worker: str, lease: int):
    return queue.claim(
        unit.transaction, worker=worker, fence=worker, now=unit.milliseconds, text=unit.now, lease=lease, busy=(), limit=10
    )


async def test_one_row_is_claimed_one_command_at_a_time(house: System) -> None:
    row = await make(house)
    await house.service.fire(SYSTEM, "lamps", row, "switch_on", {})
    claimed = await house.write(lambda unit: _claim(unit, "a", 30_000))
    await house.service.fire(SYSTEM, "lamps", row, "switch_off", {})
    assert [each.name for each in claimed] == ["lamp.warm"]
    assert await house.write(lambda unit: _claim(unit, "b", 30_000)) == []
    await house.write(lambda unit: queue.close(unit.transaction, claimed[0], "done", None, unit.now))
    assert [each.name for each in await house.write(lambda unit: _claim(unit, "b", 30_000))] == ["lamp.cool"]


async def test_work_of_a_worker_that_is_gone_is_taken_over_at_once(house: System, lamp: Lamp) -> None:
    row = await make(house)
    await house.service.fire(SYSTEM, "lamps", row, "switch_on", {})
    await house.write(lambda unit: _claim(unit, "gone-worker", 3_600_000))
    await house.bus.start()
    await house.until(lambda: house.state("lamps", row) == "on")
    assert house.commands("attempt") == [(2,)]
    await house.bus.stop()


async def test_stopping_hands_unfinished_work_back(house: System, lamp: Lamp) -> None:
    lamp.release.clear()
    row = await make(house)
    await house.bus.start()
    await house.service.fire(SYSTEM, "lamps", row, "switch_on", {})
    await lamp.started.wait()
    await house.bus.stop(patience=0.01)
    assert house.commands("status", "attempt", "fence") == [("waiting", 0, None)]
    lamp.release.set()
    second = Bus(house.store, house.registry)
    await second.start()
    await house.until(lambda: house.state("lamps", row) == "on")
    await second.stop()


class Clock(Ambient):
    """Time that moves when told."""

    def __init__(self) -> None:
        self.offset = 0.0

    def time(self) -> float:
        return super().time() + self.offset


async def test_a_deadline_ends_a_state_that_runs_a_command(tmp_path: Path, lamp: Lamp) -> None:
    clock = Clock()
    house = await system(tmp_path, {"lamps": LAMPS}, lamp.registry(), ambient=clock)
    lamp.release.clear()
    row = await make(house)
    await house.bus.start()
    await house.service.fire(SYSTEM, "lamps", row, "switch_on", {})
    await lamp.started.wait()
    await house.clockwork.look()
    assert house.state("lamps", row) == "warming"
    clock.offset = 31
    await house.clockwork.look()
    assert house.state("lamps", row) == "broken"
    assert house.service.get(SYSTEM, "lamps", row).record.row["failure"]["cause"] == "timeout"
    await house.until(lambda: house.commands("open", "status") == [(0, "failed")])
    await house.bus.stop()
    await shut(house)


async def test_a_deadline_also_ends_a_command_that_nobody_claimed(tmp_path: Path, lamp: Lamp) -> None:
    clock = Clock()
    house = await system(tmp_path, {"lamps": LAMPS}, lamp.registry(), ambient=clock)
    row = await make(house)
    await house.service.fire(SYSTEM, "lamps", row, "switch_on", {})
    clock.offset = 31
    await house.clockwork.look()
    assert house.state("lamps", row) == "broken"
    await house.bus.start()
    await house.service.fire(SYSTEM, "lamps", row, "switch_on", {})
    await house.until(lambda: house.state("lamps", row) == "on")
    assert house.commands("status") == [("failed",), ("done",)]
    await house.bus.stop()
    await shut(house)


async def test_a_result_that_cannot_be_stored_fails_and_is_not_lost_in_a_loop(tmp_path: Path) -> None:
    registry = Registry()

    async def warm(job: Job) -> dict[str, str]:
        return {"brightness": "not a number"}

    async def cool(job: Job) -> None:
        return None

    registry.handles("lamp.warm")(warm)
    registry.handles("lamp.cool")(cool)
    house = await system(tmp_path, {"lamps": LAMPS}, registry)
    row = await make(house)
    await house.bus.start()
    await house.service.fire(SYSTEM, "lamps", row, "switch_on", {})
    await house.until(lambda: house.state("lamps", row) == "broken")
    assert house.service.get(SYSTEM, "lamps", row).record.row["failure"]["cause"] == "result_refused"
    await house.bus.stop()
    await shut(house)


async def test_an_open_command_can_be_cancelled_by_a_person(house: System, lamp: Lamp) -> None:
    lamp.release.clear()
    row = await make(house)
    await house.bus.start()
    await house.service.fire(SYSTEM, "lamps", row, "switch_on", {})
    await lamp.started.wait()
    command = queue.claimed(house.store.database.read(queue.BY_ID, (1,))[0])
    assert await house.write(lambda unit: outcome.cancel(unit, command, "ann")) is True
    assert house.state("lamps", row) == "broken"
    assert house.service.get(SYSTEM, "lamps", row).record.row["failure"]["cause"] == "cancelled"
    await house.until(lambda: house.commands("open", "status") == [(0, "cancelled")])
    assert await house.write(lambda unit: outcome.cancel(unit, command, "ann")) is False
    await house.bus.stop()


async def test_two_hundred_callers_race_for_one_move_and_one_wins(house: System) -> None:
    row = await make(house)
    results = await asyncio.gather(
        *(house.service.fire(SYSTEM, "lamps", row, "switch_on", {}) for _ in range(200)), return_exceptions=True
    )
    assert sum(not isinstance(result, Exception) for result in results) == 1
    assert all(result.status == 409 for result in results if isinstance(result, Exception))
    assert house.commands("name") == [("lamp.warm",)]
