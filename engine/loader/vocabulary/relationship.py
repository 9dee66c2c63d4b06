"""The keywords of a relationship."""

from __future__ import annotations

from engine.loader.vocabulary.shapes import FLAG, NAME, TEXT, Schema, described

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
    "was": described(NAME, "Its former name"),
}
