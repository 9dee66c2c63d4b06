"""What an attribute says about its values must make sense: bounds in order, patterns and schemas that compile, a default
that the type itself would accept."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, cast

import jsonschema_rs

from engine.loader.attributes import default_node, rule_of
from engine.loader.draft import Draft
from engine.loader.node import Node, plain
from engine.loader.structure import find
from engine.model import Attribute
from engine.types import TYPES

_BOUNDS = (("min_length", "max_length"), ("minimum", "maximum"))
_REFERENCES = ("$ref", "$dynamicRef")


def check_constraints(draft: Draft, section: Node | None, attributes: Mapping[str, Attribute]) -> None:
    """Every attribute of a section; parameters are checked the same way."""
    for name, _, node in section.items() if section is not None else []:
        attribute = attributes.get(name)
        if attribute is not None:
            _check(draft, node, attribute)


def _check(draft: Draft, node: Node, attribute: Attribute) -> None:
    before = len(draft.problems)
    _bounds(draft, node, attribute)
    _whole_bounds(draft, node, attribute)
    _pattern(draft, node, attribute)
    _schema(draft, node, attribute)
    _writers(draft, node, attribute)
    _secrecy(draft, node, attribute)
    if len(draft.problems) == before and attribute.name not in draft.uncertain:
        _default(draft, node, attribute)


def _bounds(draft: Draft, node: Node, attribute: Attribute) -> None:
    for low_key, high_key in _BOUNDS:
        low, high = getattr(attribute, low_key), getattr(attribute, high_key)
        if low is not None and high is not None and low > high:
            message = f"{low_key} {low:g} is above {high_key} {high:g}, so no value fits"
            draft.report(node.get(low_key) or node, "min-above-max", message)


def _whole_bounds(draft: Draft, node: Node, attribute: Attribute) -> None:
    if attribute.type not in ("integer", "money"):
        return
    for key in ("minimum", "maximum"):
        bound = node.get(key)
        if bound is not None and isinstance(bound.value, float):
            draft.report(bound, "wrong-value", f"{key} of the type {attribute.type} must be a whole number")


def _pattern(draft: Draft, node: Node, attribute: Attribute) -> None:
    place = node.get("pattern")
    if place is None or attribute.pattern is None:
        return
    try:
        re.compile(attribute.pattern)
    except (re.error, RecursionError, OverflowError) as error:
        index = getattr(error, "pos", None) or 0
        found = Node(None, place.line, place.column_of(index))
        draft.report(found, "bad-pattern", f"this is no regular expression: {getattr(error, 'msg', error)}")
        return
    try:
        jsonschema_rs.Draft202012Validator({"pattern": attribute.pattern})
    except (jsonschema_rs.ValidationError, ValueError):
        message = "this regular expression is not one of JSON Schema (ECMA 262), which API clients use too"
        draft.report(place, "bad-pattern", message)


def _schema(draft: Draft, node: Node, attribute: Attribute) -> None:
    place = node.get("schema")
    if place is None or attribute.schema is None:
        return
    outside = _outside_reference(place)
    if outside is not None:
        draft.report(outside, "bad-schema", "a schema may refer to its own parts only, as #/$defs/name")
        return
    try:
        jsonschema_rs.Draft202012Validator(cast(dict[str, Any], plain(place)))
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError) as error:
        found = find(place, getattr(error, "instance_path", [])) or place
        draft.report(found, "bad-schema", f"this is no JSON Schema (2020-12): {_first_line(error)}")


def _outside_reference(node: Node) -> Node | None:
    """A reference that would have to be fetched from elsewhere: loading a definition touches no network and no file."""
    for key, _, value in node.items():
        if key in _REFERENCES and not str(value.value).startswith("#"):
            return value
        if key == "$schema" and value.value != "https://json-schema.org/draft/2020-12/schema":
            return value
        if (found := _outside_reference(value)) is not None:
            return found
    return next((found for each in node.elements() if (found := _outside_reference(each)) is not None), None)


def _writers(draft: Draft, node: Node, attribute: Attribute) -> None:
    computed, default = node.get("computed"), node.get("default")
    if attribute.write is not None and attribute.set_by == "system":
        message = f"only the system sets {attribute.name}, so 'write' means nothing; remove one"
        draft.report(node.keys["write"], "keyword-not-applicable", message)
    if computed is not None:
        for key in ("default", "required", "immutable"):
            if (place := node.keys.get(key)) is not None and node.get(key) is not None:
                code = "two-defaults" if key == "default" else "keyword-not-applicable"
                draft.report(place, code, f"{attribute.name} is computed on every write, so {key!r} means nothing; remove one")
        if (given := node.get("set_by")) is not None and given.value == "user":
            draft.report(given, "keyword-not-applicable", f"{attribute.name} is computed, so no user sets it")
        return
    if default is not None and default.value is None and attribute.required:
        draft.report(default, "null-default", f"{attribute.name} is required, so it cannot be null by default")
    if attribute.required and attribute.set_by == "system" and default is None:
        message = f"only the system sets {attribute.name}, and it is missing at creation; give a default or remove 'required'"
        draft.report(node.keys["required"], "required-by-system", message)


def _secrecy(draft: Draft, node: Node, attribute: Attribute) -> None:
    """What is encrypted cannot be compared, and what is never shown cannot be made from what is."""
    if attribute.type == "secret" or not attribute.secret:
        return
    for key in ("unique", "index", "computed"):
        if (value := node.get(key)) is not None and value.value is not False:
            message = f"{attribute.name} is secret, so {key!r} means nothing; remove one"
            draft.report(node.keys[key], "keyword-not-applicable", message)
    if (rule := rule_of(node.get("default"))) is not None:
        message = f"{attribute.name} is secret, and a rule makes values from what is seen; write a literal default"
        draft.report(rule, "keyword-not-applicable", message)


def _default(draft: Draft, node: Node, attribute: Attribute) -> None:
    place = default_node(node)
    if place is not None and place.value is not None:
        check_value(draft, place, attribute, "bad-default")


def check_value(draft: Draft, place: Node, attribute: Attribute, code: str) -> None:
    """Report every way in which a literal is no value of the attribute."""
    told: set[tuple[int, int]] = set()
    for error in validator(attribute).iter_errors(plain(place)):
        found = find(place, error.instance_path) or place
        if (found.line, found.column) not in told:
            draft.report(found, code, f"this is no value of {attribute.name}: {_first_line(error)}")
        told.add((found.line, found.column))


def validator(attribute: Attribute) -> Any:
    """The validator for literals of an attribute."""
    return jsonschema_rs.Draft202012Validator(TYPES[attribute.type].schema(attribute), validate_formats=True)


def _first_line(error: Exception) -> str:
    return str(getattr(error, "message", error)).splitlines()[0][:200]
