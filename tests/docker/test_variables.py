"""Variables of a template: definitions that hold, and values that fit them."""

from __future__ import annotations

import time
from typing import Any

import pytest

from handlers.docker.checks import check_compose, check_config_files, check_variables
from handlers.docker.patterns import matcher
from handlers.docker.variables import Variable, read_variables, resolve, stand_ins

DEFINITIONS = [
    {"name": "TITLE", "label": "Title", "type": "string", "default": "Shop", "validation": "^[A-Z]"},
    {"name": "COUNT", "type": "number", "default": 3},
    {"name": "DEBUG", "type": "boolean", "default": False},
    {"name": "SIZE", "type": "select", "options": ["small", "large"], "default": "small"},
    {"name": "PASSWORD", "type": "password", "required": True, "description": "For the first user"},
    {"name": "NOTE", "type": "string"},
]


def definitions() -> tuple[Variable, ...]:
    variables, problems = read_variables(DEFINITIONS)
    assert problems == ()
    return variables


def test_defaults_fill_in_what_is_not_given() -> None:
    resolved = resolve(definitions(), {"PASSWORD": "secret", "SIZE": "large", "NOTE": ""})
    assert resolved.problems == ()
    assert resolved.values == {
        "TITLE": "Shop", "COUNT": "3", "DEBUG": "false", "SIZE": "large", "PASSWORD": "secret", "NOTE": "",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"PASSWORD": "x", "TITLE": "shop"}, "does not match the pattern"),
        ({"PASSWORD": "x", "TITLE": "S" * 300}, "longer than 256"),
        ({"PASSWORD": "x", "COUNT": "three"}, "must be a number"),
        ({"PASSWORD": "x", "COUNT": "nan"}, "must be a number"),
        ({"PASSWORD": "x", "DEBUG": "yes"}, "must be true or false"),
        ({"PASSWORD": "x", "SIZE": "huge"}, "not one of its options"),
        ({"PASSWORD": "x", "OTHER": "y"}, "no variable OTHER"),
        ({"PASSWORD": ["x"]}, "must be text"),
        ({"PASSWORD": "x\0y"}, "null character"),
        ({"PASSWORD": "x" * 70_000}, "longer than"),
    ],
)
def test_a_value_that_does_not_fit_is_told_without_repeating_it(given: dict[str, Any], words: str) -> None:
    problems = resolve(definitions(), given).problems
    assert [words in problem.message for problem in problems] == [True]
    assert "huge" not in problems[0].message


@pytest.mark.parametrize("given", [{}, {"PASSWORD": ""}, {"PASSWORD": None}])
def test_a_required_variable_without_a_value_is_missing(given: dict[str, Any]) -> None:
    assert resolve(definitions(), given).missing == ("PASSWORD",)


@pytest.mark.parametrize(
    ("definition", "path", "words"),
    [
        ({"name": "1A", "type": "string"}, (0, "name"), "does not begin with a digit"),
        ({"type": "string"}, (0, "name"), "made of letters"),
        ({"name": "A", "type": "colour"}, (0, "type"), "'colour' is not a type"),
        ({"name": "A", "type": "select"}, (0, "options"), "needs options"),
        ({"name": "A", "type": "select", "options": "x"}, (0, "options"), "list of texts"),
        ({"name": "A", "type": "select", "options": ["x"], "default": "y"}, (0, "default"), "not one of its options"),
        ({"name": "A", "type": "number", "default": "x"}, (0, "default"), "must be a number"),
        ({"name": "A", "type": "string", "default": ["x"]}, (0, "default"), "The default is text"),
        ({"name": "A", "type": "string", "validation": "("}, (0, "validation"), "cannot be read"),
        ({"name": "A", "type": "string", "validation": "(a+)+$"}, (0, "validation"), "repeats something that repeats"),
        ({"name": "A", "type": "string", "validation": "^(a|b*)*$"}, (0, "validation"), "repeats something that repeats"),
        ({"name": "A", "type": "string", "required": "yes"}, (0, "required"), "true or false"),
        ({"name": "A", "type": "string", "secret": True}, (0, "secret"), "not a known key"),
        ("A", (0,), "an object"),
    ],
)
def test_a_definition_that_does_not_hold_is_told_with_its_path(definition: Any, path: tuple[Any, ...], words: str) -> None:
    problems = check_variables([definition], {})
    assert words in problems[0].message
    assert problems[0].path == path


