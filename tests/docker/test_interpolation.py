"""References to variables in the values of a compose file: every form of the specification, and what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.docker.document import read
from handlers.docker.interpolation import Interpolation, InterpolationError, Values, interpolate

KNOWN = Values({"SET": "value", "EMPTY": "", "OTHER": "other", "_under9": "u"})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("$SET", "value"),
        ("${SET}", "value"),
        ("a${SET}b$OTHER.c", "avaluebother.c"),
        ("$_under9!", "u!"),
        ("${EMPTY}", ""),
        ("${SET:-default}", "value"),
        ("${EMPTY:-default}", "default"),
        ("${UNSET:-default}", "default"),
        ("${SET-default}", "value"),
        ("${EMPTY-default}", ""),
        ("${UNSET-default}", "default"),
        ("${UNSET:-}", ""),
        ("${SET:?needed}", "value"),
        ("${EMPTY?needed}", ""),
        ("${SET:+there}", "there"),
        ("${EMPTY:+there}", ""),
        ("${UNSET:+there}", ""),
        ("${EMPTY+there}", "there"),
        ("${UNSET+there}", ""),
        ("${UNSET:-${SET}}", "value"),
        ("${UNSET:-${ALSO_UNSET:-$OTHER}}!", "other!"),
        ("${UNSET:-a{b}", "a{b"),
        ("${SET:+[${OTHER}]}", "[other]"),
        ("${SET:-${UNSET}}", "value"),
        ("${UNSET:+${UNSET:?never}}", ""),
        ("$$SET", "$SET"),
        ("$${SET}", "${SET}"),
        ("$$$SET", "$value"),
        ("${UNSET:-$$}", "$"),
        ("100$", "100$"),
        ("$1 $- $ x", "$1 $- $ x"),
        ("${UNSET:-http://host:80/?a=b}", "http://host:80/?a=b"),
    ],
)
def test_every_form_of_a_reference(text: str, expected: str) -> None:
    assert interpolate(text, KNOWN).text == expected


@pytest.mark.parametrize(
    ("text", "words", "variable", "missing"),
    [
        ("$UNSET", "UNSET has no value", "UNSET", True),
        ("${UNSET}", "UNSET has no value", "UNSET", True),
        ("${UNSET:?say why}", "UNSET needs a value: say why", "UNSET", True),
        ("${EMPTY:?}", "EMPTY needs a value", "EMPTY", True),
        ("${UNSET?${SET}!}", "UNSET needs a value: value!", "UNSET", True),
        ("${SET", "never closed", None, False),
        ("${UNSET:-open", "never closed", None, False),
        ("${", "followed by the name", None, False),
        ("${}", "followed by the name", None, False),
        ("${1A}", "followed by the name", None, False),
        ("${SET.x}", "is followed by '.'", "SET", False),
        ("${SET:=x}", "is followed by ':'", "SET", False),
        ("${UNSET:-" * 11 + "}" * 11, "nested deeper", None, False),
    ],
)
def test_a_reference_that_cannot_be_replaced_says_why(text: str, words: str, variable: str | None, missing: bool) -> None:
    with pytest.raises(InterpolationError) as caught:
        interpolate(text, KNOWN)
    assert words in caught.value.message
    assert (caught.value.variable, caught.value.missing) == (variable, missing)


def test_the_environment_of_this_process_is_never_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STOLEN", "from the control plane")
    with pytest.raises(InterpolationError):
        interpolate("$STOLEN", Values())
    assert interpolate("${STOLEN:-default}", Values()).text == "default"


def test_a_stand_in_marks_the_text_it_is_part_of() -> None:
    values = Values({"KNOWN": "k"}, {"GUESS": "g"})
    assert interpolate("$KNOWN", values).guessed is False
    assert interpolate("$KNOWN$GUESS", values).guessed is True
    assert interpolate("${GUESS:+yes}", values).guessed is True
    assert interpolate("${KNOWN:-$GUESS}", values).guessed is False


def test_keys_are_never_replaced() -> None:
    interpolation = Interpolation(KNOWN)
    tree = interpolation.tree(read("$SET: {labels: {$SET: $SET}, list: [$SET=x]}"))
    assert list(tree.entries) == ["$SET"]
    inner = tree.entries["$SET"].entries
    assert inner["labels"].entries["$SET"].text == "value"
    assert inner["list"].items[0].text == "value=x"


def test_a_short_text_cannot_grow_without_bound() -> None:
    with pytest.raises(InterpolationError, match="grows too large"):
        interpolate("$A" * 50_000, Values({"A": "x" * 1000}))


@given(st.text())
def test_text_with_doubled_dollars_comes_back_as_it_was(text: str) -> None:
    assert interpolate(text.replace("$", "$$"), Values()).text == text


@given(st.text(alphabet="${}:-?+AB_ \n", max_size=40))
def test_any_text_is_replaced_or_refused_and_nothing_else(text: str) -> None:
    try:
        result = interpolate(text, Values({"A": "1", "B": ""}))
    except InterpolationError as error:
        assert error.message
    else:
        assert isinstance(result.text, str)
