"""The SQL that rules become: what an index can serve, what is bound, and what has no SQL."""

from __future__ import annotations

import sqlite3

import pytest

from engine.model import Attribute
from engine.rules import Literal, Request, Rule, RuleError, compile_rule, row_scope, user_scope
from tests.rules.world import DEFINITIONS, NOBODY, NOW, SCOPE, SOMEBODY, THINGS, create_tables, insert, thing


def text_of(rule: str, dialect: str = "sqlite") -> str:
    return compile_rule(rule, SCOPE).sql(dialect, "t").text


def test_values_are_bound_and_never_written() -> None:
    hostile = "'); DROP TABLE things; --"
    condition = compile_rule(f'title == "{hostile}" && count > 41 && owner == user.id && starts < now', SCOPE).sql(
        "sqlite", "t"
    )
    assert condition.text == '((t."title" = ?) AND (t."count" > ?) AND (t."owner" = ?) AND (t."starts" < ?))'
    assert condition.binds == (Literal(hostile), Literal(41), Request("id"), Request(None))
    assert condition.parameters(SOMEBODY, NOW) == (hostile, 41, "u1", NOW)


def test_a_list_is_bound_as_one_json_text() -> None:
    condition = compile_rule("owner in user.principals", SCOPE).sql("sqlite", "t")
    assert condition.text == '(t."owner" IN (SELECT value FROM json_each(?)))'
    assert condition.parameters(SOMEBODY, NOW) == ('["u1","team"]',)
    assert condition.parameters(NOBODY, NOW) == ("[]",)


LIMITS = {"level": 4, "score": 1, "trusted": True, "fee": {"amount": 7, "currency": "EUR"}, "tags": ["red", "blue", "green"]}


@pytest.mark.parametrize(
    ("rule", "allowed"),
    [
        ("user.limits.level > count", True),
        ("user.limits.score / 2 == 0.5 && user.limits.score / (user.limits.score + 1) == 0.5", True),
        ("user.limits.trusted", True),
        ('user.limits.fee.amount > 5 && user.limits.fee.currency == "EUR"', True),
        ("tags.all(each, each in user.limits.tags)", True),
        ("user.limits.tags.exists(each, each in tags)", True),
        ("user.limits.tags.all(each, each in tags)", False),
        ("size(user.limits.tags) == 3 && user.limits.fee != null", True),
    ],
)
def test_what_a_user_may_have_is_the_same_for_both_and_false_where_unknown(rule: str, allowed: bool) -> None:
    connection = sqlite3.connect(":memory:")
    create_tables(connection)
    insert(connection, THINGS, thing())
    compiled = compile_rule(rule, SCOPE)
    condition = compiled.sql("sqlite", "t")
    for limits, expected in ((LIMITS, allowed), ({}, False), (None, False), ({"name": "x"}, False)):
        user = {**SOMEBODY, "limits": limits}
        found = connection.execute(f"SELECT 1 FROM things t WHERE {condition.text}", condition.parameters(user, NOW)).fetchall()
        assert compiled.evaluate(thing(), user=user, now=NOW) is expected
        assert bool(found) is expected


def test_a_secret_that_limits_is_known_to_nobody_and_rules_about_users_know_no_row() -> None:
    with pytest.raises(RuleError, match="is secret"):
        compile_rule('user.limits.password == "a"', SCOPE)
    with pytest.raises(RuleError, match="has no 'levl'"):
        compile_rule("user.limits.levl == 1", SCOPE)
    scope = user_scope(DEFINITIONS)
    assert compile_rule("user.operator || user.limits.level > 2", scope).evaluate(
        {}, user={"operator": False, "limits": LIMITS}
    )
    with pytest.raises(RuleError, match="unknown name 'count'"):
        compile_rule("count == 1", scope)


def test_booleans_are_bound_as_the_database_has_them() -> None:
    rule = compile_rule("user.known == published", SCOPE)
    known = rule.sql("sqlite", "t").parameters(SOMEBODY, NOW)
    assert (known, type(known[0])) == ((1,), int)
    assert rule.sql("postgresql", "t").parameters(SOMEBODY, NOW) == (True,)


def test_null_becomes_false_only_where_it_would_show() -> None:
    assert text_of("count > 1 && !(stock > 2)") == '((t."count" > ?) AND ((t."stock" > ?) IS NOT TRUE))'
    assert text_of("(count > 1) == published") == '(((t."count" > ?) IS TRUE) IS t."published")'


