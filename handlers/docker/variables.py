"""A template's variables: their definitions, checked, and the values a deployment gives, checked against them.

Values are text, because that is what a compose file and an environment hold; a number is text that reads as one. A
definition's `validation` is a pattern from a stranger, so its length and that of the value it meets are bounded.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from engine.commands.registry import Problem
from handlers.docker.interpolation import Values
from handlers.docker.patterns import matcher

TYPES = ("string", "number", "boolean", "password", "select")
KEYS = ("name", "label", "description", "type", "default", "required", "options", "validation")
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
MAX_VARIABLES = 100
MAX_VALUE = 8192
MAX_PATTERN = 200
MAX_MATCHED = 256
#: Repetition of something that repeats, the shape that makes a short pattern take for ever: `(a+)+`, `(a|b*)*`.
_NESTED_REPETITION = re.compile(r"[*+}][^()]*\)\s*[*+{]")


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable of a template."""

    name: str
    label: str = ""
    type: str = "string"
    default: str | None = None
    required: bool = False
    options: tuple[str, ...] = ()
    validation: str | None = None

    @property
    def title(self) -> str:
        """What people call it."""
        return f"{self.label} ({self.name})" if self.label else self.name


@dataclass(frozen=True, slots=True)
class Resolved:
    """The values of a deployment's variables; `missing` names required ones without a value."""

    values: Mapping[str, str]
    problems: tuple[Problem, ...] = ()
    missing: tuple[str, ...] = ()


def read_variables(value: Any) -> tuple[tuple[Variable, ...], tuple[Problem, ...]]:
    """The definitions that can be read, and what is wrong with the others."""
    if value is None:
        return (), ()
    if not isinstance(value, list):
        return (), (Problem("The variables are a list of definitions"),)
    if len(value) > MAX_VARIABLES:
        return (), (Problem(f"More than {MAX_VARIABLES} variables"),)
    found: dict[str, Variable] = {}
    problems: list[Problem] = []
    for index, entry in enumerate(value):
        variable, wrong = _read(entry, index)
        problems.extend(wrong)
        if variable is None:
            continue
        if variable.name in found:
            problems.append(
                Problem(f"The variable {variable.name} is defined twice", (index, "name"), hint="Keep one of the two")
            )
        found.setdefault(variable.name, variable)
    return tuple(found.values()), tuple(problems)


def resolve(definitions: Sequence[Variable], given: Mapping[str, Any]) -> Resolved:
    """Fill in defaults and check what is given; an empty value counts as none."""
    values: dict[str, str] = {}
    problems: list[Problem] = []
    missing: list[str] = []
    known = {variable.name for variable in definitions}
    for name in given:
        if name not in known:
            problems.append(
                Problem(f"The template has no variable {name}", (name,), hint=f"Known: {', '.join(sorted(known)) or 'none'}")
            )
    for variable in definitions:
        raw = given.get(variable.name)
        value = as_text(raw)
        if raw is not None and value is None:
            problems.append(Problem(f"{variable.title} must be text", (variable.name,)))
        elif value:
            problems.extend(check_value(variable, value, (variable.name,)))
            values[variable.name] = value
        elif variable.default is not None:
            values[variable.name] = variable.default
        elif variable.required:
            missing.append(variable.name)
            problems.append(Problem(f"{variable.title} needs a value", (variable.name,), hint="Set it on the deployment"))
        else:
            values[variable.name] = ""
    return Resolved(values, tuple(problems), tuple(missing))


def stand_ins(definitions: Sequence[Variable]) -> Values:
    """What a compose file can be checked with before anybody has given values."""
    guesses = {"number": "1", "boolean": "true", "password": "password", "string": "text"}
    return Values(
        {variable.name: variable.default for variable in definitions if variable.default is not None},
        {
            variable.name: variable.options[0] if variable.options else guesses.get(variable.type, "text")
            for variable in definitions
            if variable.default is None
        },
    )


