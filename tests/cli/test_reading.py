"""Lists, single resources, descriptions: what people see, and what programs get, of a real server."""

from __future__ import annotations

import json

import pytest
from ruamel.yaml import YAML

from tests.cli.house import House


@pytest.fixture(scope="module")
def stocked(served: House) -> House:
    """Somebody with four errands, of which two go into a basket, and a stranger with one."""
    served.make("baskets", "name=blue", "title=The blue basket")
    for number, size in enumerate(("small", "large", "small", "large"), 1):
        basket = ["basket=blue"] if number < 3 else []
        served.make("errands", f"name=read-{number}", f"price={number}.50", f"size={size}", *basket, who="rita")
    served.make("errands", "name=strange", who="bob")
    return served


def table(text: str) -> list[list[str]]:
    """The cells of a table without the ids, the head first."""
    return [line.split("  ")[1:] for line in (line.strip() for line in text.splitlines())]


def names(house: House, *words: str) -> list[str]:
    """The names in a list, in its order."""
    return [each["attributes"]["name"] for each in house.done("get", "errands", *words, "--json", who="rita").document["data"]]


def test_a_list_has_the_columns_of_the_definition_and_the_names_of_what_is_linked(stocked: House) -> None:
    seen = stocked.done("get", "errands", "--sort", "name", who="rita").out
    lines = [line.split() for line in seen.splitlines()]
    assert lines[0] == ["ID", "NAME", "BASKET", "PRICE", "STATUS"]
    assert lines[1][1:] == ["read-1", "The", "blue", "basket", "1.50", "EUR", "idle"]
    assert lines[3][1:] == ["read-3", "–", "3.50", "EUR", "idle"]
    assert len(lines) == 5
    assert "strange" not in seen
    assert not any(line.endswith(" ") for line in seen.splitlines())


def test_filters_are_typed_by_the_schema_and_go_along_relationships(stocked: House) -> None:
    assert names(stocked, "--where", "size=large", "--sort", "-price") == ["read-4", "read-2"]
    assert names(stocked, "--where", "price.ge=2.50", "--where", "price.lt=4.5 EUR", "--sort", "name") == ["read-2", "read-3"]
    assert names(stocked, "--where", "basket=blue", "--sort", "name") == ["read-1", "read-2"]
    assert names(stocked, "--where", "basket.title.contains=BLUE", "--sort", "name") == ["read-1", "read-2"]
    assert names(stocked, "--where", "basket.null=true", "--sort", "name") == ["read-3", "read-4"]
    assert names(stocked, "--where", "name.in=read-1,read-4", "--sort", "name") == ["read-1", "read-4"]
    assert names(stocked, "--where", "created_at.gt=2020-01-01", "--where", "urgent=no", "--limit", "1", "--sort", "name") == [
        "read-1"
    ]


def test_pages_are_followed_to_the_end(stocked: House) -> None:
    for word in ("a", "b"):
        stocked.make("baskets", f"name=page-{word}", "title=Page")
    some = stocked.done("get", "baskets", "--limit", "1")
    assert len(some.out.splitlines()) == 2
    assert "There are more" in some.err
    everything = stocked.done("get", "baskets", "--all", "--json").document["data"]
    assert {"page-a", "page-b", "blue"} <= {each["attributes"]["name"] for each in everything}


def test_fields_and_included_resources_can_be_chosen(stocked: House) -> None:
    assert stocked.done("get", "errands", "--fields", "name,due", who="rita").out.splitlines()[0].split() == [
        "ID",
        "NAME",
        "DUE",
    ]
    assert stocked.done("get", "errands", "--fields", "id", who="rita").out.splitlines()[0] == "ID"
    document = stocked.done(
        "get", "errands/read-1", "--fields", "name,basket", "--include", "basket", "--json", who="rita"
    ).document
    assert document["data"]["attributes"] == {"name": "read-1"}
    assert [each["attributes"]["title"] for each in document["included"]] == ["The blue basket"]


def test_a_resource_is_named_by_its_id_or_by_what_is_unique(stocked: House) -> None:
    by_name = stocked.done("get", "errands/read-1", "--json", who="rita").document["data"]
    by_id = stocked.done("get", f"errands/{by_name['id']}", "--yaml", who="rita")
    assert YAML(typ="safe", pure=True).load(by_id.out)["data"] == by_name
    stocked.make("errands", "name=twice", who="rita")
    stocked.make("errands", "name=twice", who="bob")
    assert stocked.done("get", "errands/twice", who="rita").out.splitlines()[1].split()[1] == "twice"
    operator = stocked.raw("get", "errands/twice", "--local", token=None)
    assert (operator.code, operator.out) == (1, "")
    assert "errands/twice could be 2 resources: erra_" in operator.err


def test_what_is_not_there_and_what_may_not_be_seen_look_the_same(stocked: House) -> None:
    for name in ("strange", "nowhere"):
        seen = stocked.run("get", f"errands/{name}", who="rita")
        assert (seen.code, seen.out) == (1, "")
        assert seen.err.splitlines()[0] == f"Error: There is no errands/{name}, or none that you may see"


