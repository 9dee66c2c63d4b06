"""JSON Schemas in a few words, for the page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.api.description.markup import Html, element, html
from engine.api.description.values import NO_NUL

_FORMATS = {"date-time": "time", "email": "e-mail address", "uri": "web address", "hostname": "host name"}
_KINDS = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false", "object": "object"}
MANY = 12
"""How many words of a list are shown before the rest is folded away."""


def kind(schema: Mapping[str, Any], *, precise: bool = True) -> Html:
    """What kind of value a schema is of, with its bounds; the pattern of a text only where that is wanted `precise`."""
    inner = without_null(schema)
    if "$ref" in inner:
        return html("object")
    if "const" in inner:
        return html(["always ", element("code", inner["const"])])
    if "enum" in inner:
        return one_of(inner["enum"])
    if _is_money(inner):
        return html("money")
    if inner.get("type") == "array":
        items = inner.get("items", {})
        return html(["list of ", kind(items) if items else "anything", _bounds(inner, precise)])
    of = inner.get("type")
    if of is None and "anyOf" not in inner and not _is_telling(inner):
        return html("any JSON value")
    if inner.get("format", "") in _FORMATS:
        return html(_FORMATS[inner["format"]])
    word = _KINDS.get(of) if isinstance(of, str) else None
    return html([word or "value", _bounds(inner, precise)])


def without_null(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema of the value where there is one."""
    for each in schema.get("anyOf", ()):
        if each != {"type": "null"} and len(schema["anyOf"]) == 2 and {"type": "null"} in schema["anyOf"]:
            return without_null(each)
    if isinstance(schema.get("type"), list):
        kinds = [each for each in schema["type"] if each != "null"]
        return {**schema, "type": kinds[0]} if len(kinds) == 1 else schema
    return schema


def may_be_null(schema: Mapping[str, Any]) -> bool:
    """Whether null fits."""
    return {"type": "null"} in schema.get("anyOf", ()) or "null" in (schema.get("type") or ())


def one_of(choices: list[Any], how_many: str = "one of") -> Html:
    """The words one can choose from."""
    shown = [element("code", each) for each in choices]
    if len(shown) <= MANY:
        return html([how_many, " ", _spaced(shown)])
    return element("details", element("summary", f"{how_many} {len(shown)} names"), _spaced(shown))


def _spaced(parts: list[Html]) -> Html:
    return Html(" ".join(parts))


def _bounds(schema: Mapping[str, Any], precise: bool) -> Html:
    parts: list[object] = []
    for least, most, unit in (
        ("minLength", "maxLength", " characters"),
        ("minimum", "maximum", ""),
        ("minItems", "maxItems", " items"),
    ):
        low, high = _moderate(schema.get(least)), _moderate(schema.get(most))
        if low is not None and high is not None:
            parts.append(f", {low} to {high}{unit}")
        elif low is not None:
            parts.append(f", at least {low}{unit}")
        elif high is not None:
            parts.append(f", at most {high}{unit}")
    pattern = schema.get("pattern")
    if precise and pattern is not None and pattern != NO_NUL and len(pattern) <= 60:
        parts += [", matching ", element("code", pattern)]
    return html(parts)


def _moderate(bound: Any) -> str | None:
    """A bound that tells something: the ends of 64 bits do not."""
    return None if bound is None or abs(bound) >= 10**15 else f"{bound:,}"


def _is_money(schema: Mapping[str, Any]) -> bool:
    return set(schema.get("properties", {})) == {"amount", "currency"}


def _is_telling(schema: Mapping[str, Any]) -> bool:
    return any(key in schema for key in ("properties", "items", "pattern", "allOf", "oneOf"))
