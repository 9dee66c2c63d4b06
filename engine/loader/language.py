"""The definition language as a JSON Schema (2020-12): what editors complete and explain, and what the loader validates by.

Everything that depends on attribute types is made from `engine.types.TYPES`, so the two cannot drift. Two keywords are
for tools and not for validators: `patternErrorMessage` and `enumDescriptions`, both as editors know them.
"""

from __future__ import annotations

from engine.loader.vocabulary import ATTRIBUTE, LIFECYCLE, LIMIT, PARAMETER, READ, RELATIONSHIP, STATE, TOP, TRANSITION, VIEW
from engine.loader.vocabulary.shapes import NAME, Schema, mapping_of, record, reference
from engine.model import JSON
from engine.types import TYPES

#: Types that a caller may be asked for when a transition is fired or a read is made: no secret may end up in a command.
PARAMETER_TYPES = tuple(name for name in TYPES if name not in ("secret", "token"))

_CONSTRAINTS = sorted({keyword for each in TYPES.values() for keyword in each.keywords})
_NOT_INDEXABLE = ("json", "secret", "token", "money")
#: Keywords that mean nothing for a type. A credential is made by the server, shown once, and that is all.
_REFUSED = {
    "secret": ("default", "computed", "secret"),
    "token": ("default", "computed", "secret", "required", "immutable", "set_by", "read", "write", "check"),
}


def language() -> Schema:
    """The JSON Schema of one definition file."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A resource type",
        "description": "One resource type. The file name is the plural, the table, the path and the JSON:API type.",
        **record(TOP),
        "$defs": {
            "attributes": mapping_of(reference("attribute")),
            "attribute": {
                **record(_typed(ATTRIBUTE, tuple(TYPES)), required=("type",)),
                "allOf": _applicable(ATTRIBUTE, tuple(TYPES)),
            },
            "parameters": mapping_of(reference("parameter")),
            "parameter": {
                **record(_typed(PARAMETER, PARAMETER_TYPES), required=("type",)),
                "allOf": _applicable(PARAMETER, PARAMETER_TYPES),
            },
            "relationships": mapping_of({**record(RELATIONSHIP, required=("to",))}),
            "lifecycle": record(LIFECYCLE, required=("initial", "states")),
            "states": {**mapping_of(reference("state")), "minProperties": 1},
            "state": {
                **record(STATE),
                "type": ["object", "null"],
                "dependentRequired": {
                    "run": ["then", "else", "within"],
                    "then": ["run"],
                    "else": ["run"],
                    "within": ["run"],
                    "retry": ["run"],
                },
            },
            "transitions": mapping_of(record(TRANSITION, required=("from", "to"))),
            "reads": mapping_of({**record(READ, required=("from",)), "type": ["string", "object"], "minLength": 1}),
            "limits": mapping_of(record(LIMIT, required=("most",))),
            "view": record(VIEW),
        },
    }


def _typed(keywords: Schema, types: tuple[str, ...]) -> Schema:
    choice: Schema = {
        "enum": list(types),
        "enumDescriptions": [TYPES[name].description for name in types],
        "description": "What kind of value it holds",
    }
    return {"type": choice, **keywords}


def _applicable(keywords: Schema, types: tuple[str, ...]) -> list[JSON]:
    """For each type, the keywords that mean nothing with it, as JSON Schema conditions."""
    conditions: list[JSON] = []
    for name in types:
        refused = [keyword for keyword in _CONSTRAINTS if keyword not in TYPES[name].keywords]
        if name in _NOT_INDEXABLE:
            refused += ["unique", "index"]
        refused += _REFUSED.get(name, ())
        refused = [keyword for keyword in refused if keyword in keywords]
        when: Schema = {"properties": {"type": {"const": name}}, "required": ["type"]}
        then: Schema = {"properties": dict.fromkeys(refused, False)}
        if name == "enum":
            then["required"] = ["values"]
        conditions.append({"if": when, "then": then})
    return conditions


def name_pattern() -> str:
    """What names of types, attributes, states and the like look like."""
    return str(NAME["pattern"])
