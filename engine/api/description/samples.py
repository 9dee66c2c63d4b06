"""A value for each schema, the same every time: what the examples of the description are made of.

Whatever comes out has been held against the schema; where nothing fits, there is no example rather than a wrong one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib import import_module
from typing import Any

import jsonschema_rs

from engine.model import Attribute
from engine.types import TYPES

_parser: Any = import_module("re._parser")
sre: Any = import_module("re._constants")
"""The parsed form of a pattern, for which Python has no public name."""

NOTHING: Any = object()
"""What stands for "no example"."""

MOMENT = "2026-01-31T09:30:00.000Z"
FUTURE = "2040-01-31T09:30:00.000Z"
"""For times that clients send: deadlines and the like, which must not be over."""

DIGITS = "01kg8w5h6q9z3x7c2v4b5n6m7p"
_WORDS = {
    "email": "ann@example.org", "url": "https://example.org/", "hostname": "app.example.org", "semver": "1.4.0",
    "timestamp": FUTURE,
}  # fmt: skip


def sample_id(prefix: str) -> str:
    """An id as the server makes them."""
    return prefix + DIGITS


def sample(attribute: Attribute) -> Any:
    """A value of the attribute, or `NOTHING`."""
    schema = TYPES[attribute.type].schema(attribute)
    candidates = [attribute.default, *attribute.values[:1], _WORDS.get(attribute.type)]
    if attribute.type in ("string", "text", "slug", "secret"):
        word = attribute.name.replace("_", " ")
        candidates += [f"My {word}", f"my-{word.replace(' ', '-')}", "Example", "example", "1"]
    candidates.append(of_schema(schema))
    return _first_that_fits(candidates, schema)


def _first_that_fits(candidates: list[Any], schema: Any) -> Any:
    validator = jsonschema_rs.Draft202012Validator(schema, validate_formats=True)
    fitting = (each for each in candidates if each is not None and each is not NOTHING and validator.is_valid(each))
    return next(fitting, NOTHING)


def of_schema(schema: Any, depth: int = 0) -> Any:
    """A value that tries to fit a JSON Schema; small, and `None` where the schema is beyond this."""
    if not isinstance(schema, Mapping) or depth > 8:
        return None
    for key in ("default", "const"):
        if key in schema:
            return schema[key]
    for key in ("examples", "enum"):
        if schema.get(key):
            return schema[key][0]
    for key in ("anyOf", "oneOf", "allOf"):
        if schema.get(key):
            return of_schema(schema[key][0], depth + 1)
    kind = schema.get("type")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind is None:
        kind = next((name for key, name in _HINTS.items() if key in schema), None)
    return _MAKERS[kind](schema, depth) if kind in _MAKERS else None


_HINTS = {"properties": "object", "additionalProperties": "object", "items": "array", "pattern": "string", "minimum": "number"}


def _object(schema: Mapping[str, Any], depth: int) -> dict[str, Any]:
    properties = schema.get("properties", {})
    return {name: of_schema(properties.get(name, {}), depth + 1) for name in schema.get("required", ())}


def _array(schema: Mapping[str, Any], depth: int) -> list[Any]:
    return [of_schema(schema.get("items", {}), depth + 1)] * max(1, schema.get("minItems", 0))


def _number(schema: Mapping[str, Any], depth: int) -> Any:
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and low >= -1_000_000:
        return max(low, 1) if high is None or high >= 1 else low
    return min(1, high) if high is not None else 1


def _string(schema: Mapping[str, Any], depth: int) -> str:
    if "pattern" in schema:
        return fitting(schema["pattern"])
    return str("example".ljust(schema.get("minLength", 0), "e")[: schema.get("maxLength", 255)])


_MAKERS: dict[Any, Any] = {
    "object": _object, "array": _array, "integer": _number, "number": _number, "string": _string,
    "boolean": lambda schema, depth: True,
}  # fmt: skip


def fitting(pattern: str) -> str:
    """A short text that matches a pattern; empty where the pattern is beyond this."""
    try:
        return _joined(_parser.parse(pattern))
    except (re.error, KeyError, RecursionError, OverflowError):
        return ""


def _written(part: Any) -> str:
    operation, value = part
    if operation is sre.LITERAL:
        return chr(value)
    if operation in (sre.NOT_LITERAL, sre.ANY):
        return "a" if value != ord("a") else "b"
    if operation is sre.IN:
        return _one_of(value)
    if operation in (sre.MAX_REPEAT, sre.MIN_REPEAT):
        least, _, inner = value
        return _joined(inner) * int(least)
    if operation is sre.SUBPATTERN:
        return _joined(value[-1])
    return _joined(value[1][0]) if operation is sre.BRANCH else ""


def _joined(parts: Any) -> str:
    return "".join(_written(each) for each in parts)


def _one_of(choices: Any) -> str:
    if choices[0][0] is sre.NEGATE:
        return next((each for each in "aA0-_ ~" if not any(_holds(choice, ord(each)) for choice in choices[1:])), "")
    found = (each for each in "eaA1 ._-" + _starts(choices) if any(_holds(choice, ord(each)) for choice in choices))
    return next(found, "")


def _starts(choices: Any) -> str:
    firsts = (value if operation is sre.LITERAL else value[0] for operation, value in choices if operation is not sre.CATEGORY)
    return "".join(map(chr, firsts))


def _holds(choice: Any, code: int) -> bool:
    operation, value = choice
    if operation is sre.LITERAL:
        return bool(value == code)
    if operation is sre.RANGE:
        return bool(value[0] <= code <= value[1])
    category = {"CATEGORY_DIGIT": str.isdigit, "CATEGORY_WORD": str.isalnum, "CATEGORY_SPACE": str.isspace}.get(str(value))
    return category is not None and category(chr(code))
