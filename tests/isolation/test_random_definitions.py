"""Definitions that nobody has thought of: whatever a file says, the same holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.isolation import suite
from tests.isolation.random_definitions import random_files

SEEDS, MORE = 12, 4


@pytest.mark.parametrize("seed", range(SEEDS))
async def test_nobody_learns_what_random_rules_do_not_show(seed: int, tmp_path: Path) -> None:
    async with suite.running(tmp_path, random_files(seed), seed) as desk:
        await suite.in_short(desk)


@pytest.mark.parametrize("seed", range(SEEDS, SEEDS + MORE))
async def test_what_is_done_under_random_rules_is_told_to_those_who_may_see_it(seed: int, tmp_path: Path) -> None:
    async with suite.running(tmp_path, random_files(seed), seed) as desk:
        await suite.changes(desk)
    async with suite.running(tmp_path / "again", random_files(seed), seed) as desk:
        await suite.lost_rights(desk)
