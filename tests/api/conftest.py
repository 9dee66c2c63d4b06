"""The library and two of its visitors."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.api.library import Binder, Visitor, library, visitor
from tests.support import System, shut


@pytest.fixture
async def binder() -> Binder:
    """Who binds books, when it is let."""
    return Binder()


@pytest.fixture
async def house(tmp_path: Path, binder: Binder) -> AsyncIterator[System]:
    """The library; nothing is bound until its bus is started."""
    running = await library(tmp_path, binder)
    yield running
    binder.release.set()
    await shut(running)


@pytest.fixture
async def ann(house: System) -> Visitor:
    """Somebody who has things in the library."""
    return await visitor(house, "ann")


@pytest.fixture
async def bob(house: System) -> Visitor:
    """Somebody else."""
    return await visitor(house, "bob")
