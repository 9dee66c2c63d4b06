"""The types that are shipped, with the checks and commands that belong to them."""

from __future__ import annotations

from pathlib import Path

import handlers
import workers
from engine.commands.registry import DEFAULT, Registry
from tests.isolation import suite

FOLDER = Path(__file__).parents[2] / "resources"
FILES = {file.stem: file.read_text() for file in FOLDER.glob("*.yaml")}
REGISTERED = (handlers, workers)


def registry() -> Registry:
    """The shipped checks and commands; of served reads, others answer, since there is no Docker engine behind these rows."""
    return Registry(dict(DEFAULT.handlers), dict(DEFAULT.limits), dict(DEFAULT.checkers), dict(DEFAULT.checked_with))


async def test_everybody_is_shown_what_the_rules_show_and_nothing_else(tmp_path: Path) -> None:
    async with suite.running(tmp_path, FILES, 1, registry()) as desk:
        await suite.reading(desk)
        await suite.rehearsals(desk)


async def test_what_may_not_be_seen_is_answered_as_what_is_not_there(tmp_path: Path) -> None:
    async with suite.running(tmp_path, FILES, 2, registry()) as desk:
        for name in suite.CALLERS:
            await suite.unseen_rows(desk, name)


async def test_what_has_been_done_is_shown_to_those_who_may_see_it(tmp_path: Path) -> None:
    async with suite.running(tmp_path, FILES, 3, registry()) as desk:
        await suite.answers_once(desk)
        await suite.changes(desk)


async def test_who_is_no_operator_any_more_is_shown_what_others_are_shown(tmp_path: Path) -> None:
    async with suite.running(tmp_path, FILES, 4, registry()) as desk:
        await suite.lost_rights(desk)