def test_what_was_meant_is_guessed(stocked: House) -> None:
    for words, wrong, right in (
        (("get", "errand"), "'errand'", "errands"),
        (("get", "errands", "--where", "prise=5"), "'prise'", "price"),
        (("get", "errands", "--sort", "-nam"), "'nam'", "name"),
        (("get", "errands", "--where", "price.gte=5"), "'gte'", "gt"),
        (("get", "errands", "--fields", "statu"), "'statu'", "status"),
        (("do", "strat", "errands/read-1"), "'strat'", "start"),
        (("explain", "errands.prce"), "'prce'", "price"),
        (("wait", "errands/read-1", "--for", "status=bak"), "'bak'", "back"),
    ):
        seen = stocked.run(*words, who="rita")
        assert (seen.code, seen.out) == (2, ""), words
        assert wrong in seen.err, words
        assert f"Hint: Did you mean {right}?" in seen.err, words


def test_errors_are_json_too_where_that_is_asked_for(stocked: House) -> None:
    seen = stocked.run("get", "errands/nowhere", "--json")
    assert (seen.code, seen.err, [each["code"] for each in seen.document["errors"]]) == (1, "", ["not_found"])
    unknown = stocked.run("get", "errand", "--json").document["errors"]
    assert unknown == [
        {"code": "unknown", "detail": "There is no resource type 'errand'", "meta": {"hint": "Did you mean errands?"}}
    ]


def test_nobody_sees_little_and_is_told_why(stocked: House) -> None:
    seen = stocked.raw("get", "errands", token=None)
    assert (seen.code, seen.out) == (0, "")
    assert "who you are is not known" in seen.err
    refused = stocked.raw("create", "errands", "name=x", token=None)
    assert refused.code == 1
    assert "HOSTER_TOKEN" in refused.err
    wrong = stocked.raw("get", "errands", token="hoster_wrong")
    assert wrong.code == 1
    assert "(invalid_token)" in wrong.err


def test_a_description_tells_all_of_a_resource(stocked: House) -> None:
    stocked.done("set", "errands/read-1", "note=One line\nand another", "pin=1234", who="rita")
    seen = stocked.done("describe", "errands/read-1", who="rita").out
    for text in (
        "status: idle, Nobody is on the way",
        "price       1.50 EUR",
        "  note:\n    One line\n    and another\n",
        "basket    The blue basket  (baskets/bask_",
        "customer  rita@example.org  (users/user_",
        "pin         ••••••, never shown",
        "✓ start, Send somebody",
        "inputs: shoes, budget",
        "created as idle",
        "rita@example.org",
    ):
        assert text in seen, text
    assert "1234" not in seen


def test_a_description_says_what_cannot_be_done_and_why(stocked: House) -> None:
    stocked.make("errands", "name=heavy", "count=9", who="rita")
    seen = stocked.done("describe", "errands/heavy", who="rita").out
    assert "✗ start, Send somebody\n      Nobody can carry nine (guard_failed)" in seen
    document = stocked.done("describe", "errands/heavy", "--json", who="rita").document
    assert {*document} == {"data", "included", "actions", "events"}


def test_a_type_is_described(stocked: House) -> None:
    seen = stocked.done("describe", "errands").out
    for text in (
        "Something to be fetched",
        "What it may cost",
        "Where it is put",
        "walking  Somebody is on the way",
        "Send somebody",
    ):
        assert text in seen, text
    assert json.loads(stocked.done("describe", "errands", "--json").out)["data"]["name"] == "errands"


def test_a_field_is_explained(stocked: House) -> None:
    price = stocked.done("explain", "errands.price").out
    for text in (
        "errands.price: attribute, What it may cost",
        "type             money",
        "currency         EUR",
        "set by           people",
    ):
        assert text in price, text
    assert "set by           the server" in stocked.done("explain", "errands.found").out
    assert "you may set it   yes at creation, no later" in stocked.done("explain", "errands.size").out
    assert "you may read it  no" in stocked.done("explain", "errands.pin").out
    start = stocked.done("explain", "errands.start").out
    assert "needs            Nobody can carry nine" in start or "Nobody can carry nine" in start
    assert "input shoes" in start
    assert "values   boots, sandals" in start or "boots, sandals" in start
    assert stocked.done("explain", "errands.basket", "--json").document["data"]["to"] == "baskets"


def test_the_other_form_of_explain_still_asks_why_somebody_may_not(stocked: House) -> None:
    row = stocked.done("get", "errands/read-1", "--json", who="rita").document["data"]["id"]
    may = stocked.raw("explain", "--as", "rita@example.org", "start", f"errands/{row}", token=None)
    assert (may.code, may.out.splitlines()[0]) == (0, f"rita@example.org can start errands/{row}")
    may_not = stocked.raw("explain", "--as", "bob@example.org", "start", f"errands/{row}", token=None)
    assert may_not.code in (1, 2)
    for words in (("explain", "start", "errands/x"), ("explain", "--as", "operator", "start"), ("explain", "errands")):
        assert stocked.raw(*words, token=None).code == 2, words
