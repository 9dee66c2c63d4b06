"""`hoster explain`, on the database of a system that is open: who, what, and which part of which rule."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from engine.cli.explain import explain
from engine.rules import Scope, compile_rule
from engine.rules import explain as parts_of
from engine.rules.scope import Name
from engine.settings.declared import SHIPPED_RESOURCES
from tests.actions.desk import FILES as PARCELS
from tests.limits.desk import person, plan
from tests.support import System, shut, system

FILES = {path.stem: path.read_text() for path in SHIPPED_RESOURCES.glob("*.yaml")} | {
    "stamps": PARCELS["stamps"],
    "parcels": PARCELS["parcels"].replace("most: boxes", "most: max_deployments"),
}


@pytest.fixture
async def post(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[System]:
    running = await system(tmp_path, FILES)
    monkeypatch.setenv("HOSTER_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("HOSTER_RESOURCES_PATH", str(tmp_path / "resources"))
    yield running
    await shut(running)


def ask(who: str, action: str, resource: str) -> Result:
    return CliRunner().invoke(explain, ["--as", who, action, resource], catch_exceptions=False)


async def test_allowed_ends_well_and_not_allowed_with_one(post: System) -> None:
    anna = await person(post, "anna", await plan(post, "one", max_deployments=1))
    row = (await post.service.create(anna, "parcels", {"name": "x", "weight": 1}, {})).record.id
    before = post.path.read_bytes()
    yes, no = ask("anna@example.org", "send", f"parcels/{row}"), ask("anonymous", "send", f"parcels/{row}")
    assert (yes.exit_code, no.exit_code) == (0, 1)
    assert yes.output.startswith(f"anna@example.org can send parcels/{row}\n")
    assert f'✓ owner in user.principals  (owner is "{anna.id}", user.principals is ["{anna.id}"])' in yes.output
    assert "not_found: They may not see it" in no.output
    assert post.path.read_bytes() == before


async def test_each_part_of_a_rule_is_shown_with_its_place(post: System) -> None:
    anna = await person(post, "anna", await plan(post, "one", max_deployments=1))
    row = (await post.service.create(anna, "parcels", {"name": "x", "shared": True, "note": "private"}, {})).record.id
    told = ask(anna.id, "mark", f"parcels/{row}")
    assert told.exit_code == 1
    assert 'mark: user.operator || shared && !(note == "private")\n  at ' in told.output
    assert "parcels.yaml:" in told.output
    assert "  ✗ user.operator  (user.operator is false)" in told.output
    assert "    ✓ shared  (shared is true)" in told.output
    assert '✓ note == "private"  (note is "private")' in told.output
    assert ask("operator", "mark", f"parcels/{row}").exit_code == 0


async def test_limits_are_explained_too(post: System) -> None:
    anna = await person(post, "anna", await plan(post, "none", max_deployments=0))
    row = (await post.service.create(anna, "parcels", {"name": "x"}, {})).record.id
    told = ask("anna@example.org", "file", f"parcels/{row}")
    assert told.exit_code == 1
    assert "limit_reached: The shelf is full. max_deployments of the plan None is 0: 0 in use, 1 more asked for." in told.output


async def test_making_one_like_it(post: System) -> None:
    anna = await person(post, "anna", await plan(post, "one", max_deployments=1))
    row = (await post.service.create(anna, "parcels", {"name": "x"}, {})).record.id
    assert ask("anna@example.org", "create", f"parcels/{row}").exit_code == 0
    assert ask("anna@example.org", "create", "stamps").exit_code == 0
    assert "unauthenticated" in ask("anonymous", "create", f"parcels/{row}").output


@pytest.mark.parametrize(
    ("who", "action", "resource", "told"),
    [
        ("nobody@example.org", "read", "parcels/parcel_1", "there is no user"),
        ("operator", "read", "parcels/parcel_1", "There is no resource"),
        ("operator", "read", "pasels/parcel_1", "There is no resource type"),
        ("operator", "read", "parcels", "needs a resource"),
    ],
)
async def test_what_is_not_there_is_named(post: System, who: str, action: str, resource: str, told: str) -> None:
    from engine.cli import main

    answer = CliRunner().invoke(main, ["explain", "--as", who, action, resource])
    assert answer.exit_code == 2
    assert told in answer.output


def test_a_rule_comes_apart_where_it_is_joined() -> None:
    scope = Scope({name: Name("bool", False, "row", name) for name in "abcd"})
    part = parts_of(compile_rule("a && (b || !c) && d", scope), {"a": True, "b": False, "c": True, "d": None})
    assert not part.holds
    assert [(each.text, each.holds) for each in part.parts] == [("a", True), ("b || !c", False), ("d", False)]
    assert [(each.text, each.holds) for each in part.parts[1].parts] == [("b", False), ("!c", False)]
    assert part.parts[1].parts[1].parts[0].values == (("c", True),)
    assert part.parts[2].values == (("d", None),)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("(a || b) && c", ["a || b", "c"]),
        ("a || !(b && (c || d))", ["a", "!(b && (c || d))"]),
        ("a || ((b || c) && d)", ["a", "(b || c) && d"]),
        ('a && size("(") == 1', ["a", 'size("(") == 1']),
    ],
)
def test_parts_are_shown_as_they_are_written(text: str, parts: list[str]) -> None:
    scope = Scope({name: Name("bool", False, "row", name) for name in "abcd"})
    part = parts_of(compile_rule(text, scope), dict.fromkeys("abcd", False))
    assert part.text == text
    assert [each.text for each in part.parts] == parts
