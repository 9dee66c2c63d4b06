"""A limit holds at every write that takes more, and at no other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.access import ANONYMOUS, SYSTEM
from engine.errors import HosterError, Many
from engine.store.limits import LimitReached
from tests.limits.desk import FILES, box, person, plan
from tests.support import System, shut, system


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[System]:
    running = await system(tmp_path, FILES)
    yield running
    await shut(running)


def boxes(running: System) -> int:
    return int(running.store.database.read("SELECT count(*) FROM boxes")[0][0])


async def test_of_two_hundred_parallel_creates_against_a_limit_of_five_five_succeed(desk: System) -> None:
    anna = await person(desk, "anna", await plan(desk, "five", boxes=5, weight=1))
    answers = await asyncio.gather(*(box(desk, anna) for _ in range(200)), return_exceptions=True)
    assert sum(isinstance(each, str) for each in answers) == 5
    assert sum(isinstance(each, LimitReached) for each in answers) == 195
    assert boxes(desk) == 5
    assert len(desk.commands("id")) == 0


async def test_two_hundred_parallel_moves_never_go_over_a_sum(desk: System) -> None:
    anna = await person(desk, "anna", await plan(desk, "heavy", boxes=200, weight=1))
    made = [await box(desk, anna, weight=0.2) for _ in range(40)]
    moves = [desk.service.fire(anna, "boxes", each, "unlock", {}) for each in made]
    answers = await asyncio.gather(*moves, return_exceptions=True)
    assert sum(not isinstance(each, Exception) for each in answers) == 5
    assert sum(isinstance(each, LimitReached) for each in answers) == 35


async def test_the_error_names_limit_use_request_and_plan(desk: System) -> None:
    anna = await person(desk, "anna", await plan(desk, "one", boxes=1, weight=1))
    await box(desk, anna)
    with pytest.raises(LimitReached) as error:
        await box(desk, anna)
    assert error.value.status == 403
    assert error.value.error_code == "limit_reached"
    told = "boxes of the plan One is 1: 1 in use, 1 more asked for. Remove some, or ask for a larger plan."
    assert error.value.detail == told
    assert error.value.meta == {
        "limit": "boxes", "attribute": "boxes", "most": 1, "used": 1, "requested": 1, "plan": "One",
    }  # fmt: skip


async def test_a_larger_plan_helps_at_once(desk: System) -> None:
    anna = await person(desk, "anna", await plan(desk, "one", boxes=1, weight=1))
    two = await plan(desk, "two", boxes=2, weight=1)
    await box(desk, anna)
    users = desk.store.kind("users")
    await desk.write(lambda unit: unit.update(users, unit.get(users, anna.id), {"plan": two}))
    await box(desk, anna)
    with pytest.raises(LimitReached, match="plan Two"):
        await box(desk, anna)


async def test_what_others_have_does_not_count(desk: System) -> None:
    one = await plan(desk, "one", boxes=1, weight=1)
    for name in ("anna", "bert", "cora"):
        await box(desk, await person(desk, name, one))
    assert boxes(desk) == 3


async def test_rows_that_are_gone_or_do_not_count_make_room(desk: System) -> None:
    anna = await person(desk, "anna", await plan(desk, "one", boxes=1, weight=1))
    first = await box(desk, anna)
    await desk.service.fire(anna, "boxes", first, "lose", {})
    second = await box(desk, anna)
    with pytest.raises(LimitReached):  # it would count again
        await desk.service.fire(anna, "boxes", first, "unlock", {})
    assert desk.state("boxes", first) == "lost"
    await desk.service.fire(anna, "boxes", second, "burn", {})
    await desk.service.fire(anna, "boxes", first, "unlock", {})
    with pytest.raises(LimitReached):
        await box(desk, anna)


async def test_a_sum_of_fractions_is_exact_enough(desk: System) -> None:
    anna = await person(desk, "anna", await plan(desk, "many", boxes=99, weight=1))
    for _ in range(10):
        made = await box(desk, anna, weight=0.1)
        await desk.service.fire(anna, "boxes", made, "unlock", {})
    last = await box(desk, anna, weight=0.001)
    with pytest.raises(LimitReached) as error:
        await desk.service.fire(anna, "boxes", last, "unlock", {})
    assert error.value.detail == "It gets too heavy. weight of the plan Many is 1: 1 in use, 0.001 more asked for."


async def test_nothing_counts_as_nothing(desk: System) -> None:
    anna = await person(desk, "anna", await plan(desk, "many", boxes=99, weight=0))
    made = await box(desk, anna)
    await desk.service.fire(anna, "boxes", made, "unlock", {})
    assert desk.state("boxes", made) == "open"


async def test_growing_is_asked_and_shrinking_and_staying_are_not(desk: System) -> None:
    tight = await plan(desk, "tight", boxes=2, weight=5)
    anna = await person(desk, "anna", tight)
    made = await box(desk, anna, weight=4)
    await desk.service.fire(anna, "boxes", made, "unlock", {})
    with pytest.raises(LimitReached):
        await desk.service.update(anna, "boxes", made, {"weight": 6}, {})
    await desk.service.update(anna, "boxes", made, {"weight": 5}, {})
    plans = desk.store.kind("plans")
    await desk.write(lambda unit: unit.update(plans, unit.get(plans, tight), {"weight": 1, "boxes": 0}))
    await desk.service.update(anna, "boxes", made, {"name": "other"}, {})
    await desk.service.update(anna, "boxes", made, {"weight": 3}, {})
    with pytest.raises(LimitReached):
        await desk.service.update(anna, "boxes", made, {"weight": 4}, {})
    await desk.service.fire(anna, "boxes", made, "shut", {})


async def test_all_limits_that_are_in_the_way_are_told(desk: System) -> None:
    anna = await person(desk, "anna", await plan(desk, "none", boxes=1, weight=1))
    lost = await box(desk, anna, weight=7)
    await desk.service.fire(anna, "boxes", lost, "lose", {})
    await box(desk, anna)
    with pytest.raises(Many) as error:
        await desk.service.fire(anna, "boxes", lost, "unlock", {})
    assert [each.meta["limit"] for each in error.value.problems if each.meta] == ["boxes", "weight"]


async def test_without_a_plan_nothing_is_allowed(desk: System) -> None:
    anna = await person(desk, "anna", None)
    with pytest.raises(LimitReached) as error:
        await box(desk, anna)
    assert error.value.detail.startswith("boxes is 0: you have no plan, and without one nothing is allowed.")
    assert (error.value.meta or {})["plan"] is None


async def test_a_plan_that_does_not_say_allows_nothing(desk: System) -> None:
    anna = await person(desk, "anna", await plan(desk, "vague", weight=1))
    with pytest.raises(LimitReached, match="the plan Vague does not say how much"):
        await box(desk, anna)


@pytest.mark.parametrize(("limits", "made"), [({"boxes": 3}, 3), ({"boxes": 0}, 0), ({"boxes": None}, 0), ({}, 1)])
async def test_limits_that_came_with_the_request_win(desk: System, limits: dict[str, Any], made: int) -> None:
    anna = await person(desk, "anna", await plan(desk, "one", boxes=1, weight=1), limits=limits)
    assert anna.limits == limits
    answers = [await attempt(desk, anna) for _ in range(5)]
    assert answers.count("made") == made
    assert answers.count("limit_reached") == 5 - made


async def test_limits_of_somebody_else_do_not_win(desk: System) -> None:
    anna = await person(desk, "anna", await plan(desk, "one", boxes=1, weight=1))
    bert = await person(desk, "bert", None, limits={"boxes": 9, "weight": 9.0})
    helper = replace(bert, facts={**bert.facts, "principals": [bert.id, anna.id]})
    made = await box(desk, anna, weight=2)
    with pytest.raises(LimitReached) as error:
        await desk.service.fire(helper, "boxes", made, "unlock", {})
    assert (error.value.meta or {})["plan"] == "One"


async def test_whom_unless_names_is_not_limited(desk: System) -> None:
    olga = await person(desk, "olga", None, operator=True)
    for _ in range(3):
        await box(desk, olga)
    assert boxes(desk) == 3


async def test_the_system_is_never_refused(desk: System) -> None:
    anna = await person(desk, "anna", await plan(desk, "none", boxes=0, weight=0))
    kind = desk.store.kind("boxes")
    made = await desk.write(lambda unit: unit.create(kind, {"name": "found", "weight": 4, "owner": anna.id}))
    assert (await desk.service.fire(SYSTEM, "boxes", made.id, "unlock", {})).record.state == "open"


async def test_huge_amounts_neither_overflow_nor_slip_through(desk: System) -> None:
    olga = await person(desk, "olga", await plan(desk, "one", boxes=9, weight=1), operator=True)
    for _ in range(3):
        made = await box(desk, olga, weight=1.7e308)
        await desk.service.fire(olga, "boxes", made, "unlock", {})
    small = await box(desk, olga, weight=0.1)
    former = replace(olga, facts={**olga.facts, "operator": False})
    with pytest.raises(LimitReached):
        await desk.service.fire(former, "boxes", small, "unlock", {})


async def test_less_than_nothing_makes_no_room(desk: System) -> None:
    anna = await person(desk, "anna", await plan(desk, "light", boxes=9, weight=1))
    for weight in (-50, 1):
        made = await box(desk, anna, weight=weight)
        await desk.service.fire(anna, "boxes", made, "unlock", {})
    last = await box(desk, anna, weight=0.5)
    with pytest.raises(LimitReached) as error:
        await desk.service.fire(anna, "boxes", last, "unlock", {})
    assert (error.value.meta or {})["used"] == 1


async def test_nobody_gets_nothing(desk: System) -> None:
    with pytest.raises(HosterError) as error:
        await box(desk, ANONYMOUS)
    assert error.value.status == 401


async def attempt(running: System, actor: Any) -> str:
    try:
        await box(running, actor)
    except LimitReached as error:
        return error.error_code
    return "made"
