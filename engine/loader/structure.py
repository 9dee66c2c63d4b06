"""The shape of one file, held against the language's JSON Schema: unknown keys, wrong types, values and names, missing keys.

The validator says what is wrong and at which path; this finds the place, the words and what was probably meant. It also
mends the tree: an unknown key is read as the one it was meant to be, a value that cannot be used is taken out. So the
checks that follow see a sound tree, and speak only of what is wrong beside this.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import jsonschema_rs

from engine.loader.draft import Draft
from engine.loader.language import language
from engine.loader.node import Node, plain
from engine.loader.problem import closest

Path = Sequence[str | int]

_SECTIONS = frozenset({"attributes", "relationships", "lifecycle"})
_NAMING = frozenset({"attributes", "relationships", "states", "transitions", "reads", "inputs", "params", "limits"})
_MAX_PASSES = 8
_TRUTHS = {"yes": "true", "on": "true", "1": "true", "no": "false", "off": "false", "0": "false"}
_KINDS = {
    "object": "a mapping",
    "array": "a list",
    "string": "text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "null": "nothing",
}


@cache
def _language() -> tuple[dict[str, Any], Any]:
    schema = language()
    return schema, jsonschema_rs.Draft202012Validator(schema)


def check_structure(draft: Draft) -> None:
    """Report everything about the shape of the file, and mend its tree."""
    errors: list[Any] = []
    for _ in range(_MAX_PASSES):
        errors = list(_language()[1].iter_errors(plain(draft.root)))
        unknown = [error for error in errors if error.kind.name == "additionalProperties"]
        if not unknown:
            break
        for error in unknown:
            _mend_unknown_keys(draft, error)
    errors.sort(key=lambda error: error.kind.name != "propertyNames")
    spoiled = [path for error in errors if (path := _report(draft, error)) is not None]
    for path in spoiled:
        _spoil(draft.root, path)
    _take_out_broken(draft, draft.root, ())


def find(root: Node, path: Path) -> Node | None:
    """The node at `path`; None where the way leads through something that could not be read."""
    node: Node | None = root
    for step in path:
        if node is None or node.broken:
            return None
        if isinstance(node.value, dict):
            node = node.value.get(str(step))
        elif isinstance(node.value, list) and isinstance(step, int):
            node = node.value[step]
        else:
            return None
    return None if node is None or node.broken else node


def owner_of(root: Node, path: Path) -> Node | None:
    """The place to name for a mapping at `path`: its key, or its own start in a list and at the top."""
    if path and isinstance(path[-1], str):
        parent = find(root, path[:-1])
        return parent.keys.get(path[-1]) if parent is not None else None
    return find(root, path)


def _mend_unknown_keys(draft: Draft, error: Any) -> None:
    node = find(draft.root, error.instance_path)
    if node is None or not isinstance(node.value, dict):
        return
    known = list(_subschema(error.schema_path[:-1])["properties"])
    for key in error.kind.unexpected:
        value, place = node.value.pop(key), node.keys.pop(key)
        hint = closest(key, known)
        where = f"under {_name_of(error.instance_path)}" if error.instance_path else "at the top of a definition"
        draft.report(place, "unknown-key", f"there is no key {key!r} {where}", hint or "known keys: " + ", ".join(known))
        if hint is not None and hint not in node.value:
            node.value[hint], node.keys[hint] = value, place


def _report(draft: Draft, error: Any) -> Path | None:
    """Report one error; the path of the value that must not be used further, if there is one."""
    path: Path = error.instance_path
    node = find(draft.root, path)
    if path:
        draft.unsound.add(str(path[0]))
    if node is None:
        return path
    kind = error.kind.name
    if kind == "required":
        _report_missing(draft, error, path)
        return None
    if kind == "propertyNames":
        return _report_name(draft, error, node, path)
    if kind == "falseSchema":
        message = f"{path[-1]!r} means nothing for {_type_at(draft.root, path[:-1])}"
        draft.report(owner_of(draft.root, path) or node, "keyword-not-applicable", message)
        return path
    if kind == "pattern" and node.value in draft.uncertain:
        return None
    code = "wrong-type" if kind == "type" else "wrong-value"
    draft.report(node, code, f"{_name_of(path)} {_expected(error, node)}", _meant(error, node))
    return path


def _report_missing(draft: Draft, error: Any, path: Path) -> None:
    place = owner_of(draft.root, path)
    node = find(draft.root, path)
    if place is None or node is None or node.incomplete:
        return
    key = error.kind.property
    if error.schema_path[-1] != "dependentRequired":
        message = f"{_name_of(path)} needs the key {key!r}"
    elif key == "run":
        message = f"{_name_of(path)} runs no command: then, else, within and retry need the key 'run'"
    else:
        message = f"{_name_of(path)} runs a command, so it needs the key {key!r}"
    draft.report(place, "missing-key", message)


def _report_name(draft: Draft, error: Any, node: Node, path: Path) -> Path | None:
    name = str(error.kind.error.instance)
    shape = _subschema(error.schema_path[:-1])
    place = node.keys.get(name, node)
    if "patternErrorMessage" not in shape:
        draft.report(place, "wrong-value", f"a rule has 1 to {shape['maxLength']} characters")
        return [*path, name]
    if "duration" in str(shape["patternErrorMessage"]):
        draft.report(place, "wrong-value", f"{name!r} is no duration; {shape['patternErrorMessage']}")
        return [*path, name]
    draft.report(place, "bad-name", f"{name!r} is no name; {shape['patternErrorMessage']}", _as_name(name))
    draft.uncertain.add(name)
    return None


def _as_name(text: str) -> str | None:
    name = "".join(letter if letter.isascii() and letter.isalnum() else "_" for letter in text.lower()).strip("_")
    return name if name and name[0].isalpha() and len(name) <= 63 else None


def _expected(error: Any, node: Node) -> str:
    """What a value must be, as the end of a sentence that begins with its name."""
    kind = error.kind
    shape = _subschema(error.schema_path[:-1])
    if kind.name == "type":
        kinds = " or ".join(_KINDS[each] for each in kind.types if each != "null")
        return f"must be {kinds}, not {_kind_of(node)}"
    if kind.name == "enum":
        return "must be one of " + ", ".join(map(str, kind.options))
    if kind.name == "pattern":
        return f"is {str(node.value)[:60]!r}; {shape.get('patternErrorMessage', 'it must match ' + kind.pattern)}"
    simple = {
        "minLength": "must not be empty",
        "minItems": "must not be an empty list",
        "minProperties": "must not be empty",
        "uniqueItems": "holds a value twice",
    }
    if kind.name in simple:
        return simple[kind.name]
    limit = getattr(kind, "limit", "")
    words = {
        "maxLength": f"has more than {limit} characters",
        "minimum": f"must be at least {limit}",
        "maximum": f"must be at most {limit}",
    }
    return words.get(kind.name) or str(error.message)


def _meant(error: Any, node: Node) -> str | None:
    if error.kind.name == "enum" and isinstance(node.value, str):
        return closest(node.value, error.kind.options)
    if error.kind.name == "type" and error.kind.types == ["boolean"] and str(node.value).lower() in _TRUTHS:
        return f"write {_TRUTHS[str(node.value).lower()]}"
    if error.kind.name == "type" and error.kind.types == ["string"] and isinstance(node.value, bool | int | float):
        return _subschema(error.schema_path[:-1]).get("patternErrorMessage") or "put it in quotes"
    return None


def _kind_of(node: Node) -> str:
    value = node.value
    if isinstance(value, bool):
        return "true or false"
    names = {dict: "a mapping", list: "a list", str: "text", int: "a number", float: "a number"}
    return names.get(type(value), "nothing")


def _name_of(path: Path) -> str:
    return ".".join(f"[{step}]" if isinstance(step, int) else step for step in path).replace(".[", "[") or "a definition"


def _type_at(root: Node, path: Path) -> str:
    attribute = find(root, path)
    kind = attribute.get("type") if attribute is not None else None
    return f"the type {kind.value}" if kind is not None else "this type"


def _subschema(path: Path) -> dict[str, Any]:
    schema: Any = _language()[0]
    for step in path:
        schema = schema[step]
    found: dict[str, Any] = schema
    return found


def _spoil(root: Node, path: Path) -> None:
    node = find(root, path)
    if node is not None:
        node.broken = True


def _take_out_broken(draft: Draft, node: Node, path: Path) -> None:
    """Remove what cannot be used; what should have been a mapping becomes an empty one, so that its name stays known."""
    if node.broken:
        draft.vague |= not path
        node.value, node.keys, node.broken = {}, {}, False
    if isinstance(node.value, dict):
        for key in [key for key, value in node.value.items() if value.broken]:
            if not _keeps_name(path, key):
                del node.value[key]
                draft.vague |= key in _SECTIONS and not path
        for key, value in node.value.items():
            _take_out_broken(draft, value, (*path, key))
    elif isinstance(node.value, list):
        node.value[:] = [each for each in node.value if not each.broken]
        for index, element in enumerate(node.value):
            _take_out_broken(draft, element, (*path, index))


def _keeps_name(path: Path, key: str) -> bool:
    return bool(path) and path[-1] in _NAMING
