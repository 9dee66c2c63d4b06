"""Reasoning over sets of values, held against the rules themselves: every row and caller of a small world is tried."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.check.callers import SYSTEM, known_callers
from engine.check.reasoning import Facts, Values, assume, possible, together
from engine.check.sample_rows import user_facts
from engine.check.understood import Understood
from engine.loader import load
from engine.model import RuleText
from engine.rules import compile_rule, row_scope

SOUND = Path(__file__).parents[1] / "definitions" / "sound"

THINGS = """\
attributes:
  level: {type: enum, values: [low, mid, high], required: true}
  mood:  {type: enum, values: [high, odd]}
  count: {type: integer, minimum: 0, maximum: 3, default: 0, required: true}
  size:  {type: integer, minimum: -1, maximum: 1}
  part:  {type: number, minimum: 0, maximum: 1, default: 0, required: true}
  open:  {type: boolean, default: false, required: true}
  name:  {type: string, max_length: 3}
  tags:  {type: json, schema: {type: array, maxItems: 2, items: {type: string}}}
relationships:
  owner: {to: users}
"""
VALUES: Mapping[str, tuple[Any, ...]] = {
    "level": ("low", "mid", "high"),
    "mood": (None, "high", "odd"),
    "count": (0, 1, 2, 3),
    "size": (None, -1, 0, 1),
    "part": (0.0, 0.5, 1.0),
    "open": (True, False),
    "name": (None, "a", "bb"),
    "tags": (None, [], ["a"], ["a", "bb"]),
}
USERS = tuple(user_facts(actor) for actor in ("owner", "stranger", "operator", "anonymous"))

numbers = st.sampled_from(
    ["count", "size", "0", "1", "2", "-1", "count + size", "count * 2", "count - 1", "size / 2", "count % 2", "size(name)"]
)
floats = st.sampled_from(["part", "part * 2.0", "0.5", "1.0", "count + 0.5"])
texts = st.sampled_from(["level", "mood", "name", '"high"', '"low"', '"odd"', 'name + "a"', '"b"', "name.lowerAscii()"])
orders = st.sampled_from(["<", "<=", ">", ">=", "==", "!="])
same = st.sampled_from(["==", "!="])


def joined(
    left: st.SearchStrategy[str], operator: st.SearchStrategy[str], right: st.SearchStrategy[str]
) -> st.SearchStrategy[str]:
    return st.tuples(left, operator, right).map(" ".join)


OTHERS = """
level == 'low' | level != 'high' | mood == 'odd' | mood in ['high'] | level in ['low', 'mid'] | count in [1, 2, size]
open | open == true | open != false | user.known | user.operator | owner in user.principals | owner == user.id
name.startsWith('a') | name.contains(level) | level.endsWith('w') | 'a' in tags | name in tags
tags.exists(each, each == name) | tags.all(each, size(each) > count) | tags.exists(each, size(each) > 5)
size(tags) > count | size(tags) < 1 | (open ? count : size) > 1 | (open ? level : mood) == 'high'
(count > 1 ? open : user.known) | (open ? size : null) == null
"""
leaves = st.one_of(
    joined(numbers, orders, numbers),
    joined(numbers | floats, orders, floats),
    joined(st.sampled_from(["name", "mood", "level"]), orders, st.sampled_from(["name", "mood", "level", "name + name"])),
    joined(st.sampled_from(["mood", "name", "size", "tags", "owner"]), same, st.just("null")),
    st.sampled_from([each.strip() for line in OTHERS.split("\n") if line for each in line.split(" | ")]),
)
rules = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["&&", "||"]), inner).map(lambda each: f"({' '.join(each)})"),
        st.tuples(inner, st.just("&&"), inner, st.just("&&"), inner).map(lambda each: f"({' '.join(each)})"),
        inner.map(lambda each: f"!({each})"),
        st.tuples(inner, inner, inner).map(lambda each: f"({each[0]} ? {each[1]} : {each[2]})"),
        st.tuples(inner, same, inner).map(lambda each: f"(({each[0]}) {each[1]} ({each[2]}))"),
    ),
    max_leaves=6,
)


@pytest.fixture(scope="module")
def things(tmp_path_factory: pytest.TempPathFactory) -> Understood:
    directory = tmp_path_factory.mktemp("things")
    (directory / "things.yaml").write_text(THINGS)
    loaded = load([SOUND, directory])
    assert [str(problem) for problem in loaded.problems] == []
    return Understood(loaded.understood, loaded.understood.types["things"])


def fresh(things: Understood, known: Mapping[str, Values] = MappingProxyType({})) -> Facts:
    """What is certain, with all the patience there is."""
    return Facts(things.facts.declared, things.facts.sizes).afresh(known)


def rows(names: frozenset[str]) -> Iterator[dict[str, Any]]:
    """Every row of the small world, as far as a rule can tell them apart."""
    used = [name for name in VALUES if name in names]
    blank = {name: values[-1] for name, values in VALUES.items()} | {"owner": "owner", "id": "row"}
    for values in itertools.product(*(VALUES[name] for name in used)):
        yield blank | dict(zip(used, values, strict=True))
        if "owner" in names:
            yield blank | dict(zip(used, values, strict=True)) | {"owner": None}


@settings(max_examples=300, deadline=None)
@given(text=rules)
def test_what_is_thought_impossible_never_happens(things: Understood, text: str) -> None:
    compiled = compile_rule(text, row_scope(things.definitions, things.resource))
    names = frozenset(name.partition(".")[0] for name in compiled.names)
    tree = things.tree(RuleText(text))
    answers = {bool(compiled.evaluate(row, user=user)) for row in rows(names) for user in USERS}
    believed = {truth for truth in (True, False) if assume(tree, truth, fresh(things))}
    assert believed >= answers
    values = possible(tree, fresh(things))
    assert all(values.admits(answer) for answer in answers)


@settings(max_examples=300, deadline=None)
@given(text=rules)
def test_what_is_known_of_each_kind_of_caller_is_true_of_it(things: Understood, text: str) -> None:
    compiled = compile_rule(text, row_scope(things.definitions, things.resource))
    names = frozenset(name.partition(".")[0] for name in compiled.names)
    tree = things.tree(RuleText(text))
    callers = {**known_callers(things.resource), "anonymous": SYSTEM}
    for user in USERS:
        name = user["id"] or "anonymous"
        facts = fresh(things, callers[name])
        answers = {bool(compiled.evaluate(row, user=user)) for row in rows(names) if name != "owner" or row["owner"]}
        assert {truth for truth in (True, False) if assume(tree, truth, facts)} >= answers


simple = st.sampled_from(
    ["level == 'low'", "level != 'high'", "level in ['low', 'mid']", "mood == 'odd'", "mood != null", "mood == null",
     "mood == 'high'", "count > 1", "count >= 3", "count < 1", "count != 2", "count in [0, 2]", "size > 0", "size == null",
     "size <= -1", "part > 0.5", "part < 0.5", "part == 0.5", "open", "!open", "mood != 'odd'", "name == 'a'", "name != 'a'"]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(parts=st.lists(simple, min_size=1, max_size=5), either=st.lists(simple, max_size=3))
def test_contradictions_of_plain_comparisons_are_all_found(things: Understood, parts: list[str], either: list[str]) -> None:
    """Where each comparison is of one name with a value, what is never true is known to be so, and nothing else is."""
    texts_ = [*parts, *([" || ".join(either)] if either else [])]
    whole = compile_rule(" && ".join(f"({text})" for text in texts_), row_scope(things.definitions, things.resource))
    ever = any(whole.evaluate(row, user=USERS[0]) for row in rows(whole.names))
    assert bool(together([things.tree(RuleText(text)) for text in texts_], fresh(things))) is ever


def test_what_takes_too_long_counts_as_possible(things: Understood) -> None:
    pairs = [f"(count == {number % 4} || size == {number % 2})" for number in range(40)]
    rule = " && ".join([*pairs, "level == 'low'", "level == 'high'"])
    facts = fresh(things)
    assert together([things.tree(RuleText(rule))], facts) == []
    facts.patience.steps = 10
    assert together([things.tree(RuleText(rule))], facts)


def test_what_has_a_default_may_be_null_in_a_row_that_is_older(tmp_path: Path) -> None:
    attributes = "{a: {type: integer, default: 1}, b: {type: integer, default: 1, required: true}}"
    (tmp_path / "things.yaml").write_text(f"attributes: {attributes}\n")
    loaded = load([SOUND, tmp_path])
    rules_of_things = Understood(loaded.understood, loaded.understood.types["things"])
    assert assume(rules_of_things.tree(RuleText("a == null")), True, rules_of_things.facts)
    assert not assume(rules_of_things.tree(RuleText("b == null")), True, rules_of_things.facts)
