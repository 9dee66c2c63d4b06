"""What every set of definitions is put through."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from engine.commands.registry import Registry
from tests.isolation.asking import Desk
from tests.isolation.conflicts import conflicts
from tests.isolation.deeds import deeds, demotion
from tests.isolation.events import events
from tests.isolation.reading import Reading, end_of, ends
from tests.isolation.replays import replays, waits
from tests.isolation.unseen import unseen
from tests.isolation.world import OPERATOR, OWNER, SHORT, STRANGER, Caller, world
from tests.isolation.writing import writing

CALLERS = ("anonymous", OWNER, STRANGER, OPERATOR, "owner reading", "owner writing")


def caller_names() -> tuple[str, ...]:
    """Who asks, beside the tokens that are for every type but one."""
    return CALLERS


@asynccontextmanager
async def running(folder: Path, files: Mapping[str, str], seed: int, registry: Registry | None = None) -> AsyncIterator[Desk]:
    """A system of these files with rows in it, and a desk at which to ask it."""
    made = await world(folder, files, seed, registry)
    try:
        yield Desk(made)
    finally:
        await made.close()


async def reading(desk: Desk) -> None:
    """What everybody is shown, of every type."""
    for name in CALLERS:
        for resource in desk.made.definitions.types.values():
            await Reading(desk, desk.made.callers[name], resource).everything()
        await events(desk, desk.made.callers[name])
    await cursors(desk)
    await too_small(desk, list(desk.made.definitions.types))


async def rehearsals(desk: Desk) -> None:
    """What everybody can do to what they see."""
    for name in CALLERS:
        await writing(desk, desk.made.callers[name])


async def cursors(desk: Desk) -> None:
    """The cursors of one in the hands of another."""
    for resource in desk.made.definitions.types.values():
        for name, other in ((STRANGER, OPERATOR), ("anonymous", OWNER), (OWNER, STRANGER)):
            await Reading(desk, desk.made.callers[name], resource).places(desk.made.callers[other])


async def in_short(desk: Desk) -> None:
    """A little of everything but what is done, for definitions of which there are many."""
    desk.made.depth = SHORT
    for name in ("anonymous", OWNER, STRANGER, OPERATOR):
        caller = desk.made.callers[name]
        for resource in desk.made.definitions.types.values():
            await Reading(desk, caller, resource).everything()
            await unseen(desk, caller, resource)
        await events(desk, caller)
        await writing(desk, caller)
    await too_small(desk, desk.made.values.chance.sample(list(desk.made.definitions.types), 1))
    await answers_once(desk)


async def too_small(desk: Desk, names: list[str]) -> None:
    """Tokens that are for every type but one: nothing of that one, neither at its own addresses nor through its neighbours."""
    types = desk.made.definitions.types
    for name in names:
        caller = desk.made.without(name)
        around = {name, *(end_of(end) for end in ends(types[name]).values())}
        around |= {other for other in types if any(end_of(end) == name for end in ends(types[other]).values())}
        for each in around:
            await Reading(desk, caller, types[each]).everything()


async def unseen_rows(desk: Desk, name: str) -> None:
    """Rows that a caller may not see, asked for in every way."""
    caller: Caller = desk.made.callers[name]
    found = 0
    for resource in desk.made.definitions.types.values():
        found += await unseen(desk, caller, resource)
    assert found or name == OPERATOR, "everybody sees everything: this proves nothing"


async def answers_once(desk: Desk) -> None:
    """Unique values, kept answers, and waiting."""
    for name in (OWNER, STRANGER):
        await conflicts(desk, desk.made.callers[name])
    await replays(desk)
    await waits(desk)


async def changes(desk: Desk) -> None:
    """What is done."""
    await deeds(desk)


async def lost_rights(desk: Desk) -> None:
    """Rights that end."""
    await demotion(desk)