def test_a_hop_is_a_subquery_with_a_name_of_its_own() -> None:
    assert text_of("maker.trusted") == '(SELECT t_h."trusted" FROM "makers" AS t_h WHERE t_h."id" = t."maker")'


@pytest.mark.parametrize(
    "rule", ["owner == user.id", "owner in user.principals", "owner == user.id && count > 1", "owner in ['a', 'b']"]
)
def test_owner_rules_are_served_by_an_index(rule: str) -> None:
    connection = sqlite3.connect(":memory:")
    create_tables(connection)
    connection.execute("CREATE INDEX by_owner ON things (owner, id)")
    condition = compile_rule(rule, SCOPE).sql("sqlite", "t")
    plan = connection.execute(
        f"EXPLAIN QUERY PLAN SELECT * FROM things t WHERE {condition.text}",
        condition.parameters(SOMEBODY, NOW),
    ).fetchall()
    connection.close()
    assert any("USING INDEX by_owner" in step[3] for step in plan)


def test_what_the_database_does_not_know_has_no_sql() -> None:
    inputs = {"reason": Attribute(name="reason", type="string")}
    scope = row_scope(DEFINITIONS, THINGS, with_old=True, inputs=inputs)
    for text, place in (
        ("count == old.count", "old.count"),
        ("has(input.reason)", "input.reason"),
        ("slugify(title) == 'a'", "slugify(title)"),
    ):
        rule = compile_rule(text, scope)
        with pytest.raises(RuleError, match="not known to the database") as caught:
            rule.sql("sqlite", "t")
        assert text[caught.value.offset : caught.value.end] == place


def test_a_rule_too_deep_for_the_parser_of_sqlite_is_refused_when_it_is_compiled() -> None:
    for step in ("(1.5 / {})", "(hidden ? ratio : {})", "({} + 1.5)", "-{}"):
        text = "ratio"
        for _ in range(18):
            text = step.format(text)
            assert runs_or_is_refused(compile_rule(f"{text} == 0.5", SCOPE))
    with pytest.raises(RuleError, match="nested too deeply for sqlite"):
        compile_rule("(1.5 / " * 18 + "ratio" + ")" * 18 + " == 0.5", SCOPE).sql("sqlite", "t")


def runs_or_is_refused(rule: Rule) -> bool:
    try:
        condition = rule.sql("sqlite", "t")
    except RuleError:
        return True
    connection = sqlite3.connect(":memory:")
    create_tables(connection)
    where = f"(1 AND (t.id IN (SELECT id FROM things t WHERE (1 AND ({condition.text})))))"
    found = connection.execute(f"SELECT t.id FROM things t WHERE {where}", condition.parameters(SOMEBODY, NOW)).fetchall()
    connection.close()
    return found == []


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("title == 'a' && hidden", '((t."title" = %s::text) AND t."hidden")'),
        ("title < body", '(t."title" COLLATE "C" < t."body")'),
        ("starts < now", '(t."starts" COLLATE "C" < %s::text)'),
        ("stock == count", '(t."stock" IS NOT DISTINCT FROM t."count")'),
        ("price.amount <= 500", "((t.\"price\" ->> 'amount')::bigint <= %s::bigint)"),
        ("owner in tags", '(t."owner" IN (SELECT (e.value #>> \'{}\') FROM jsonb_array_elements(t."tags") AS e(value)))'),
        ("title.startsWith('a')", 'starts_with(t."title", %s::text)'),
        ("count % 2 == 0", '(mod(t."count", nullif(%s::bigint, 0)) = %s::bigint)'),
        ("title.lowerAscii() == ''", '(lower(t."title" COLLATE "C") = %s::text)'),
    ],
)
def test_postgresql_says_it_in_its_own_words(rule: str, expected: str) -> None:
    assert text_of(rule, "postgresql") == expected


def test_every_percent_sign_for_postgresql_is_a_placeholder() -> None:
    rules = ("count % 3 == 1", "title.contains('%')", "ratio * 2 / 3 > 1", "ends + duration('1d') > now", "ports.all(p, p > 1)")
    condition = compile_rule(" && ".join(rules), SCOPE).sql("postgresql", "t")
    assert condition.text.count("%") == condition.text.count("%s") == len(condition.binds)


def test_an_unknown_dialect_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(KeyError):
        compile_rule("hidden", SCOPE).sql("oracle", "t")
