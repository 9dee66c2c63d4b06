"""What rules mean, example by example, in Python and in SQLite at once."""

from __future__ import annotations

import sqlite3
from types import MappingProxyType
from typing import Any

import pytest

from engine.model import Attribute
from engine.rules import compile_rule, row_scope
from tests.rules.world import (
    DEFINITIONS,
    MAKERS,
    NOBODY,
    NOW,
    SCOPE,
    SOMEBODY,
    THINGS,
    Row,
    create_tables,
    insert,
    maker,
    thing,
)

BIG = 2**63 - 1


def answers(text: str, row: Row, related: Row | None = None, user: Any = SOMEBODY) -> tuple[Any, Any]:
    """The value of `text` by the Python function and by SQLite."""
    rule = compile_rule(text, SCOPE, expect=None)
    connection = sqlite3.connect(":memory:")
    create_tables(connection)
    insert(connection, THINGS, row)
    if related is not None:
        insert(connection, MAKERS, related)
    condition = rule.sql("sqlite", "t")
    parameters = condition.parameters(user, NOW)
    found = connection.execute(f"SELECT {condition.text} FROM things t", parameters).fetchone()[0]
    connection.close()
    value = rule.evaluate(row, user=user, related={"maker": related}, now=NOW)
    return value, bool(found) if rule.type == "bool" and found is not None else found


def agreed(text: str, related: Row | None = None, user: Any = SOMEBODY, **values: Any) -> Any:
    python, sqlite = answers(text, thing(**values), related, user)
    assert python == sqlite
    assert type(python) is type(sqlite)
    return python


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("stock < 1", False),
        ("stock >= 1", False),
        ("!(stock < 1)", True),
        ("stock == null", True),
        ("stock != 1", True),
        ("stock == maker.level", True),
        ("hidden == null", True),
        ("!hidden", True),
        ("hidden && true", False),
        ("hidden || true", True),
        ("hidden == false", False),
        ("(hidden ? 1 : 2) == 2", True),
        ("body.contains('')", False),
        ("!body.contains('a')", True),
        ("body in ['a']", False),
        ("body in [body]", False),
        ("!(body in ['a'])", True),
        ("80 in ports", False),
        ("ports.exists(p, p > 0)", False),
        ("ports.all(p, p > 0)", False),
        ("has(body)", False),
        ("has(title)", True),
        ("has(maker.name)", False),
        ("null == null", True),
        ("1 == null", False),
    ],
)
def test_null_is_false_in_comparisons_and_a_value_for_equality(text: str, expected: bool) -> None:
    assert agreed(text) is expected


NULLS = (
    *("stock + 1", "-stock", "weight * 2", "body + 'a'", "size(body)", "body.lowerAscii()", "size(ports)", "hidden"),
    *("ends + duration('1d')", "maker.name", "maker.fee.amount", "discount.currency", "hidden ? 1 : null"),
)


@pytest.mark.parametrize("text", NULLS)
def test_null_makes_other_results_null(text: str) -> None:
    assert agreed(text) is None


@pytest.mark.parametrize(
    ("text", "count", "expected"),
    [
        ("count / 2", 7, 3),
        ("count / 2", -7, -3),
        ("count % 3", -7, -1),
        ("count % -3", 7, 1),
        ("7 / count", 0, None),
        ("7 % count", 0, None),
        ("count + 1", BIG, BIG),
        ("count - 2", -BIG, -BIG - 1),
        ("count * count", 2**40, BIG),
        ("count * -1", -BIG - 1, BIG),
        ("-count", -BIG - 1, BIG),
        ("count / -1", -BIG - 1, BIG),
        ("count % -1", -BIG - 1, 0),
        ("count + 1 - 1", BIG, BIG - 1),
    ],
)
def test_int_arithmetic_truncates_saturates_and_survives_zero(text: str, count: int, expected: int | None) -> None:
    assert agreed(text, count=count) == expected


