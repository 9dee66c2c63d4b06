"""The access rules of a type, compiled: what may be referred to, seen and set, attribute by attribute."""

from __future__ import annotations

from pathlib import Path

from engine.access import ANONYMOUS, permissions, user
from engine.loader import load
from tests.support import definitions

NOTES = """
    attributes:
      title: {type: string}
      draft: {type: text, read: owner, write: title == null}
      grade: {type: integer, write: operator}
    relationships:
      above: {to: notes, read: operator, write: above.title != null}
      owner: {to: users, read: owner}
    access: {read: public, usable: title != null}
    """
NOW = "2026-01-31T09:30:00.000Z"


def test_rules_of_their_own_are_there_where_they_are_written(tmp_path: Path) -> None:
    loaded = load([definitions(tmp_path / "resources", {"notes": NOTES})])
    assert loaded.definitions is not None
    compiled = permissions(loaded.definitions, loaded.definitions.types["notes"], "sqlite", "t")
    assert set(compiled.attributes) == {"draft", "above", "owner"}
    assert set(compiled.writes) == {"draft", "grade", "above"}
    assert compiled.related((compiled.writes["above"], compiled.usable)) == {"above"}
    assert compiled.usable is not None
    assert [compiled.usable.evaluate({"title": title}) for title in ("a", None)] == [True, False]
    grade = compiled.writes["grade"]
    asked = (user("ann", operator=True), user("ann"), ANONYMOUS)
    assert [grade.evaluate({}, user=each.facts, now=NOW) for each in asked] == [True, False, False]


def test_without_a_rule_who_reads_a_row_may_refer_to_it(tmp_path: Path) -> None:
    loaded = load([definitions(tmp_path / "resources", {"notes": "attributes: {title: {type: string}}"})])
    assert loaded.definitions is not None
    compiled = permissions(loaded.definitions, loaded.definitions.types["notes"], "sqlite", "t")
    assert (compiled.usable, dict(compiled.writes), dict(compiled.attributes)) == (None, {}, {})


def test_rules_see_the_limits_that_a_user_came_with() -> None:
    ann = user("ann", limits={"size": 3})
    assert ann.limits == ann.facts["limits"] == {"size": 3}
    bob = user("bob")
    assert (bob.limits, bob.facts["limits"], ANONYMOUS.facts["limits"]) == (None, {}, {})
