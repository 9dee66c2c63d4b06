"""The tables of keywords, types and functions in `docs/definitions.md`, made from the language itself.

`python -m engine.loader.document PAGE` writes them into the page.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from engine.loader.language import language
from engine.loader.vocabulary import ATTRIBUTE, LIFECYCLE, LIMIT, PARAMETER, READ, RELATIONSHIP, STATE, TOP, TRANSITION, VIEW
from engine.loader.vocabulary.shapes import DURATION, FUNCTION, NAME
from engine.pages import fill, table
from engine.rules.functions import IN_SQL, QUANTIFIERS, SIGNATURES, SPECIAL
from engine.types import TYPES

_NAMED = {NAME["pattern"]: "a name", DURATION["pattern"]: "a duration", FUNCTION["pattern"]: "a function's name"}
_KINDS = {
    "string": "text",
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "object": "a mapping",
    "array": "a list",
}
_REFERRED = {
    "attributes": "attributes by name",
    "relationships": "relationships by name",
    "lifecycle": "a lifecycle",
    "states": "states by name",
    "transitions": "transitions by name",
    "parameters": "parameters by name",
    "reads": "reads by name",
    "limits": "limits by name",
    "view": "a view",
}


def keywords() -> Mapping[str, Mapping[str, Any]]:
    """Every table of keywords, by the section of the page that explains it."""
    schema: Any = language()
    return {
        "top": TOP,
        "attribute": {"type": schema["$defs"]["attribute"]["properties"]["type"], **ATTRIBUTE},
        "parameter": PARAMETER,
        "relationship": RELATIONSHIP,
        "lifecycle": LIFECYCLE,
        "state": STATE,
        "retry": schema["$defs"]["state"]["properties"]["retry"]["properties"],
        "transition": TRANSITION,
        "access": schema["properties"]["access"]["properties"],
        "limit": LIMIT,
        "validation": schema["properties"]["validations"]["items"]["properties"],
        "read": READ,
        "example": schema["properties"]["examples"]["items"]["properties"],
        "view": VIEW,
    }


def parts() -> Iterator[tuple[str, str]]:
    """The made parts of the page: name and content."""
    for section, words in keywords().items():
        if section != "parameter":
            rows = ((f"`{name}`", _value(schema), schema.get("description", "")) for name, schema in words.items())
            yield f"{section} keywords", table(("keyword", "value", "meaning"), rows)
    types = ((f"`{each.name}`", each.description, _listed(each.keywords)) for each in TYPES.values())
    yield "attribute types", table(("type", "what it holds", "keywords of its own"), types)
    yield "rule functions", table(("written", "gives", "where"), _functions())


def _functions() -> Iterator[tuple[str, str, str]]:
    for name, signature in SIGNATURES.items():
        yield f"`{signature.shown}`", signature.gives, "everywhere" if name in IN_SQL else "not in rules about reading"
    for shown in QUANTIFIERS.values():
        yield f"`{shown}`", "bool", "everywhere; on a list, not inside each other"
    gives = {"has": "bool", "duration": "duration", "timestamp": "time"}
    for name, shown in SPECIAL.items():
        yield f"`{shown}`", gives[name], "everywhere"


def _value(schema: Mapping[str, Any]) -> str:
    if "enum" in schema:
        return ", ".join(f"`{each}`" for each in schema["enum"])
    if "$ref" in schema:
        return _REFERRED[schema["$ref"].rpartition("/")[2]]
    kinds = schema.get("type", [])
    if not kinds:
        return "a value"
    text = _NAMED.get(str(schema.get("pattern")), _KINDS["string"])
    return " or ".join({**_KINDS, "string": text}[kind] for kind in ([kinds] if isinstance(kinds, str) else kinds))


def _listed(words: frozenset[str]) -> str:
    return ", ".join(f"`{word}`" for word in sorted(words)) or "–"


if __name__ == "__main__":
    fill(Path(sys.argv[1]), parts())