@pytest.mark.parametrize(
    ("text", "ratio", "expected"),
    [
        ("ratio + 1", 0.5, 1.5),
        ("count / 2.0", 0.5, 1.5),
        ("ratio / 0", 0.5, None),
        ("ratio / 0.0", -0.0, None),
        ("ratio * 10", 1e308, 1.7976931348623157e308),
        ("-ratio * 10", 1e308, -1.7976931348623157e308),
        ("ratio - ratio * 2 * 10", -1e308, 7.976931348623157e307),
        ("ratio * ratio", 1e-200, 0.0),
    ],
)
def test_float_arithmetic_stays_finite(text: str, ratio: float, expected: float | None) -> None:
    assert agreed(text, ratio=ratio) == expected


def test_an_int_beside_a_float_is_the_nearest_float() -> None:
    assert agreed("count == ratio", count=2**53 + 1, ratio=2.0**53) is True
    assert agreed("count <= 3.5", count=3) is True
    assert agreed("count in [2.5, 3]", count=3) is True
    assert agreed("count in shares", count=3, shares=[1, 3.0]) is True


@pytest.mark.parametrize(
    ("text", "title", "expected"),
    [
        ("title.startsWith('A')", "a", False),
        ("title.startsWith('')", "", True),
        ("title.startsWith('b%')", "b%c", True),
        ("title.startsWith('_x')", "ax", False),
        ("title.endsWith('')", "abc", True),
        ("title.endsWith('bc')", "bcbc", True),
        ("title.endsWith('ab')", "abc", False),
        ("title.contains('😀')", "a😀b", True),
        ("title < '\uffff'", "😀", False),
        ("title < 'a'", "Z", True),
        ("title > 'é'", "É", False),
        ("size(title) == 3", "a😀é", True),
        ("title.lowerAscii() == 'abcÉ'", "ABCÉ", True),
        ('title == "a\'b"', "a'b", True),
        ("title == '\\\\'", "\\", True),
        ("title == '{0}{{}}'", "{0}{{}}", True),
    ],
)
def test_text_is_compared_by_code_point(text: str, title: str, expected: bool) -> None:
    assert agreed(text, title=title) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("starts < now", True),
        ("starts < now - duration('30m')", False),
        ("starts <= now - duration('30m')", True),
        ("now + duration('1d') > timestamp('2026-02-01T09:29:59Z')", True),
        ("starts == timestamp('2026-01-31T10:00:00+01:00')", True),
        ("starts in [timestamp('2026-01-31T09:00:00Z')]", True),
    ],
)
def test_times_compare_as_moments(text: str, expected: bool) -> None:
    assert agreed(text) is expected


@pytest.mark.parametrize(
    ("text", "starts", "expected"),
    [
        ("starts + duration('2d')", "2024-02-28T12:00:00.123Z", "2024-03-01T12:00:00.123Z"),
        ("duration('1h30m') + starts", "2026-01-31T23:00:00.000Z", "2026-02-01T00:30:00.000Z"),
        ("starts - duration('1ms')", "2026-01-01T00:00:00.000Z", "2025-12-31T23:59:59.999Z"),
        ("starts + duration('-1.5s')", "2026-01-01T00:00:00.000Z", "2025-12-31T23:59:58.500Z"),
        ("starts + duration('1ms')", "9999-12-31T23:59:59.999Z", None),
        ("starts - duration('1d')", "0001-01-01T00:00:00.000Z", None),
        ("starts - duration('36500d')", "0050-06-01T00:00:00.000Z", None),
        ("starts + duration('1ms')", "0001-01-01T00:00:00.000Z", "0001-01-01T00:00:00.001Z"),
    ],
)
def test_times_move_by_durations(text: str, starts: str, expected: str | None) -> None:
    assert agreed(text, starts=starts) == expected


