"""A relationship that is not given leads to the row that its definition describes, if there is one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from engine.access import SYSTEM
from tests.support import System, shut, system

FILES = {
    "plans": """
        owner: none
        attributes:
          name: {type: string}
          size: {type: integer, default: 1}
          open: {type: boolean, default: true}
          since: {type: timestamp}
        lifecycle:
          initial: offered
          states: {offered: {}, ended: {final: true, gone: true}}
          transitions: {delete: {from: offered, to: ended}}
        access: {read: operator}
        """,
    "rooms": """
        attributes: {width: {type: integer, computed: plan.size}}
        relationships:
          plan: {to: plans, default: {name: free, open: true, status: offered}}
          other: {to: plans, set_by: system, default: {since: "2026-01-01T11:00:00+01:00"}}
        """,
}


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[System]:
    running = await system(tmp_path, FILES)
    yield running
    await shut(running)


async def test_it_is_found_whoever_may_see_it_and_rules_follow_it(house: System) -> None:
    ann, _ = await house.person("ann")
    await house.service.create(SYSTEM, "plans", {"name": "free", "open": False, "size": 9}, {})
    first = (await house.service.create(SYSTEM, "plans", {"name": "free", "size": 4}, {})).record
    await house.service.create(SYSTEM, "plans", {"name": "free", "size": 5}, {})
    room = (await house.service.create(ann, "rooms", {}, {})).record
    assert (room.row["plan"], room.row["width"], room.row["other"]) == (first.id, 4, None)


async def test_values_are_compared_in_the_form_in_which_they_are_kept(house: System) -> None:
    plan = (await house.service.create(SYSTEM, "plans", {"since": "2026-01-01T10:00:00Z"}, {})).record
    room = (await house.service.create(SYSTEM, "rooms", {}, {})).record
    assert (room.row["other"], room.row["plan"]) == (plan.id, None)


async def test_what_is_given_counts_even_when_it_is_nothing(house: System) -> None:
    plan = (await house.service.create(SYSTEM, "plans", {"name": "free"}, {})).record
    chosen = (await house.service.create(SYSTEM, "plans", {"name": "large"}, {})).record
    given = (await house.service.create(SYSTEM, "rooms", {}, {"plan": chosen.id})).record
    emptied = (await house.service.create(SYSTEM, "rooms", {}, {"plan": None})).record
    default = (await house.service.create(SYSTEM, "rooms", {}, {})).record
    assert [each.row["plan"] for each in (given, emptied, default)] == [chosen.id, None, plan.id]


async def test_a_row_that_is_gone_is_not_meant(house: System) -> None:
    plan = (await house.service.create(SYSTEM, "plans", {"name": "free"}, {})).record
    await house.service.fire(SYSTEM, "plans", plan.id, "delete", {})
    assert (await house.service.create(SYSTEM, "rooms", {}, {})).record.row["plan"] is None
