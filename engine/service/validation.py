"""Input against the definitions: which names may be set, and whether the values fit. Pure; made once per type.

Messages never repeat a value: it may be a secret, or a megabyte.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

import jsonschema_rs
import orjson

from engine.errors import HosterError, Invalid, Many
from engine.model import JSON, STANDARD, Attribute, ResourceType
from engine.types import TYPES, Schema

MAX_DEPTH = 64
MAX_PROBLEMS = 50
"""Problems of one kind told of in one answer; a body of a million mistakes must not cost a million sentences."""

ATTRIBUTES = "/data/attributes"
RELATIONSHIPS = "/data/relationships"


class Values:
    """A set of named, typed values that a caller gives: a type's attributes, or the inputs of a transition."""

    def __init__(self, attributes: Mapping[str, Attribute], *, base: str, what: str = "attribute") -> None:
        self._attributes = attributes
        self._base = base
        self._what = what
        self.schema: Schema = {
            "type": "object",
            "properties": {each.name: _own(each) for each in attributes.values()},
        }
        self._validator = jsonschema_rs.Draft202012Validator(self.schema, validate_formats=True)
        self._required = tuple(each.name for each in attributes.values() if each.required and not has_default(each))
        self._deep = frozenset(each.name for each in attributes.values() if each.type == "json")

    def problems(self, given: Mapping[str, Any], *, complete: bool) -> list[HosterError]:
        """What is wrong with `given`; with `complete`, what is missing from it too."""
        found: list[HosterError] = []
        if complete:
            found += [self._missing(name) for name in self._required if name not in given]
        for name, value in given.items():
            attribute = self._attributes.get(name)
            if len(found) >= MAX_PROBLEMS:
                break
            if attribute is None:
                found.append(unknown(name, self._attributes, f"{self._base}/{escape(name)}", self._what))
            elif value is None and (attribute.required or attribute.default is not None):
                found.append(Invalid(f"{name} may not be null", code="required", pointer=f"{self._base}/{name}"))
            elif name in self._deep and _depth(value) > MAX_DEPTH:
                detail = f"{name} is nested deeper than {MAX_DEPTH} levels"
                found.append(Invalid(detail, code="too_deep", pointer=f"{self._base}/{name}"))
        if not found or not any(problem.error_code == "too_deep" for problem in found):
            found += self._invalid({name: value for name, value in given.items() if value is not None})
        return found

    def from_text(self, name: str, text: str) -> Any:
        """A value that came as text, such as a query parameter, in the type of its attribute; left as it is if it cannot be."""
        attribute = self._attributes.get(name)
        if attribute is None or attribute.type not in ("integer", "number", "boolean"):
            return text
        try:
            value = orjson.loads(text)
        except orjson.JSONDecodeError:
            return text
        return value

    def _missing(self, name: str) -> HosterError:
        return Invalid(f"{name} is required", code="required", pointer=f"{self._base}/{name}")

    def _invalid(self, given: Mapping[str, Any]) -> Iterable[HosterError]:
        if self._validator.is_valid(given):
            return
        misshapen: set[str] = set()
        for error in islice(self._validator.iter_errors(given), MAX_PROBLEMS):
            path = [*error.instance_path]
            pointer = self._base + "".join(f"/{escape(str(step))}" for step in path)
            name = ".".join(str(step) for step in path)
            keyword, limit = self._keyword([*error.schema_path], path)
            code = _code(keyword)
            if code == "wrong_format":
                if pointer in misshapen:
                    continue  # a pattern and a format that both fail are one mistake
                misshapen.add(pointer)
            yield Invalid(f"{name} {self._sentence(path, keyword, limit)}", code=code, pointer=pointer)

    def _sentence(self, path: list[str | int], keyword: str, limit: JSON) -> str:
        """What is wrong, in words; what a type asks for by a pattern of its own is said by its description."""
        attribute = self._attributes[str(path[0])]
        if keyword in ("pattern", "format") and attribute.pattern is None and attribute.type not in ("json", "money"):
            description = TYPES[attribute.type].description
            return f"is not of the form that the type {attribute.type} has: {description[0].lower()}{description[1:]}"
        return _sentence(keyword, limit)

    def _keyword(self, path: list[str | int], instance: list[str | int]) -> tuple[str, Any]:
        """The keyword that failed and its value, by its place in the schema, or in that of the attribute if it has its own."""
        at: Any = self.schema
        if instance and path[:2] != ["properties", instance[0]]:
            at = at["properties"].get(instance[0], at)
        keyword = ""
        for step in path:
            if isinstance(at, Mapping) and step in at:
                at, keyword = at[step], str(step)
            elif isinstance(at, list) and isinstance(step, int):
                at = at[step]
        return keyword, at


