"""Lamps: a type with two commands, and handlers that do what a test tells them."""

import asyncio

from engine.commands.job import Job
from engine.commands.registry import Registry
from tests.support import System

LAMPS = """
attributes:
  name: {type: string, required: true}
  brightness: {type: integer, set_by: system}
  failure: {type: json, set_by: system}
lifecycle:
  initial: off
  states:
    off: {}
    warming: {run: lamp.warm, then: on, else: broken, within: 30s, retry: {attempts: 3, delay: 10ms}}
    cooling: {run: lamp.cool, then: off, else: broken, within: 30s}
    on: {}
    broken: {}
  transitions:
    switch_on: {from: [off, broken], to: warming, inputs: {level: {type: integer, default: 5}}}
    switch_off: {from: [on, warming], to: cooling}
"""


class Lamp:
    """Handlers that do what the test tells them, and note what was asked of them."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str, int]] = []
        self.running = 0
        self.most = 0
        self.release = asyncio.Event()
        self.release.set()
        self.started = asyncio.Event()
        self.raises: list[Exception] = []

    async def warm(self, job: Job) -> dict[str, int]:
        self.calls.append(("warm", job.row_id, job.attempt))
        self.running += 1
        self.most = max(self.most, self.running)
        self.started.set()
        try:
            await self.release.wait()
            if self.raises:
                raise self.raises.pop(0)
        finally:
            self.running -= 1
        return {"brightness": int(job.inputs["level"])}

    async def cool(self, job: Job) -> None:
        self.calls.append(("cool", job.row_id, job.attempt))

    def registry(self) -> Registry:
        registry = Registry()
        registry.handles("lamp.warm")(self.warm)
        registry.handles("lamp.cool")(self.cool)
        return registry


async def make(house: System, name: str = "desk") -> str:
    kind = house.store.kind("lamps")
    return (await house.write(lambda unit: unit.create(kind, {"name": name}))).id
