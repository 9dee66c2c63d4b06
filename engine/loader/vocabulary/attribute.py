"""The keywords of an attribute, and of a parameter: the input of a transition or of a read."""

from __future__ import annotations

from engine.loader.vocabulary.shapes import FLAG, FUNCTION, NAME, RULE, TEXT, Schema, described

_COUNT: Schema = {"type": "integer", "minimum": 0, "maximum": 1_048_576}

PARAMETER: Schema = {
    "description": described(TEXT, "A sentence for people: shown in API documentation, command line and screens"),
    "required": described(FLAG, "Whether a value must be given; default false"),
    "default": {"description": "The value when none is given"},
    "min_length": described(_COUNT, "The fewest characters a text may have"),
    "max_length": described(_COUNT, "The most characters a text may have"),
    "minimum": {"type": "number", "description": "The least value of a number; for money the least amount"},
    "maximum": {"type": "number", "description": "The greatest value of a number; for money the greatest amount"},
    "pattern": described(RULE, "A regular expression that a text must match; anchor it with ^ and $"),
    "values": {
        "type": "array",
        "items": {"type": "string", "minLength": 1, "maxLength": 100},
        "minItems": 1,
        "uniqueItems": True,
        "description": "The words an enum chooses from",
    },
    "schema": {"type": ["object", "boolean"], "description": "The JSON Schema (2020-12) of a json value"},
    "currency": {
        "type": "string",
        "pattern": "^[A-Z]{3}$",
        "patternErrorMessage": "a currency is three capital letters, such as USD",
        "description": "The one currency a money value may have; without it, any",
    },
}

ATTRIBUTE: Schema = {
    **PARAMETER,
    "default": {"description": "The value when none is given: a literal, or {rule: …} to compute it once, at creation"},
    "computed": described(RULE, "A rule that computes the value on every write; nobody can set it"),
    "unique": {
        "type": ["boolean", "string", "array"],
        "items": {**NAME},
        "minItems": 1,
        "uniqueItems": True,
        "description": "Whether no two rows may share a value: true in the whole type, owner or names within the same of these",
    },
    "index": described(FLAG, "Whether lists are often filtered or sorted by it"),
    "immutable": described(FLAG, "Whether it can be set at creation only"),
    "set_by": {"enum": ["user", "system"], "description": "Who writes it: user (default), or system: handlers and rules only"},
    "read": described(
        RULE, "Who may read it: a word (owner, public, known, operator, nobody) or a rule; default whoever reads the row"
    ),
    "write": described(
        RULE,
        "Who may set it, beside the rule for creating or changing the row: a word or a rule; default whoever does that",
    ),
    "secret": described(
        FLAG, "Whether it is encrypted when stored and never shown again, whatever its type; rules cannot see it"
    ),
    "prefix": {
        "type": "string",
        "pattern": "^[a-z][a-z0-9_]{0,30}_$",
        "patternErrorMessage": "a prefix is lower-case letters and digits and ends with an underscore, such as note_",
        "description": "What the values of a token begin with; default the name of the type in the singular and an underscore",
    },
    "check": described(FUNCTION, "The registered checker that looks at values before they are written"),
    "was": described(NAME, "Its former name: makes a rename a rename instead of a loss"),
}
