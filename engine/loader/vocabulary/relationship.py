"""The keywords of a relationship."""

from __future__ import annotations

from engine.loader.vocabulary.shapes import FLAG, NAME, RULE, TEXT, Schema, described

RELATIONSHIP: Schema = {
    "to": described(NAME, "The resource type it points at"),
    "description": described(TEXT, "A sentence for people"),
    "required": described(FLAG, "Whether every row must have it; default false"),
    "immutable": described(FLAG, "Whether it can be set at creation only"),
    "set_by": {"enum": ["user", "system"], "description": "Who writes it: user (default) or system"},
    "on_delete": {
        "enum": ["restrict", "cascade", "set_null"],
        "enumDescriptions": [
            "Refuse to delete the other row while this one refers to it",
            "Delete this row with the other one",
            "Empty this relationship",
        ],
        "description": "What happens when the row it points at is deleted; default restrict",
    },
    "read": described(
        RULE, "Who may see it: a word (owner, public, known, operator, nobody) or a rule; default whoever reads the row"
    ),
    "write": described(
        RULE,
        "Who may set it, beside the rule for creating or changing the row: a word or a rule; default whoever does that",
    ),
    "default": {
        "type": "object",
        "minProperties": 1,
        "description": "The row that is linked when none is given, by values of its attributes, as {name: free}; "
        "it stays empty when there is none",
    },
    "reverse": {
        **NAME,
        "type": ["string", "boolean"],
        "description": "The name under which the other row lists those that point at it; false: it does not. "
        "Default the name of this type, where that is free and only one relationship leads there",
    },
    "was": described(NAME, "Its former name"),
}
