"""What time alone causes: timers of states and schedules, once each, whoever looks and however late."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from engine.access import SYSTEM
from engine.ambient import Ambient
from engine.commands.clockwork import Clockwork
from engine.commands.housekeeping import housekeeping
from engine.commands.job import Job
from engine.commands.registry import Registry
from tests.support import System, shut, system

TICKETS = """
attributes: {title: {type: string}}
lifecycle:
  initial: open
  states:
    open: {after: {2d: escalate}}
    urgent: {}
    done: {final: true}
  transitions:
    escalate: {from: open, to: urgent, by: system, needs: {'title != "calm"': It is calm}}
    finish: {from: [open, urgent], to: done}
"""
DAY = 86_400.0


class Clock(Ambient):
    """Time that moves when told."""

    def __init__(self) -> None:
        self.offset = 0.0

    def time(self) -> float:
        return super().time() + self.offset


@pytest.fixture
async def clock() -> Clock:
    return Clock()


@pytest.fixture
async def office(tmp_path: Path, clock: Clock) -> AsyncIterator[System]:
    registry = Registry()

    @registry.every(60, "office.clean")
    async def clean(job: Job) -> None:
        return None

    @registry.cron("30 4 * * 1", "office.report")
    async def report(job: Job) -> None:
        return None

    running = await system(tmp_path, {"tickets": TICKETS}, registry, ambient=clock)
    yield running
    await shut(running)


async def make(office: System, title: str) -> str:
    kind = office.store.kind("tickets")
    return (await office.write(lambda unit: unit.create(kind, {"title": title}))).id


async def test_a_timer_fires_its_transition_when_the_row_has_stayed_that_long(office: System, clock: Clock) -> None:
    row = await make(office, "leak")
    clock.offset = 2 * DAY - 5
    await office.clockwork.look()
    assert office.state("tickets", row) == "open"
    clock.offset = 2 * DAY + 5
    await office.clockwork.look()
    assert office.state("tickets", row) == "urgent"
    await office.clockwork.look()
    assert [kind for _, _, kind in office.events(row)] == ["created", "moved"]


async def test_leaving_the_state_stops_the_timer(office: System, clock: Clock) -> None:
    row = await make(office, "leak")
    await office.service.fire(SYSTEM, "tickets", row, "finish", {})
    clock.offset = 3 * DAY
    await office.clockwork.look()
    assert office.state("tickets", row) == "done"
    assert office.store.database.read("SELECT count(*) FROM _timers") == [(0,)]


async def test_a_timer_whose_guard_says_no_is_told_of(office: System, clock: Clock) -> None:
    row = await make(office, "calm")
    clock.offset = 3 * DAY
    await office.clockwork.look()
    assert office.state("tickets", row) == "open"
    assert [kind for _, _, kind in office.events(row)] == ["created", "timer_refused"]


async def test_two_processes_ring_one_timer_once(office: System, clock: Clock) -> None:
    rows = [await make(office, f"leak {number}") for number in range(20)]
    other = Clockwork(office.store, office.registry)
    clock.offset = 3 * DAY
    await asyncio.gather(office.clockwork.look(), other.look(), office.clockwork.look())
    assert all(office.state("tickets", row) == "urgent" for row in rows)
    assert all(len(office.events(row)) == 2 for row in rows)


async def test_a_schedule_ticks_once_for_all_processes_and_a_late_tick_once(office: System, clock: Clock) -> None:
    other = Clockwork(office.store, office.registry)
    for each in (office.clockwork, other):
        await each.start()
        await each.stop()
    await asyncio.gather(office.clockwork.look(), other.look())
    assert [name for (name,) in office.commands("name")] == ["office.clean"]
    await office.write(lambda unit: unit.transaction.run("UPDATE _commands SET open = 0, status = 'done'"))
    clock.offset = 600
    await asyncio.gather(office.clockwork.look(), other.look())
    await office.clockwork.look()
    assert [name for (name,) in office.commands("name")] == ["office.clean"] * 2


async def test_a_tick_is_left_out_while_the_last_one_still_runs(office: System, clock: Clock) -> None:
    await office.clockwork.start()
    await office.clockwork.stop()
    for offset in (0, 100, 200):
        clock.offset = offset
        await office.clockwork.look()
    assert office.commands("name", "status") == [("office.clean", "waiting")]


async def test_a_cron_schedule_is_due_at_its_time(office: System, clock: Clock) -> None:
    await office.clockwork.start()
    await office.clockwork.stop()
    (due,) = office.store.database.read("SELECT due FROM _schedules WHERE id = 'office.report'")[0]
    assert due / 1000 > clock.time()
    assert due / 1000 - clock.time() <= 7 * DAY
    clock.offset = due / 1000 - Ambient().time() + 1
    await office.clockwork.look()
    assert ("office.report",) in office.commands("name")


async def test_housekeeping_prunes_by_age_and_never_the_newest_event(tmp_path: Path, clock: Clock) -> None:
    registry = Registry()
    housekeeping(registry, events=30 * DAY, commands=7 * DAY, answers=DAY)
    office = await system(tmp_path, {"notes": "attributes: {title: {type: string}}"}, registry, ambient=clock)
    notes = office.store.kind("notes")
    for number in range(5):
        await office.write(lambda unit, number=number: unit.create(notes, {"title": f"n{number}"}))
    newest = office.events()[-1][0]
    clock.offset = 31 * DAY
    await office.bus.start()
    await office.clockwork.start()
    await office.until(lambda: ("engine.prune", "done") in office.commands("name", "status"))
    await office.clockwork.stop()
    await office.bus.stop()
    assert [seq for seq, _, _ in office.events()] == [newest]
    await office.write(lambda unit: unit.create(notes, {"title": "next"}))
    assert office.events()[-1][0] == newest + 1
    await shut(office)