def test_lists_are_searched_and_counted() -> None:
    assert agreed("'red' in tags") is True
    assert agreed("title in tags", title="green") is False
    assert agreed("size(tags) == 2") is True
    assert agreed("tags.exists(tag, tag.startsWith('bl'))") is True
    assert agreed("tags.all(tag, size(tag) > 3)") is False
    assert agreed("ports.all(port, port > 1024)", ports=[]) is True
    assert agreed("ports.exists(port, port > 1024)", ports=[]) is False
    assert agreed("ports.exists(port, port == count)", ports=[1, 2, 3]) is True
    assert agreed("shares.exists(share, share / 2 == 0.5)", shares=[1, 0.5]) is True


def test_money_is_its_amount_and_its_currency() -> None:
    assert agreed("price.amount <= 500 && price.currency == 'USD'") is True
    assert agreed("discount == null && price != null && discount.amount == null") is True
    assert agreed("price.amount", price={"amount": BIG, "currency": "EUR"}) == BIG


def test_a_hop_reads_the_related_row() -> None:
    related = maker(name="Ada", level=4, fee={"amount": 7, "currency": "EUR"}, tags=["x"])
    assert agreed("maker.name", related, maker="m1") == "Ada"
    assert agreed("maker.trusted && maker.level > count", related, maker="m1") is True
    assert agreed("maker.fee.amount + maker.score", related, maker="m1") == 8.5
    assert agreed("'x' in maker.tags", related, maker="m1") is True
    assert agreed("maker.id == maker", related, maker="m1") is True


def test_the_user_is_known_by_facts() -> None:
    assert agreed("owner in user.principals") is True
    assert agreed("owner in user.principals", user=NOBODY) is False
    assert agreed("user.known && !user.operator") is True
    assert agreed("user.id == ''", user=NOBODY) is True
    assert agreed("user.email.lowerAscii() == 'ada@example.com'") is True
    assert agreed("user.plan == null && size(user.principals) == 2") is True
    assert agreed("user.principals.exists(one, one == 'team')") is True


def test_a_condition_answers_true_or_false_and_nothing_else() -> None:
    for text in ("hidden", "published", "hidden ? hidden : null", "hidden && published", "maker.trusted"):
        assert compile_rule(text, SCOPE).evaluate(thing(), user=SOMEBODY) in (True, False)
        assert type(compile_rule(text, SCOPE).evaluate(thing(), user=SOMEBODY)) is bool


def test_a_missing_key_is_null_whatever_the_definitions_promise() -> None:
    rule = compile_rule(
        "count > 1 || title == null && price.amount == null && !(owner in user.principals) && !(starts < now)", SCOPE
    )
    assert rule.evaluate({}) is True
    assert compile_rule("maker.name == null && hidden == null", SCOPE).evaluate({}, related={"maker": None}) is True
    assert compile_rule("count + 1", SCOPE, expect=None).evaluate({"count": None}) is None
    assert compile_rule("tags.exists(t, true) || title.startsWith('a')", SCOPE).evaluate({"tags": None}) is False


def test_any_mapping_will_do_for_a_row() -> None:
    rule = compile_rule("count > 1 && owner in user.principals", SCOPE)
    assert rule.evaluate(MappingProxyType(thing()), user=MappingProxyType(SOMEBODY)) is True


def test_old_and_input_values_are_read_by_the_python_function() -> None:
    inputs = {"amount": Attribute(name="amount", type="integer", required=True)}
    scope = row_scope(DEFINITIONS, THINGS, with_old=True, inputs=inputs)
    rule = compile_rule("old.count < count && input.amount == 2", scope)
    assert rule.evaluate(thing(count=3), old=thing(count=2), inputs={"amount": 2}) is True
    assert rule.evaluate(thing(count=3), old=None, inputs={"amount": 2}) is False
    assert compile_rule("old.count == null", scope).evaluate(thing(), old={}) is True


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Hello, World!", "hello-world"),
        ("--a__b--", "a-b"),
        ("Ünï côde", "n-c-de"),
        ("", ""),
        ("😀", ""),
        ("ABC 123", "abc-123"),
    ],
)
def test_slugify_keeps_letters_and_digits(title: str, slug: str) -> None:
    assert compile_rule("slugify(title)", SCOPE, expect=None).evaluate(thing(title=title)) == slug
