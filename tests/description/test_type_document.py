"""`/api/v1/schema`: what types are made of, and what the one who asks may do, as far as that can be told without a row."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.access import ANONYMOUS, Actor, user
from engine.api.description.foresight import foresee
from engine.model import Attribute, Definitions, ResourceType
from engine.rules import compile_rule, row_scope
from tests.description.documents import Contract, described, document
from tests.support import System, shut


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[System]:
    running = await described(tmp_path)
    yield running
    await shut(running)


async def types(desk: System, headers: dict[str, str] | None = None) -> dict[str, dict[str, Any]]:
    """The attributes of the resources, by type."""
    answer = await desk.client.get("/api/v1/schema", headers=headers)
    assert answer.status_code == 200
    return {each["id"]: each["attributes"] for each in answer.json()["data"]}


async def test_every_type_is_there_with_the_digest_of_the_definitions(desk: System) -> None:
    contract = Contract(await document(desk))
    answer = await desk.client.get("/api/v1/schema")
    assert contract.answer("/schema", "get", answer) == []
    assert [each["id"] for each in answer.json()["data"]] == list(desk.store.types)
    assert answer.json()["meta"] == {"digest": desk.store.definitions.digest}
    assert "no-store" in answer.headers["cache-control"]  # it depends on the caller
    one = await desk.client.get("/api/v1/schema/tickets")
    assert contract.answer("/schema/{type}", "get", one) == []
    assert one.json()["data"] == next(each for each in answer.json()["data"] if each["id"] == "tickets")
    assert (await desk.client.get("/api/v1/schema/nothing")).status_code == 404


async def test_a_type_is_described(desk: System) -> None:
    tickets = (await types(desk))["tickets"]
    assert tickets["description"].startswith("A request for help")
    fields = tickets["fields"]
    subject = fields["subject"]
    assert (subject["type"], subject["required"], subject["min_length"], subject["max_length"]) == ("string", True, 3, 80)
    assert (fields["level"]["values"], fields["level"]["default"], fields["level"]["immutable"]) == (
        ["low", "high"],
        "low",
        True,
    )
    assert (fields["slug"]["computed"], fields["slug"]["set_by"]) == (True, "system")
    assert (fields["pin"]["secret"], fields["stage"]["set_by"], fields["created_at"]["set_by"]) == (
        True,
        "transition",
        "server",
    )
    assert tickets["relations"]["shelf"]["to"] == "shelves"
    assert tickets["relations"]["customer"]["set_by"] == "caller"
    assert (await types(desk))["shelves"]["reverses"]["tickets"] == {"type": "tickets", "by": "shelf"}
    lifecycle = tickets["lifecycle"]
    assert (lifecycle["attribute"], lifecycle["initial"], lifecycle["states"]["closed"]["gone"]) == ("stage", "open", True)
    solve = lifecycle["transitions"]["solve"]
    assert (solve["from"], solve["to"], solve["needs"]) == (["open"], "solved", ["Say more than three letters"])
    assert solve["inputs"]["how"]["required"] is True
    assert (lifecycle["transitions"]["expire"]["by_system"], lifecycle["transitions"]["delete"]["confirm"]) == (True, True)
    assert (tickets["reads"]["log"]["stream"], tickets["reads"]["log"]["params"]["tail"]["default"]) == (True, 3)
    assert tickets["view"]["filter"] == ["stage", "level"]


async def test_what_may_be_done_depends_on_who_asks(desk: System) -> None:
    _, ann = await desk.person("ann")
    _, olga = await desk.person("olga", operator=True)
    nobody, user_, operator = await types(desk), await types(desk, ann), await types(desk, olga)
    assert nobody["tickets"]["can"]["create"] is False
    assert nobody["plans"]["can"] == {"read": True, "create": False, "update": False, "delete": False, "transitions": {}}
    can = user_["tickets"]["can"]
    assert (can["create"], can["read"], can["update"], can["delete"]) == (True, "depends", "depends", "depends")
    assert (can["transitions"]["take"], can["transitions"]["expire"], can["transitions"]["solve"]) == (False, False, "depends")
    can = operator["tickets"]["can"]
    assert (can["read"], can["transitions"]["take"], can["transitions"]["expire"]) == (True, True, False)
    assert (user_["plans"]["can"]["create"], operator["plans"]["can"]["create"]) == (False, True)
    assert user_["tickets"]["fields"]["note"] | {"readable": 0} == operator["tickets"]["fields"]["note"] | {
        "readable": 0, "settable_at_creation": False, "settable_later": False,
    }  # fmt: skip
    assert (user_["tickets"]["fields"]["note"]["readable"], operator["tickets"]["fields"]["note"]["readable"]) == (False, True)
    assert user_["tickets"]["fields"]["level"]["settable_at_creation"] is True
    assert user_["tickets"]["fields"]["level"]["settable_later"] is False
    assert operator["tickets"]["fields"]["pin"]["readable"] is False


async def test_a_token_with_a_scope_may_do_no_more_than_that(desk: System) -> None:
    _, ann = await desk.person("ann")
    body = {"data": {"type": "tokens", "attributes": {"name": "narrow", "scopes": ["tickets:read"]}}}
    made = await desk.client.post("/api/v1/tokens", json=body, headers=ann | {"content-type": "application/vnd.api+json"})
    assert made.status_code == 201, made.text
    narrow = await types(desk, {"authorization": f"Bearer {made.json()['data']['attributes']['token']}"})
    assert (narrow["tickets"]["can"]["read"], narrow["tickets"]["can"]["create"]) == ("depends", False)
    assert (narrow["plans"]["can"]["read"], narrow["shelves"]["can"]["read"]) == (False, False)


NOTES = ResourceType(name="notes", attributes={name: Attribute(name=name, type="boolean") for name in ("a", "b")})
LEAVES = st.sampled_from(
    [
        "a",
        "b",
        "a == b",
        "user.operator",
        "user.known",
        'user.id == "u"',
        "true",
        "false",
        'now > timestamp("2026-01-01T00:00:00Z")',
    ]
)
RULES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds("({} && {})".format, inner, inner),
        st.builds("({} || {})".format, inner, inner),
        st.builds("!({})".format, inner),
        st.builds("({} ? {} : {})".format, inner, inner, inner),
    ),
    max_leaves=6,
)
ASKING = st.sampled_from([ANONYMOUS, user("u"), user("o", operator=True)])


@given(text=RULES, actor=ASKING)
def test_what_is_foreseen_is_what_the_rule_says_of_every_row(text: str, actor: Actor) -> None:
    definitions = Definitions({"notes": NOTES})
    rule = compile_rule(text, row_scope(definitions, NOTES))
    now = "2026-01-31T09:30:00.000Z"
    rows = [{"a": a, "b": b} for a in (None, True, False) for b in (None, True, False)]
    said = {rule.evaluate(row, user=actor.facts, now=now) for row in rows}
    foreseen = foresee(rule.tree, actor.facts, now)
    assert foreseen == "depends" or said == {foreseen}


def test_a_part_that_settles_a_rule_is_enough() -> None:
    definitions = Definitions({"notes": NOTES})
    operator, known, now = user("o", operator=True).facts, user("u").facts, "2026-01-31T09:30:00.000Z"
    for text, facts, expected in (
        ("user.operator || a", operator, True),
        ("user.operator || a", known, "depends"),
        ("user.operator && a", known, False),
        ("!user.operator", operator, False),
        ("user.operator ? a : true", known, True),
        ("a ? user.operator : user.known", operator, True),
    ):
        assert foresee(compile_rule(text, row_scope(definitions, NOTES)).tree, facts, now) == expected, text
