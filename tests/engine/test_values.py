"""Values are compared and kept in one form; what has happened is written down even where a condition no longer holds."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.access import SYSTEM
from engine.errors import Invalid
from engine.store.moves import GuardFailed
from engine.types import to_utc
from tests.support import System, shut, system

FILES = {
    "notes": """
        attributes:
          data: {type: json}
          price: {type: money}
          at: {type: timestamp, immutable: true}
          fixed: {type: json, immutable: true}
        lifecycle:
          initial: draft
          states: {draft: {}, planned: {}}
          transitions:
            plan:
              from: draft
              to: planned
              inputs: {until: {type: timestamp, required: true}}
              needs: {"input.until > now": The time must be in the future}
        """,
    "rooms": "attributes: {open: {type: boolean, default: true}, size: {type: integer, default: 1}}\n",
    "lamps": """
        attributes: {size: {type: integer, computed: room.size}, failure: {type: string}}
        relationships: {room: {to: rooms}}
        validations: [{rule: room.open, message: The room must be open}]
        """,
}


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[System]:
    running = await system(tmp_path, FILES)
    yield running
    await shut(running)


@pytest.mark.parametrize(
    ("before", "after"),
    [({"a": 1}, {"a": True}), ([1], [1.0]), (0, False), ({"a": [0]}, {"a": [False]})],
)
async def test_json_that_python_calls_equal_is_a_change(desk: System, before: object, after: object) -> None:
    note = (await desk.service.create(SYSTEM, "notes", {"data": before}, {})).record
    changed = (await desk.service.update(SYSTEM, "notes", note.id, {"data": after}, {})).record
    assert (repr(changed.row["data"]), changed.version) == (repr(after), 2)


async def test_the_order_of_names_in_json_is_no_change(desk: System) -> None:
    note = (await desk.service.create(SYSTEM, "notes", {"fixed": {"a": 1, "b": 2}}, {})).record
    again = (await desk.service.update(SYSTEM, "notes", note.id, {"fixed": {"b": 2, "a": 1}}, {})).record
    assert again.version == 1
    with pytest.raises(Invalid, match="cannot be changed"):
        await desk.service.update(SYSTEM, "notes", note.id, {"fixed": {"a": True, "b": 2}}, {})


async def test_an_amount_of_money_is_kept_as_an_integer(desk: System) -> None:
    note = (await desk.service.create(SYSTEM, "notes", {"price": {"amount": 5.0, "currency": "USD"}}, {})).record
    assert desk.store.database.read("SELECT price FROM notes") == [('{"amount":5,"currency":"USD"}',)]
    again = (await desk.service.update(SYSTEM, "notes", note.id, {"price": {"amount": 5.0, "currency": "USD"}}, {})).record
    assert again.version == 1


async def test_an_immutable_time_may_be_sent_again_in_any_form(desk: System) -> None:
    note = (await desk.service.create(SYSTEM, "notes", {"at": "2026-01-01T00:00:00Z"}, {})).record
    again = (await desk.service.update(SYSTEM, "notes", note.id, {"at": "2026-01-01T02:00:00+02:00"}, {})).record
    assert again.version == 1
    with pytest.raises(Invalid, match="cannot be changed"):
        await desk.service.update(SYSTEM, "notes", note.id, {"at": "2026-01-01T00:00:01Z"}, {})


async def test_a_time_that_is_an_input_is_compared_as_a_time(desk: System) -> None:
    note = (await desk.service.create(SYSTEM, "notes", {}, {})).record
    with pytest.raises(Invalid, match="is no time that there is"):
        await desk.service.fire(SYSTEM, "notes", note.id, "plan", {"until": "9999-12-31T23:59:59-12:00"})
    year = int(desk.store.now[:4])
    # past in UTC, though its text sorts after the text of now
    with pytest.raises(GuardFailed):
        await desk.service.fire(SYSTEM, "notes", note.id, "plan", {"until": _hours_ago_far_east(desk.store.now)})
    fired = await desk.service.fire(SYSTEM, "notes", note.id, "plan", {"until": f"{year + 1}-01-01T00:00:00-05:00"})
    assert fired.record.state == "planned"


def _hours_ago_far_east(now: str) -> str:
    from datetime import datetime, timedelta, timezone

    past = datetime.fromisoformat(now.replace("Z", "+00:00")) - timedelta(hours=3)
    return past.astimezone(timezone(timedelta(hours=9))).isoformat(timespec="seconds")


async def test_without_hold_a_write_goes_through_though_a_condition_no_longer_holds(desk: System) -> None:
    room = (await desk.service.create(SYSTEM, "rooms", {}, {})).record
    lamp = (await desk.service.create(SYSTEM, "lamps", {}, {"room": room.id})).record
    await desk.service.update(SYSTEM, "rooms", room.id, {"open": False, "size": 9}, {})
    kind = desk.store.kind("lamps")
    with pytest.raises(Invalid, match="The room must be open"):
        await desk.write(lambda unit: unit.update(kind, lamp, {"failure": "lost"}))
    told = await desk.write(lambda unit: unit.update(kind, lamp, {"failure": "lost"}, hold=False))
    assert (told.row["failure"], told.row["size"], told.version) == ("lost", 1, 2)


YEARS = datetime(1, 1, 2), datetime(9999, 12, 30)  # noqa: DTZ001 - hypothesis wants them so


@given(st.datetimes(*YEARS), st.integers(-14, 14))
def test_a_time_comes_back_to_the_millisecond_in_every_year(moment: datetime, hours: int) -> None:
    whole = moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    text = whole.isoformat(timespec="milliseconds")
    assert to_utc(f"{text}Z") == f"{text}Z"
    elsewhere = whole.replace(tzinfo=timezone(timedelta(hours=hours)))
    assert to_utc(elsewhere.isoformat()) == f"{(whole - timedelta(hours=hours)).isoformat(timespec='milliseconds')}Z"