def check_value(variable: Variable, value: str, path: tuple[str | int, ...]) -> list[Problem]:
    """What is wrong with a value; the value itself is never repeated, because it may be a password."""
    if len(value) > MAX_VALUE or "\0" in value:
        return [Problem(f"{variable.title} is longer than {MAX_VALUE} characters, or holds a null character", path)]
    if variable.type == "number" and not _is_number(value):
        return [Problem(f"{variable.title} must be a number", path)]
    if variable.type == "boolean" and value not in {"true", "false"}:
        return [Problem(f"{variable.title} must be true or false", path)]
    if variable.type == "select" and value not in variable.options:
        return [Problem(f"{variable.title} is not one of its options", path, hint=f"Options: {', '.join(variable.options)}")]
    if variable.validation is not None:
        if len(value) > MAX_MATCHED:
            return [Problem(f"{variable.title} is longer than {MAX_MATCHED} characters", path)]
        if not matcher(variable.validation)(value):
            return [Problem(f"{variable.title} does not match the pattern {variable.validation}", path)]
    return []


def as_text(value: Any) -> str | None:
    """A JSON scalar as text, None for anything else."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, (str, int, float)) else None


def _is_number(value: str) -> bool:
    try:
        return Decimal(value).is_finite()
    except InvalidOperation:
        return False


def _read(entry: Any, index: int) -> tuple[Variable | None, list[Problem]]:
    if not isinstance(entry, dict):
        return None, [Problem("A variable is an object with a name and a type", (index,))]
    problems = [
        Problem(f"{key!r} is not a known key", (index, str(key)), hint=f"Known: {', '.join(KEYS)}")
        for key in entry
        if key not in KEYS
    ]
    name = entry.get("name")
    if not isinstance(name, str) or not NAME.fullmatch(name):
        problems.append(
            Problem("The name is made of letters, digits and `_`, and does not begin with a digit", (index, "name"))
        )
        return None, problems
    kind = entry.get("type", "string")
    if kind not in TYPES:
        problems.append(Problem(f"{kind!r} is not a type of variable", (index, "type"), hint=f"Types: {', '.join(TYPES)}"))
        return Variable(name), problems
    variable = Variable(
        name=name,
        label=_optional_text(entry, "label", index, problems) or "",
        type=kind,
        default=_default(entry, index, problems),
        required=entry.get("required") is True,
        options=_options(entry, kind, index, problems),
        validation=_pattern(entry, index, problems),
    )
    if entry.get("required") not in {True, False, None}:
        problems.append(Problem("`required` is true or false", (index, "required")))
    if variable.default:
        problems.extend(check_value(variable, variable.default, (index, "default")))
    return variable, problems


def _optional_text(entry: Mapping[str, Any], key: str, index: int, problems: list[Problem]) -> str | None:
    value = entry.get(key)
    if value is not None and not isinstance(value, str):
        problems.append(Problem(f"`{key}` is text", (index, key)))
        return None
    return value


def _default(entry: Mapping[str, Any], index: int, problems: list[Problem]) -> str | None:
    value = entry.get("default")
    text = as_text(value)
    if value is not None and text is None:
        problems.append(Problem("The default is text, a number, or true or false", (index, "default")))
    if text == "" and entry.get("required") is True:
        return None
    return text


def _options(entry: Mapping[str, Any], kind: str, index: int, problems: list[Problem]) -> tuple[str, ...]:
    options = entry.get("options") or []
    texts = [as_text(option) for option in options] if isinstance(options, list) else [None]
    found = tuple(text for text in texts if text)
    if len(found) != len(texts):
        problems.append(Problem("The options are a list of texts", (index, "options")))
    if kind == "select" and not found:
        problems.append(
            Problem("A select needs options to choose from", (index, "options"), hint='Add `"options": ["small", "large"]`')
        )
    return found


def _pattern(entry: Mapping[str, Any], index: int, problems: list[Problem]) -> str | None:
    pattern = _optional_text(entry, "validation", index, problems)
    if not pattern:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            re.compile(pattern)
        matcher(pattern)
    except (re.error, Warning, RecursionError, OverflowError, ValueError) as error:
        problems.append(Problem(f"The pattern cannot be read: {error}", (index, "validation")))
        return None
    if len(pattern) > MAX_PATTERN or _NESTED_REPETITION.search(pattern):
        problems.append(
            Problem(
                "The pattern is too long, or repeats something that repeats", (index, "validation"), hint="Write it more simply"
            )
        )
        return None
    return pattern
