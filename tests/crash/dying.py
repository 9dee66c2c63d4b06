"""A program that runs the engine and ends, without any warning, at a chosen point.

`python -m tests.crash.dying SCENARIO FOLDER POINT` with a point such as `engine.commands.outcome:succeed:after:2`: right
after the second call of that function has done its work. A fifth part names a word that must occur in the call's arguments.
Nothing is replaced: the function at the point runs as it is. What the scenario has an answer for, it prints.
"""

from __future__ import annotations

import asyncio
import functools
import importlib
import inspect
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from engine.access import SYSTEM
from engine.ambient import Ambient
from engine.commands.job import Job
from engine.commands.registry import Registry
from engine.store import Record
from tests.crash.processes import TOKEN
from tests.support import System, shut, system

DIED = 66
ROUNDS = 3
TOGETHER = 3

LAMPS = """
attributes:
  name: {type: string, required: true}
  brightness: {type: integer, set_by: system}
  failure: {type: json, set_by: system}
lifecycle:
  initial: off
  states:
    off: {}
    warming: {run: lamp.warm, then: on, else: broken, within: 30s, retry: {attempts: 2, delay: 10ms}}
    on: {after: {1h: fade}}
    fading: {run: lamp.fade, then: off, else: broken, within: 30s}
    broken: {}
  transitions:
    switch_on: {from: [off, broken], to: warming}
    fade: {from: [warming, on], to: fading, by: system}
"""


class Clock(Ambient):
    """Time that moves when told."""

    offset = 0.0

    def time(self) -> float:
        return super().time() + self.offset


def registry(folder: Path, *, blocking: bool = False) -> Registry:
    """Handlers that tell of each call in the file `called`."""
    made = Registry()

    @made.handles("lamp.warm")
    async def warm(job: Job) -> dict[str, int]:
        _tell(folder, job)
        if blocking:
            await asyncio.Event().wait()
        await job.progress("half way", 0.5)
        return {"brightness": 5}

    @made.handles("lamp.fade")
    async def fade(job: Job) -> dict[str, int]:
        _tell(folder, job)
        return {"brightness": 0}

    return made


def _tell(folder: Path, job: Job) -> None:
    with (folder / "called").open("ab", buffering=0) as file:
        file.write(f"{job.name} {job.row_id}\n".encode())


def calls(folder: Path) -> list[tuple[str, str]]:
    """Command and row of each call so far."""
    file = folder / "called"
    lines = [line.split() for line in file.read_text().splitlines()] if file.exists() else []
    return [(name, row) for name, row in lines]


async def lamps(folder: Path) -> None:
    """Lamps that are made and switched on, some at the same time, each answer printed."""
    async with opened(folder, registry(folder)) as house:
        await house.bus.start()
        await house.clockwork.start()
        for number in range(ROUNDS):
            rows = await asyncio.gather(*(_one_lamp(house, f"{number}/{each}") for each in range(TOGETHER)))
            await house.until(lambda rows=rows: all(house.state("lamps", row) == "on" for row in rows))


async def _one_lamp(house: System, name: str) -> str:
    row = await house.write(lambda unit: unit.create(house.store.kind("lamps"), {"name": name}))
    _answered(row)
    moved = await house.service.fire(SYSTEM, "lamps", row.id, "switch_on", {})
    _answered(moved.record)
    return str(row.id)


def _answered(record: Record) -> None:
    sys.stdout.write(f"answered {record.id} {record.version}\n")
    sys.stdout.flush()


async def overdue(folder: Path) -> None:
    """A lamp whose command takes longer than it may."""
    clock = Clock()
    async with opened(folder, registry(folder, blocking=True), clock) as house:
        await house.bus.start()
        row = await house.write(lambda unit: unit.create(house.store.kind("lamps"), {"name": "slow"}))
        await house.service.fire(SYSTEM, "lamps", row.id, "switch_on", {})
        await house.until(lambda: house.commands("status") == [("running",)])
        clock.offset = 31
        await house.clockwork.look()


async def timed(folder: Path) -> None:
    """A lamp that time alone turns off."""
    clock = Clock()
    async with opened(folder, registry(folder), clock) as house:
        await house.bus.start()
        row = await house.write(lambda unit: unit.create(house.store.kind("lamps"), {"name": "slow"}))
        await house.service.fire(SYSTEM, "lamps", row.id, "switch_on", {})
        await house.until(lambda: house.state("lamps", row.id) == "on")
        clock.offset = 3601
        await house.clockwork.look()
        await house.until(lambda: house.state("lamps", row.id) == "off")


async def first_start(folder: Path) -> None:
    """The whole server's first start, from an empty folder."""
    from engine.app import assemble
    from engine.settings import load_settings

    environment = {"HOSTER_DATA_DIR": str(folder / "data"), "HOSTER_ADMIN_TOKEN": TOKEN, "HOSTER_NODES_LOCAL_SOCKET": ""}
    hoster = assemble(load_settings(environment), role="api")
    await hoster.start()
    await hoster.stop()


@asynccontextmanager
async def opened(folder: Path, registry: Registry, ambient: Ambient | None = None) -> AsyncIterator[System]:
    """A system of lamps; whatever it began is ended, also when a test fails."""
    house = await system(folder, {"lamps": LAMPS}, registry, ambient=ambient)
    try:
        yield house
    finally:
        await house.clockwork.stop()
        await house.bus.stop(0)
        await shut(house)


def die_at(point: str) -> None:
    """Have this process end at `point`."""
    place, path, moment, count, *words = point.split(":")
    owner = importlib.import_module(place)
    *outer, name = path.split(".")
    for each in outer:
        owner = getattr(owner, each)
    setattr(owner, name, _deadly(getattr(owner, name), moment, int(count), words))


def _deadly(function: Callable[..., Any], moment: str, count: int, words: list[str]) -> Callable[..., Any]:
    left = count

    def is_time(at: str, arguments: tuple[Any, ...]) -> bool:
        return at == moment and left == 0 and all(word in repr(arguments) for word in words)

    def arrive(arguments: tuple[Any, ...]) -> None:
        nonlocal left
        left -= all(word in repr(arguments) for word in words)
        if is_time("before", arguments):
            os._exit(DIED)

    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def deadly_coroutine(*arguments: Any, **named: Any) -> Any:
            arrive(arguments)
            last = is_time("after", arguments)
            answer = await function(*arguments, **named)
            if last:
                os._exit(DIED)
            return answer

        return deadly_coroutine

    @functools.wraps(function)
    def deadly(*arguments: Any, **named: Any) -> Any:
        arrive(arguments)
        last = is_time("after", arguments)
        answer = function(*arguments, **named)
        if last:
            os._exit(DIED)
        return answer

    return deadly


SCENARIOS = {"lamps": lamps, "overdue": overdue, "timed": timed, "first_start": first_start}

if __name__ == "__main__":
    if sys.argv[3]:
        die_at(sys.argv[3])
    asyncio.run(SCENARIOS[sys.argv[1]](Path(sys.argv[2])))
