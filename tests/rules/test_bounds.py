"""Hostile rules are refused at once, with an error that has a place, and never with a RecursionError."""

from __future__ import annotations

import time

import pytest

from engine.rules import RuleError, compile_rule
from tests.rules.world import SCOPE, SOMEBODY, thing

LIMIT = 0.1

HOSTILE = {
    "parentheses": "(" * 100_000,
    "parentheses within the length": "(" * 1_999,
    "balanced parentheses": "(" * 900 + "hidden" + ")" * 900,
    "lists": "count in " + "[" * 1_500,
    "nots": "!" * 1_990 + "hidden",
    "minuses": "- " * 990 + "count",
    "ternaries": "hidden ? true : " * 120 + "true",
    "ternaries within": "hidden ? " * 200,
    "members": "a" + ".b" * 990,
    "members of the user": "user" + ".id" * 600,
    "calls": "size(" * 390,
    "methods": "title" + ".lowerAscii()" * 150 + " == ''",
    "sums": "1" + "+1" * 990 + " == 1",
    "conjunctions of many": "a&&" * 600 + "a",
    "comparisons": "1" + "==1" * 600,
    "items": "count in [" + "1," * 900 + "1]",
    "a huge number": "1" * 1_900 + " == count",
    "a huge fraction": "0." + "1" * 1_900 + "x",
    "a huge exponent": "1e" + "9" * 1_900 + " == ratio",
    "an open text": 'title == "' + "a" * 1_900,
    "open escapes": 'title == "' + "\\" * 1_900,
    "escapes": 'title == "' + "\\u00" * 400 + '"',
    "long unicode": "title == '" + "😀" * 100_000 + "'",
    "unicode names": "é" * 1_900,
    "combining characters": "a" + "\u0301" * 1_900,
    "surrogates": "title == '" + "\ud83d" * 900 + "'",
    "spaces": " " * 1_999,
    "a long unknown name": "x" * 1_990,
    "many unknown names": "published" * 100 + " && hiden",
    "quantifiers": "tags.exists(a, " * 100,
    "nested quantifiers": "tags.exists(a, tags.exists(b, tags.exists(c, true)))",
    "durations": "now < now + duration('" + "1d" * 900 + "')",
    "timestamps": "now < timestamp('" + "9" * 1_900 + "')",
    "mixed brackets": "([" * 900,
    "null bytes": "\x00" * 1_900,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_rules_are_refused_quickly(name: str) -> None:
    text = HOSTILE[name]
    compile_rule("hidden", SCOPE)
    started = time.perf_counter()
    with pytest.raises(RuleError) as caught:
        compile_rule(text, SCOPE)
    assert time.perf_counter() - started < LIMIT
    assert 0 <= caught.value.offset <= caught.value.end <= len(text)
    assert len(str(caught.value)) < 400


LARGE = {
    "a long conjunction": " && ".join(["published"] * 150),
    "a long list": f"count in [{', '.join(str(number) for number in range(300))}]",
    "deep nots": "!" * 38 + "published",
    "deep parentheses": "(" * 38 + "published" + ")" * 38,
    "a long ladder": "count == 1 ? true : " * 18 + "published",
    "a long sum": "count" + " + 1" * 36 + " > 0",
    "a long text": f"title != '{'😀' * 1_900}'",
    "deep floats": "ratio" + " / 1.5" * 36 + " < 1",
}


@pytest.mark.parametrize("name", LARGE)
def test_large_rules_within_the_bounds_work(name: str) -> None:
    started = time.perf_counter()
    rule = compile_rule(LARGE[name], SCOPE)
    assert time.perf_counter() - started < LIMIT
    assert rule.evaluate(thing(count=3), user=SOMEBODY) is True
    assert rule.evaluate({}, user=SOMEBODY) in (True, False)


def test_the_bounds_are_those_that_are_documented() -> None:
    assert compile_rule("published".ljust(2_000), SCOPE).type == "bool"
    with pytest.raises(RuleError, match="longer than 2,000 characters"):
        compile_rule("published".ljust(2_001), SCOPE)
    with pytest.raises(RuleError, match="more than 400 parts"):
        compile_rule("hidden&&" * 100 + f"count in [{'1,' * 400}]", SCOPE)
    with pytest.raises(RuleError, match="nested deeper than 40"):
        compile_rule("!" * 40 + "hidden", SCOPE)