def test_two_variables_of_one_name_are_refused() -> None:
    problems = check_variables([{"name": "A", "type": "string"}, {"name": "A", "type": "number"}], {})
    assert problems[0].path == (1, "name")


@pytest.mark.parametrize("value", [{}, "x", [{"name": f"V{number}", "type": "string"} for number in range(101)]])
def test_a_value_of_another_shape_is_refused(value: Any) -> None:
    assert check_variables(value, {})


def test_a_compose_text_is_checked_with_stand_ins_for_what_nobody_has_given_yet() -> None:
    compose = "services: {a: {image: 'x:$TITLE', mem_limit: $NOTE, environment: {P: $PASSWORD}, cpus: '${COUNT}'}}"
    assert check_compose(compose, {"variables": DEFINITIONS, "resources_cpu_cores": 64}) == []
    assert (
        "UNDECLARED has no value" in check_compose("services: {a: {image: $UNDECLARED}}", {"variables": DEFINITIONS})[0].message
    )
    assert stand_ins(definitions()).get("SIZE") == "small"


def test_the_compose_check_says_where_and_takes_any_value() -> None:
    problems = check_compose("services:\n  a:\n    image: x\n    privileged: true\n", {})
    assert [(each.line, each.column, each.hint is not None) for each in problems] == [(4, 5, True)]
    assert check_compose(5, {})
    assert check_compose("services: {a: {image: x}}", {"variables": "nonsense", "config_files": 5}) == []


@pytest.mark.parametrize(
    ("change", "path", "words"),
    [
        ({"path": "etc/x"}, (0, "path"), "absolute"),
        ({"path": "/etc/../x"}, (0, "path"), "`..`"),
        ({"path": "/etc//x"}, (0, "path"), "shortest form: /etc/x"),
        ({"path": "/etc/"}, (0, "path"), "absolute"),
        ({"path": "/proc/x"}, (0, "path"), "belongs to the kernel"),
        ({"path": 5}, (0, "path"), "not text"),
        ({"mode": "0999"}, (0, "mode"), "octal"),
        ({"mode": 420}, (0, "mode"), "octal"),
        ({"mode": "7777"}, (0, "mode"), "octal"),
        ({"content": "x" * 300_000}, (0, "content"), "larger than 256 KiB"),
        ({"content": None}, (0, "content"), "missing"),
        ({"owner": "root"}, (0, "owner"), "not a known key"),
    ],
)
def test_a_config_file_that_cannot_be_is_told_with_its_path(change: dict[str, Any], path: tuple[Any, ...], words: str) -> None:
    problems = check_config_files([{"name": "f", "path": "/etc/f", "content": "x", "mode": "0644", **change}], {})
    assert words in problems[0].message
    assert problems[0].path == path


def test_config_files_do_not_stand_on_or_in_each_other() -> None:
    def file(path: str) -> dict[str, str]:
        return {"name": "f", "path": path, "content": ""}

    assert check_config_files([file("/a"), file("/b/a"), file("/ab")], {}) == ()
    assert check_config_files([file("/a"), file("/a")], {})[0].path == (1, "path")
    assert "inside /a" in check_config_files([file("/a/b"), file("/a")], {})[0].message


def test_a_pattern_made_to_take_for_ever_takes_no_time() -> None:
    for pattern in ("^(a|a)*b$", ".*.*.*.*x", "[a-z]+[a-y]+[a-x]+[a-w]+!"):
        began = time.perf_counter()
        assert not matcher(pattern)("a" * 256)
        assert time.perf_counter() - began < 0.1
