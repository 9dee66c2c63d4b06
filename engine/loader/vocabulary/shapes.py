"""Building blocks of the language's JSON Schema."""

from __future__ import annotations

from typing import TypeAlias

from engine.model import JSON

Schema: TypeAlias = dict[str, JSON]

NAME: Schema = {
    "type": "string",
    "pattern": "^[a-z][a-z0-9_]{0,62}$",
    "patternErrorMessage": "a name has up to 63 lower-case letters, digits and underscores, and begins with a letter",
}
FUNCTION: Schema = {
    "type": "string",
    "pattern": r"^[a-z][a-z0-9_]{0,62}(\.[a-z][a-z0-9_]{0,62}){0,3}$",
    "patternErrorMessage": "a function's name is like lamps.warm: lower-case words joined by dots",
}
DURATION: Schema = {
    "type": "string",
    "pattern": r"^[0-9]{1,9}(\.[0-9]{1,3})?(ms|s|m|h|d)$",
    "patternErrorMessage": "a duration is a number and a unit, such as 500ms, 30s, 15m, 2h or 7d",
}
RULE: Schema = {"type": "string", "minLength": 1, "maxLength": 2000}
TEXT: Schema = {"type": "string", "minLength": 1, "maxLength": 2000}
FLAG: Schema = {"type": "boolean"}
NAMES: Schema = {"type": "array", "items": {**NAME}, "uniqueItems": True}


def described(shape: Schema, description: str, **more: JSON) -> Schema:
    """`shape` with a description and perhaps a few more keywords."""
    return {**shape, **more, "description": description}


def record(keywords: Schema, required: tuple[str, ...] = ()) -> Schema:
    """A mapping with exactly these keys."""
    shape: Schema = {"type": "object", "properties": keywords, "additionalProperties": False}
    return {**shape, "required": list(required)} if required else shape


def mapping_of(value: Schema) -> Schema:
    """A mapping from names to values of one shape."""
    return {"type": "object", "propertyNames": {**NAME}, "additionalProperties": value}


def reference(name: str, description: str | None = None) -> Schema:
    """A reference to a definition of the language."""
    shape: Schema = {"$ref": f"#/$defs/{name}"}
    return shape if description is None else {**shape, "description": description}
