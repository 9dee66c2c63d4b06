"""Values against their definitions: each mistake is told of once, however many keywords of the schema find it."""

import pytest

from engine.model import Attribute
from engine.service.validation import Values


@pytest.mark.parametrize("kind", ["email", "url", "hostname", "timestamp"])
@pytest.mark.parametrize("value", ["not one\nat all", "", "a b", "-", "http:// /"])
def test_a_value_of_the_wrong_form_is_one_mistake(kind: str, value: str) -> None:
    values = Values({"it": Attribute(name="it", type=kind)}, base="/data/attributes")
    found = values.problems({"it": value}, complete=False)
    assert [(each.error_code, each.pointer) for each in found if each.error_code == "wrong_format"] == [
        ("wrong_format", "/data/attributes/it")
    ]


def test_the_same_mistake_in_two_values_is_two() -> None:
    values = Values({name: Attribute(name=name, type="email") for name in ("a", "b")}, base="/data/attributes")
    found = values.problems({"a": "x y", "b": "x y"}, complete=False)
    assert sorted(str(each.pointer) for each in found) == ["/data/attributes/a", "/data/attributes/b"]
