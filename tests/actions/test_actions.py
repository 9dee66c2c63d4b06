"""What can be done with a row, and everything that stands in the way; what is shown as possible is possible."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.access import ANONYMOUS, Actor
from engine.api.actions import actions_document
from engine.errors import HosterError, NotFound
from engine.service.actions import Action, actions
from tests.actions.desk import FILES
from tests.limits.desk import person, plan
from tests.support import System, shut, system


@pytest.fixture
async def post(tmp_path: Path) -> AsyncIterator[System]:
    running = await system(tmp_path, FILES)
    yield running
    await shut(running)


async def anna_with(running: System, **given: Any) -> tuple[Actor, str]:
    """Somebody and a parcel of theirs."""
    anna = await person(running, "anna", await plan(running, "one", boxes=1))
    return anna, await parcel(running, anna, **given)


async def parcel(running: System, owner: Actor, **given: Any) -> str:
    seen = await running.service.create(owner, "parcels", {"name": "parcel", **given}, {})
    return str(seen.record.id)


def named(running: System, actor: Actor, row: str, name: str) -> Action:
    return next(each for each in actions(running.store, actor, "parcels", row) if each.name == name)


def codes(action: Action) -> list[str]:
    return [reason.code for reason in action.reasons]


async def test_every_transition_and_update_are_told_of(post: System) -> None:
    anna, row = await anna_with(post)
    assert [each.name for each in actions(post.store, anna, "parcels", row)] == [
        "send", "mark", "file", "lost", "throw", "update", "delete",
    ]  # fmt: skip


async def test_every_guard_that_is_not_met_is_told_with_its_message(post: System) -> None:
    anna, row = await anna_with(post, note="fragile")
    send = named(post, anna, row, "send")
    assert not send.allowed
    assert [(each.code, each.detail) for each in send.reasons] == [
        ("guard_failed", "Weigh it first"),
        ("guard_failed", "It would break"),
    ]


async def test_a_wrong_state_comes_with_those_that_are_right_and_with_the_command_that_runs(post: System) -> None:
    anna, row = await anna_with(post, weight=1)
    assert named(post, anna, row, "send").allowed
    await post.service.fire(anna, "parcels", row, "send", {})
    send = named(post, anna, row, "send")
    assert codes(send) == ["wrong_state", "busy"]
    assert send.reasons[0].meta == {"state": "sending", "possible": ["packed"]}
    assert send.reasons[1].meta["command"] == "post.send"
    assert send.reasons[1].detail.startswith("post.send is about to begin; it ends by 2")


async def test_rules_and_the_system_keep_people_out(post: System) -> None:
    anna, row = await anna_with(post, shared=False)
    assert codes(named(post, anna, row, "mark")) == ["forbidden"]
    assert named(post, anna, row, "lost").reasons[0].detail.endswith("only the system does that")
    bert = await person(post, "bert", None)
    with pytest.raises(NotFound):
        actions(post.store, bert, "parcels", row)


async def test_somebody_who_sees_it_and_may_do_nothing_reads_why(post: System) -> None:
    _, row = await anna_with(post, shared=True, weight=1)
    bert = await person(post, "bert", None)
    assert [each.name for each in actions(post.store, bert, "parcels", row) if each.allowed] == ["mark"]
    assert "it needs owner in user.principals" in named(post, bert, row, "update").reasons[0].detail
    assert codes(named(post, ANONYMOUS, row, "update")) == ["unauthenticated", "forbidden"]
    narrow = replace(bert, scopes=frozenset({"read"}))
    assert codes(named(post, narrow, row, "mark")) == ["insufficient_scope"]


async def test_what_the_caller_must_give_along_is_no_obstacle(post: System) -> None:
    anna, row = await anna_with(post, shared=True)
    mark = named(post, anna, row, "mark")
    assert mark.allowed
    assert mark.needs == ("Say it twice",)
    assert mark.inputs["required"] == ["text"]
    assert mark.inputs["properties"]["text"]["maxLength"] == 9
    assert mark.inputs["properties"]["text"]["description"] == "What to write"
    assert mark.inputs["properties"]["twice"]["default"] is False


async def test_limits_and_conditions_of_the_row_are_foreseen(post: System) -> None:
    anna, row = await anna_with(post)
    assert named(post, anna, row, "file").allowed
    await post.service.fire(anna, "parcels", row, "file", {})
    second, secret = await parcel(post, anna), await parcel(post, anna, name="secret")
    reason = named(post, anna, second, "file").reasons[0]
    assert (reason.code, reason.meta["most"], reason.meta["used"]) == ("limit_reached", 1, 1)
    assert codes(named(post, anna, secret, "file")) == ["validation_failed"]


async def test_what_refers_to_it_keeps_it(post: System) -> None:
    anna, row = await anna_with(post)
    await post.service.create(anna, "stamps", {"name": "red"}, {"parcel": row})
    assert codes(named(post, anna, row, "throw")) == ["in_use"]
    assert codes(named(post, anna, row, "delete")) == ["in_use"]


async def test_asking_writes_nothing(post: System) -> None:
    anna, row = await anna_with(post, weight=1)
    before = (post.events(), post.commands("id"), post.store.find(post.store.kind("parcels"), anna, row))
    actions(post.store, anna, "parcels", row)
    after = (post.events(), post.commands("id"), post.store.find(post.store.kind("parcels"), anna, row))
    assert before[:2] == after[:2]
    assert before[2] is not None and after[2] is not None and before[2].row == after[2].row


@pytest.mark.parametrize("given", [{}, {"weight": 1}, {"note": "fragile", "weight": 1}, {"shared": True}, {"name": "secret"}])
async def test_it_says_what_then_happens(post: System, given: dict[str, Any]) -> None:
    """The oracle is the doing: each action on a fresh row, and its error among the reasons."""
    anna = await person(post, "anna", await plan(post, "one", boxes=1))
    for name in ("send", "mark", "file", "lost", "throw"):
        row = await parcel(post, anna, **given)
        told = named(post, anna, row, name)
        try:
            await post.service.fire(anna, "parcels", row, name, {"text": "x", "twice": True} if name == "mark" else {})
        except HosterError as error:
            assert error.error_code in codes(told), (name, error)
        else:
            assert told.allowed, (name, told.reasons)


async def test_the_document_names_the_way_to_do_it(post: System) -> None:
    anna, row = await anna_with(post)
    document = actions_document("parcels", row, actions(post.store, anna, "parcels", row))
    ids = [each["id"] for each in document["data"]]
    assert len(set(ids)) == len(ids)
    send, update = document["data"][0], document["data"][-2]
    assert send["id"] == f"{row}/send"
    assert send["attributes"]["reasons"] == [{"code": "guard_failed", "detail": "Weigh it first"}]
    assert send["links"]["perform"] == {"href": f"/api/v1/parcels/{row}/send", "meta": {"method": "POST"}}
    assert update["links"]["perform"] == {"href": f"/api/v1/parcels/{row}", "meta": {"method": "PATCH"}}
