"""JSON Schemas of single values: as a client sends them, as the server shows them, as text in a query string."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from engine.model import Attribute
from engine.types import MAX_INTEGER, TIMESTAMP, TYPES

Schema: TypeAlias = dict[str, Any]

NO_NUL = "^[^\\u0000]*$"
"""No database keeps a NUL inside a text, so none is let in."""

_CONSTRAINTS = ("minLength", "maxLength", "pattern", "allOf", "minimum", "maximum")
_BY_NAME = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")
_PLAIN = ("enum", "const", "default", "examples", "example", "required", "dependentRequired")


def sent(attribute: Attribute, typed: Schema | None = None) -> Schema:
    """The schema of a value that a client sends; `typed` stands for the one of its type, where that is kept elsewhere."""
    schema = _described(attribute, _typed(attribute) if typed is None else typed)
    if is_hidden(attribute):
        schema["writeOnly"] = True
    if attribute.default is not None:
        schema["default"] = attribute.default
    return schema if attribute.required or attribute.default is not None else nullable(schema)


def shown(attribute: Attribute, typed: Schema | None = None) -> Schema:
    """The schema of a value that the server shows."""
    schema = _typed(attribute) if typed is None else typed
    if attribute.computed is not None or attribute.default_rule is not None:
        schema = {key: value for key, value in schema.items() if key not in _CONSTRAINTS}  # what a rule gives is not measured
    schema = _described(attribute, schema)
    if attribute.set_by == "system" or attribute.computed is not None:
        schema["readOnly"] = True
    return schema if attribute.required else nullable(schema)


def is_hidden(attribute: Attribute) -> bool:
    """Whether the value is never shown."""
    return attribute.concealed


def is_settable(attribute: Attribute) -> bool:
    """Whether a client may send a value for it."""
    return attribute.set_by == "user" and attribute.computed is None and attribute.type != "token"


def nullable(schema: Schema) -> Schema:
    """The schema, or null."""
    outer: Schema = {key: schema[key] for key in ("description", "readOnly", "writeOnly", "deprecated") if key in schema}
    inner = {key: value for key, value in schema.items() if key not in outer}
    if not inner:
        return outer
    if isinstance(inner.get("type"), str) and "enum" not in inner and "const" not in inner:
        return {**outer, **inner, "type": [inner["type"], "null"]}
    return {**outer, "anyOf": [inner, {"type": "null"}]}


def as_text(kind: str, operator: str) -> Schema:
    """The schema of a filter's value by the attribute's type and the operator."""
    if operator == "null" or (kind == "boolean" and operator != "in"):
        return {"type": "boolean"}
    if operator == "in":
        return {"type": "string", "pattern": _TEXTS.get(kind, ("", NO_NUL))[1]}
    if kind in ("integer", "money"):
        return {"type": "integer", "minimum": -(2**63), "maximum": 2**63 - 1}
    if kind in _TEXTS:
        described = {"type": "string", "pattern": _TEXTS[kind][0]}
        return {**described, "format": "date-time"} if kind == "timestamp" else described
    return {"type": "string", "pattern": NO_NUL}


def _several(one: str) -> str:
    return f"^({one})(,({one})){{0,499}}$"


_WHOLE, _FRACTION = "-?[0-9]{1,18}", r"-?[0-9]{1,18}(\.[0-9]{1,18})?"
_TIME = TIMESTAMP.removeprefix("^").removesuffix("$")
_TEXTS = {
    "integer": (f"^{_WHOLE}$", _several(_WHOLE)),
    "money": (f"^{_WHOLE}$", _several(_WHOLE)),
    "number": (f"^{_FRACTION}$", _several(_FRACTION)),
    "boolean": ("^(true|false)$", _several("true|false")),
    "timestamp": (TIMESTAMP, _several(_TIME)),
}


def moved(attribute: Attribute, place: str) -> Schema:
    """The schema of a json attribute as it stands at `place`: references to parts of its own lead there."""
    return dict(_moved(TYPES[attribute.type].schema(attribute), place))


def _typed(attribute: Attribute) -> Schema:
    schema: Schema = dict(TYPES[attribute.type].schema(attribute))
    if attribute.type in ("string", "text", "secret") and "pattern" not in schema and "allOf" not in schema:
        schema["pattern"] = NO_NUL
    if schema.get("maximum") == MAX_INTEGER and schema.get("minimum") == -MAX_INTEGER:
        schema["format"] = "int64"
    return schema


def _described(attribute: Attribute, schema: Schema) -> Schema:
    return {"description": attribute.description, **schema} if attribute.description else dict(schema)


def _moved(schema: Any, place: str) -> Any:
    if isinstance(schema, list):
        return [_moved(each, place) for each in schema]
    if not isinstance(schema, Mapping):
        return schema
    moved: Schema = {}
    for key, value in schema.items():
        if key == "$schema":
            continue
        if key == "$ref" and isinstance(value, str) and (value == "#" or value.startswith("#/")):
            moved[key] = place + value[1:]
        elif key in _BY_NAME and isinstance(value, Mapping):
            moved[key] = {name: _moved(each, place) for name, each in value.items()}
        else:
            moved[key] = value if key in _PLAIN else _moved(value, place)
    return moved


def refers_to_itself(schema: Any) -> bool:
    """Whether a schema refers to parts of its own, and so needs a place in the document."""
    if isinstance(schema, Mapping):
        return "$ref" in schema or any(refers_to_itself(each) for each in schema.values())
    return isinstance(schema, list) and any(refers_to_itself(each) for each in schema)