class TypeInput:
    """What a caller may send for one resource type."""

    def __init__(self, resource: ResourceType) -> None:
        self._resource = resource
        self._settable = {
            each.name: each for each in resource.attributes.values() if each.set_by == "user" and each.computed is None
        }
        self._relationships = {
            each.name: each for each in resource.relationships.values() if each.set_by == "user" and each.name != resource.owner
        }
        self.values = Values(self._settable, base=ATTRIBUTES)
        lifecycle = resource.lifecycle
        self.inputs = {
            each.name: Values(each.inputs, base=ATTRIBUTES, what="input")
            for each in (lifecycle.transitions.values() if lifecycle else ())
        }
        self.params = {each.name: Values(each.params, base="", what="parameter") for each in resource.reads.values()}

    def check(self, attributes: Mapping[str, Any], relationships: Mapping[str, str | None], *, complete: bool) -> None:
        """Raise everything that is wrong with a create (`complete`) or an update."""
        closed = (name for name in attributes if name not in self._settable)
        found = [self._closed(name) for name in islice(closed, MAX_PROBLEMS)]
        found += self.values.problems({k: v for k, v in attributes.items() if k in self._settable}, complete=complete)
        unknown_links = (name for name in relationships if name not in self._relationships)
        found += [self._closed_relationship(name) for name in islice(unknown_links, MAX_PROBLEMS)]
        for name, relationship in self._relationships.items():
            absent = name not in relationships if complete else False
            if relationship.required and (absent or relationships.get(name, "") is None):
                found.append(Invalid(f"{name} is required", code="required", pointer=f"{RELATIONSHIPS}/{name}"))
        raise_all(found)

    def _closed(self, name: str) -> HosterError:
        pointer, resource = f"{ATTRIBUTES}/{escape(name)}", self._resource
        lifecycle = resource.lifecycle
        if lifecycle is not None and name == lifecycle.attribute:
            detail = f"{name} is changed by transitions: {', '.join(lifecycle.transitions)}"
        elif name in resource.attributes and resource.attributes[name].computed is not None:
            detail = f"{name} is computed"
        elif name in resource.attributes or name in STANDARD:
            detail = f"{name} is set by the system"
        elif name in resource.relationships:
            return Invalid(f"{name} is a relationship: set it under relationships", code="unknown_attribute", pointer=pointer)
        else:
            return unknown(name, self._settable, pointer)
        return Invalid(detail, code="read_only", pointer=pointer)

    def _closed_relationship(self, name: str) -> HosterError:
        pointer = f"{RELATIONSHIPS}/{escape(name)}"
        if name in self._resource.relationships:
            return Invalid(f"{name} is set by the system", code="read_only", pointer=pointer)
        return unknown(name, self._relationships, pointer, what="relationship")


def _own(attribute: Attribute) -> Schema:
    """The schema of an attribute; what refers to parts of itself, as #/$defs/name, is a schema of its own."""
    schema = dict(TYPES[attribute.type].schema(attribute))
    return {"$id": f"urn:attribute:{attribute.name}", **schema} if attribute.type == "json" else schema


def has_default(attribute: Attribute) -> bool:
    """Whether a value need not be given, because one is made."""
    return attribute.default is not None or attribute.default_rule is not None or attribute.computed is not None


def raise_all(problems: list[HosterError]) -> None:
    """Raise the problems, if there are any: the one, or `Many`."""
    if problems:
        raise problems[0] if len(problems) == 1 else Many(problems)


def unknown(name: str, known: Iterable[str], pointer: str, what: str = "attribute") -> HosterError:
    """The error for a name that the type does not have, with what was probably meant."""
    close = difflib.get_close_matches(name[:64], list(known), 1)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    return Invalid(f"There is no {what} {name[:64]!r}{hint}", code=f"unknown_{what}", pointer=pointer)


def escape(step: str) -> str:
    """A step of a JSON pointer."""
    return step[:128].replace("~", "~0").replace("/", "~1")


def _depth(value: Any) -> int:
    depth, level = 0, [value]
    while level and depth <= MAX_DEPTH:
        level = [
            child
            for each in level
            if isinstance(each, (dict, list))
            for child in (each.values() if isinstance(each, dict) else each)
        ]
        depth += 1
    return depth


_CODES = {
    "type": "wrong_type", "enum": "not_allowed", "const": "not_allowed", "maxLength": "too_long", "minLength": "too_short",
    "maximum": "too_large", "minimum": "too_small", "pattern": "wrong_format", "format": "wrong_format", "required": "required",
    "additionalProperties": "unknown_attribute",
}  # fmt: skip

_SENTENCES = {
    "type": "must be of type {}", "enum": "must be one of {}", "const": "must be {}",
    "maxLength": "may have at most {} characters",
    "minLength": "must have at least {} characters", "maximum": "may be at most {}", "minimum": "must be at least {}",
    "pattern": "must match the pattern {}", "required": "must have {}", "maxItems": "may have at most {} items",
    "minItems": "must have at least {} items", "uniqueItems": "may not hold the same item twice",
    "additionalProperties": "holds a name that is not allowed here", "maxProperties": "may have at most {} members",
}  # fmt: skip


def _code(keyword: str) -> str:
    return _CODES.get(keyword, "invalid")


def _sentence(keyword: str, limit: JSON) -> str:
    shown = ", ".join(map(str, limit)) if isinstance(limit, list) else str(limit)
    return _SENTENCES.get(keyword, "is not valid").format(shown)
