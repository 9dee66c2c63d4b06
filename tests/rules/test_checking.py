"""What the checker refuses, where it points, and what it suggests; and what it knows about a rule that passes."""

from __future__ import annotations

import pytest

from engine.model import Attribute
from engine.rules import RuleError, compile_rule, row_scope
from tests.rules.world import DEFINITIONS, SCOPE, THINGS

DURATION = "it is written such as 90s, 1h30m or 2d, at most 36500d"
TIMESTAMP = "it is written such as 2026-01-31T09:30:00Z"
EXISTS = "exists is called on a list, with a word and a condition"


def refused(text: str, expect: str | None = "bool") -> tuple[str, str, str | None]:
    with pytest.raises(RuleError) as caught:
        compile_rule(text, SCOPE, expect=expect)
    error = caught.value
    return text[error.offset : error.end], error.message, error.hint


@pytest.mark.parametrize(
    ("text", "place", "message", "hint"),
    [
        ("publishd && hidden", "publishd", "unknown name 'publishd'", "did you mean 'published'?"),
        ("hidden && maker.trustd", "trustd", "'maker' has no 'trustd'", "did you mean 'trusted'?"),
        ("user.idd == owner", "idd", "'user' has no 'idd'", "did you mean 'id'?"),
        ("price.amuont > 1", "amuont", "'price' has no 'amuont'", "did you mean 'amount'?"),
        ("Published", "Published", "unknown name 'Published'", "did you mean 'published'?"),
        ("hidden == True", "True", "unknown name 'True'", "use true"),
        ("body == None", "None", "unknown name 'None'", "use null"),
        ("qqqqqq", "qqqqqq", "unknown name 'qqqqqq'", None),
        ("size", "size", "unknown name 'size'", "size is a function"),
        (
            "maker.parent.name == 'a'",
            "name",
            "'maker.parent' has nothing inside that a rule can read",
            "a rule follows one relationship, not two",
        ),
        ("title.length == 1", "length", "'title' has nothing inside that a rule can read", None),
        ("old.count == 1", "old", "unknown name 'old'", "the row before a change is known in validations and guards only"),
        (
            "input.count == 1",
            "input",
            "unknown name 'input'",
            "inputs are known in the guards of a transition that declares some",
        ),
        ("token == null", "token", "'token' is secret: rules cannot use it", None),
        ("has(maker.password)", "maker.password", "'maker.password' is secret: rules cannot use it", None),
    ],
)
def test_a_name_that_means_nothing_is_refused(text: str, place: str, message: str, hint: str | None) -> None:
    assert refused(text) == (place, message, hint)


def test_a_group_of_names_is_no_value() -> None:
    place, message, hint = refused("user == null")
    assert (place, message) == ("user", "'user' is no value by itself")
    assert hint is not None
    assert "user.id" in hint


@pytest.mark.parametrize(
    ("text", "place", "message", "hint"),
    [
        ("count", "count", "this must be bool, it is int", None),
        ("!count", "count", "'!' needs a bool, this is int", None),
        ("hidden && title", "title", "'&&' needs a bool, this is string", None),
        ("title ? true : false", "title", "'?' needs a bool, this is string", None),
        ("title == 1", "title == 1", "cannot compare string with int", None),
        ("hidden == 1", "hidden == 1", "cannot compare bool with int", None),
        ("starts < 'x'", "starts < 'x'", "cannot compare time with string", 'write the time as timestamp("…")'),
        ("hidden < published", "hidden", "bools have no order", None),
        ("1 < count < 3", "1 < count", "bools have no order", "join two comparisons with &&"),
        ("price > 5", "price", "a money value can only be compared with null", "compare its .amount or .currency"),
        ("price == discount", "price", "a money value can only be compared with null", "compare its .amount or .currency"),
        ("notes == 'a'", "notes", "a json value can only be compared with null", None),
        ("tags == tags", "tags", "a list<string> works with 'in', size, exists and all only", None),
        (
            "count + title == 1",
            "count + title",
            "'+' does not work on int and string",
            "only two texts, or two numbers, can be added",
        ),
        ("-title == 'a'", "title", "'-' needs a number, this is string", None),
        ("ratio % 2 == 0", "ratio % 2", "'%' works on ints only", None),
        ("null + 1 == 2", "null + 1", "'+' does not work on null and int", None),
        ("(hidden ? 1 : 'a') == 1", "hidden ? 1 : 'a'", "the two branches differ: int and string", None),
        ("1 in tags", "1", "this is int, and the list holds string", None),
        ("0.5 in ports", "0.5", "this is float, and the list holds int", None),
        ("title in title", "title", "'in' needs a list on its right, this is string", None),
        ("title in ['a', 1]", "1", "this is int, and is compared with string", None),
        ("null in [null]", "null", "a null cannot be looked for in a list", None),
        ("[1] == [1]", "[1]", "a list can only stand to the right of 'in'", None),
        ("status == 'runing'", "'runing'", "status is never 'runing'", "did you mean 'running'?"),
        ("kind in ['a', 'zzz']", "'zzz'", "kind is never 'zzz'", "it is one of a, ab, é"),
    ],
)
def test_types_that_do_not_fit_are_refused(text: str, place: str, message: str, hint: str | None) -> None:
    assert refused(text) == (place, message, hint)


