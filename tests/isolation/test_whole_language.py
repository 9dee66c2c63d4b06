"""Definitions that use the whole language: whatever the rules, nobody learns what they do not show."""

from __future__ import annotations

from pathlib import Path

from tests.isolation import suite
from tests.isolation.whole_language import FILES, registry

REFUSALS = {
    "unauthenticated", "insufficient_scope", "forbidden", "not_found", "reference_not_found", "not_usable", "bad_request",
    "in_use", "taken", "limit_reached", "wrong_state", "guard_failed", "validation_failed", "read_only", "precondition_failed",
    "idempotency_key_reused", "method_not_allowed", "required", "check_failed",
}  # fmt: skip
"""What the definitions are made to be answered with; where one of these never comes, something is not asked any more."""


async def test_everybody_is_shown_what_the_rules_show_and_nothing_else(tmp_path: Path) -> None:
    async with suite.running(tmp_path, FILES, 1, registry()) as desk:
        await suite.reading(desk)


async def test_everybody_learns_of_what_they_may_not_do_only_that(tmp_path: Path) -> None:
    async with suite.running(tmp_path, FILES, 2, registry()) as desk:
        await suite.rehearsals(desk)
        for name in suite.CALLERS:
            await suite.unseen_rows(desk, name)
        await suite.answers_once(desk)
        assert desk.codes.keys() >= REFUSALS, REFUSALS - desk.codes.keys()


async def test_what_has_been_done_is_shown_to_those_who_may_see_it(tmp_path: Path) -> None:
    async with suite.running(tmp_path, FILES, 3, registry()) as desk:
        await suite.changes(desk)


async def test_who_is_no_operator_any_more_is_shown_what_others_are_shown(tmp_path: Path) -> None:
    async with suite.running(tmp_path, FILES, 4, registry()) as desk:
        await suite.lost_rights(desk)
