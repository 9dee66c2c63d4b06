"""Seeds: each row once; what stands in the way of one keeps neither the others nor the server back."""

import logging
from pathlib import Path

import pytest

from engine.access import SYSTEM
from engine.seeds import BadSeed, sow
from tests.support import shut, system

PLANS = "owner: none\nattributes: {name: {type: slug, unique: true}}\naccess: {read: public}\n"
USERS_OF_PLANS = "owner: none\nattributes: {name: {type: slug}}\nrelationships: {plan: {to: plans}}\naccess: {read: public}\n"
LAMPS = """
    attributes: {name: {type: slug}}
    lifecycle:
      initial: off
      states:
        off: {}
        warming: {run: lamps.warm, then: off, else: off, within: 1m}
      transitions: {warm: {from: off, to: warming}}
"""


def seeds(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "seeds.yaml"
    file.write_text(text)
    return file


async def test_a_name_that_somebody_took_is_left_to_them(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    running = await system(tmp_path, {"plans": PLANS})
    mine = (await running.service.create(SYSTEM, "plans", {"name": "big"}, {})).record.id
    file = seeds(tmp_path, "plans:\n - {name: free}\n - {name: big}\n - {name: small}\n")
    with caplog.at_level(logging.WARNING):
        assert [await sow(running.store, file), await sow(running.store, file)] == [2, 0]
    assert caplog.text.count("plans big is left as it is") == 1
    await running.service.delete(SYSTEM, "plans", mine)
    file.write_text(file.read_text() + " - {name: huge}\n")
    assert await sow(running.store, file) == 1
    assert sorted(each.row["name"] for each in await running.store.where("plans")) == ["free", "huge", "small"]
    await shut(running)


async def test_a_type_with_a_new_name_is_not_sown_again(tmp_path: Path) -> None:
    first = await system(tmp_path, {"plans": PLANS})
    await sow(first.store, seeds(tmp_path, "plans:\n - {name: free}\n - {name: big}\n"))
    deleted = (await first.store.where("plans", name="big"))[0].id
    await first.service.delete(SYSTEM, "plans", deleted)
    await shut(first)
    for count, rows in ((0, "free}\n - {name: big"), (1, "big}\n - {name: huge")):
        was = "was: plans\n" if count == 0 else ""
        later = await system(tmp_path, {"tiers": was + PLANS})
        assert await sow(later.store, seeds(tmp_path, f"tiers:\n - {{name: {rows}}}\n")) == count
        await shut(later)


async def test_a_reference_to_a_row_that_was_deleted_skips_that_row(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    running = await system(tmp_path, {"plans": PLANS, "readers": USERS_OF_PLANS})
    file = seeds(tmp_path, "readers:\n - {name: ann, plan: {$ref: [plans, name, lost]}}\n - {name: bob}\n")
    with caplog.at_level(logging.WARNING):
        assert await sow(running.store, file) == 1
    assert "readers ann is not made: there is no plans with name 'lost'" in caplog.text
    file.write_text("readers:\n - {name: cid, plan: {$ref: [plans, 'na\"me', lost]}}\n")
    with pytest.raises(BadSeed, match="no attribute"):
        await sow(running.store, file)
    await shut(running)


async def test_a_row_that_is_sown_in_a_state_begins_as_in_that_state(tmp_path: Path) -> None:
    running = await system(tmp_path, {"lamps": LAMPS})
    await sow(running.store, seeds(tmp_path, "lamps:\n - {name: one, status: warming}\n - {name: two}\n"))
    assert running.commands("name", "state", "open") == [("lamps.warm", "warming", 1)]
    await shut(running)
