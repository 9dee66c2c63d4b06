"""Systems that several tests of this folder use."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.engine.lamps import LAMPS, Lamp
from tests.support import System, shut, system


@pytest.fixture
async def lamp() -> Lamp:
    """The handlers of `house`."""
    return Lamp()


@pytest.fixture
async def house(tmp_path: Path, lamp: Lamp) -> AsyncIterator[System]:
    """A system with lamps; nothing runs commands until its bus is started."""
    running = await system(tmp_path, {"lamps": LAMPS}, lamp.registry())
    yield running
    await shut(running)