@pytest.mark.parametrize(
    ("text", "place", "message", "hint"),
    [
        ("title.startWith('a')", "startWith", "unknown function 'startWith'", "did you mean 'startsWith'?"),
        ("lower(title) == 'a'", "lower", "unknown function 'lower'", "did you mean 'lowerAscii'?"),
        ("startsWith(body, 'a')", "startsWith(body, 'a')", "startsWith is not called like this", 'write name.startsWith("a")'),
        ("title.startsWith()", "title.startsWith()", "startsWith takes 1 argument", 'write name.startsWith("a")'),
        ("size() == 1", "size()", "size takes 1 argument", "write size(name)"),
        ("size(count) == 1", "count", "size needs a string or list, this is int", None),
        ("title.contains(count)", "count", "contains needs a string, this is int", None),
        ("has(title + title)", "has(title + title)", "has takes one name", "write has(name)"),
        ("has('a')", "has('a')", "has takes one name", "write has(name)"),
        ("starts > now - duration(title)", "duration(title)", "duration takes one text, written out", 'write duration("2d")'),
        ("starts > now - duration('2 days')", "'2 days'", "'2 days' is no duration", DURATION),
        ("starts > now - duration('99999d')", "'99999d'", "'99999d' is no duration", DURATION),
        ("starts > timestamp('2026-02-30')", "'2026-02-30'", "'2026-02-30' is no timestamp", TIMESTAMP),
        ("tags.exists(x, x.size())", "x.size()", "'exists' needs a bool, this is int", None),
        ("tags.exists(title, true)", "title", "this must be a new word for the item", "take another, such as 'each'"),
        ("tags.exists(x, tags.all(y, x == y))", "all", "exists and all cannot stand inside each other", None),
        ("tags.exists(x)", "tags.exists(x)", EXISTS, "write names.exists(each, each == 1)"),
        ("title.exists(x, true)", "title", "exists needs a list attribute, this is string", None),
        ("tags.exists(x, true) && x == 'a'", "x", "unknown name 'x'", None),
    ],
)
def test_calls_that_make_no_sense_are_refused(text: str, place: str, message: str, hint: str | None) -> None:
    assert refused(text) == (place, message, hint)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("now - starts > duration('2d')", 'compare instead, as in created_at < now - duration("2d")'),
        ("starts > duration('2d')", 'move the duration to the other side, as in created_at < now - duration("2d")'),
        ("duration('2d') - starts == null", 'a duration can be added to or taken from a time, as in now - duration("2d")'),
        ("count + duration('2d') == null", 'a duration can be added to or taken from a time, as in now - duration("2d")'),
    ],
)
def test_durations_stand_beside_times_only(text: str, hint: str) -> None:
    assert refused(text)[2] == hint


def test_a_rule_tells_its_type_its_names_and_the_rows_it_needs() -> None:
    rule = compile_rule("maker.trusted && maker.fee.amount < count || owner in user.principals", SCOPE)
    assert (rule.type, rule.nullable) == ("bool", False)
    assert rule.names == {"maker.trusted", "maker.fee.amount", "count", "owner", "user.principals"}
    assert rule.relationships == {"maker"}


@pytest.mark.parametrize(
    ("text", "kind", "nullable"),
    [
        ("count + 1", "int", False),
        ("stock + 1", "int", True),
        ("count / 2", "int", False),
        ("2 / count", "int", True),
        ("count * ratio", "float", False),
        ("size(title)", "int", False),
        ("maker", "string", True),
        ("owner", "string", False),
        ("maker.name", "string", True),
        ("size_limit", "int", False),
        ("hidden ? 1 : null", "int", True),
        ("starts + duration('1h')", "time", True),
        ("slugify(title)", "string", False),
        ("hidden", "bool", True),
        ("!hidden", "bool", False),
        ("null", "null", True),
        ("price", "money", False),
        ("tags", "list<string>", False),
        ("notes", "json", True),
    ],
)
def test_a_value_rule_has_a_type_and_may_be_null(text: str, kind: str, nullable: bool) -> None:
    rule = compile_rule(text, SCOPE, expect=None)
    assert (rule.type, rule.nullable) == (kind, nullable)


def test_an_expected_type_other_than_bool_is_enforced_and_ints_become_floats() -> None:
    assert compile_rule("count", SCOPE, expect="float").type == "float"
    assert refused("title", expect="int") == ("title", "this must be int, it is string", None)


def test_the_row_before_and_inputs_are_names_where_they_exist() -> None:
    inputs = {"reason": Attribute(name="reason", type="string", required=True), "fee": Attribute(name="fee", type="money")}
    scope = row_scope(DEFINITIONS, THINGS, with_old=True, inputs=inputs)
    rule = compile_rule(
        "old.price.amount < price.amount && input.fee.amount > 1 && input.reason != '' && old.status != status", scope
    )
    assert rule.names >= {"old.price.amount", "input.fee.amount", "input.reason", "old.status"}
    assert scope.names["old.count"].nullable
    assert not scope.names["input.reason"].nullable
    assert "old.maker.name" not in scope.names


def test_the_scope_follows_the_definitions() -> None:
    names = {name: (each.type, each.nullable, each.origin) for name, each in SCOPE.names.items()}
    assert names["status"] == ("string", False, "row")
    assert names["created_at"] == ("time", False, "row")
    assert names["maker.created_at"] == ("time", True, "related")
    assert names["maker.parent"] == ("string", True, "related")
    assert names["published"] == ("bool", False, "row")
    assert names["shares"] == ("list<float>", True, "row")
    assert names["notes"] == ("json", True, "row")
    assert names["token"] == ("secret", True, "row")
    assert names["discount.currency"] == ("string", True, "row")
    assert names["user.principals"] == ("list<string>", False, "user")
    assert names["now"] == ("time", False, "now")
    assert "owner.id" not in names
