"""The keywords at the top of a definition file, and of its smaller sections."""

from __future__ import annotations

from engine.loader.vocabulary.shapes import FLAG, FUNCTION, NAME, NAMES, RULE, TEXT, Schema, described, record, reference

_WHO = "a word (owner, public, known, operator, nobody) or a rule"

_ACCESS: Schema = record(
    {
        "read": described(RULE, f"Who sees a row: {_WHO}; default the owner"),
        "usable": described(RULE, f"Who may refer to a row from a row of theirs: {_WHO}; default whoever sees it"),
        "create": described(RULE, f"Who may create a row: {_WHO}; default any known user"),
        "update": described(RULE, f"Who may change a row: {_WHO}; default the owner"),
        "delete": described(RULE, f"Who may delete a row: {_WHO}; default the owner"),
    }
)

_VALIDATION: Schema = record(
    {
        "rule": described(RULE, "What must be true of the row after every write"),
        "message": described(TEXT, "The sentence a person reads when it is not"),
        "attribute": described(NAME, "The attribute that the message belongs to"),
    },
    required=("rule", "message"),
)

_EXAMPLE: Schema = record(
    {
        "as": {"enum": ["owner", "stranger", "anonymous", "operator"], "description": "Who is asking"},
        "when": {
            "type": "object",
            "description": "Values of the row, and of rows it points at as {template.status: published}",
        },
        "can": described(NAMES, "What is allowed: read, usable, create, update, delete or a transition"),
        "cannot": described(NAMES, "What is refused"),
    },
    required=("as",),
)

READ: Schema = {
    "from": described(FUNCTION, "The registered function that serves it"),
    "description": described(TEXT, "A sentence for people"),
    "stream": described(FLAG, "Whether the answer is a stream of lines"),
    "params": reference("parameters", "Its query parameters"),
}

LIMIT: Schema = {
    "most": described(NAME, "The attribute, of the row that limits the owner, which says how much they may have"),
    "total": described(NAME, "The attribute whose sum counts; default the number of rows"),
    "where": described(RULE, "Which rows count: a rule about the row; default all that are not gone"),
    "unless": described(RULE, "Who is not limited: a word (operator, known) or a rule about the user; default nobody"),
    "message": described(TEXT, "The sentence a person reads who has reached it"),
}

VIEW: Schema = {
    "list": described(NAMES, "The columns of lists"),
    "filter": described(NAMES, "What lists are filtered by; each is indexed"),
    "sort": described(NAMES, "What lists are sorted by; each is indexed"),
    "order": {
        "type": "string",
        "pattern": "^-?[a-z][a-z0-9_]{0,62}$",
        "patternErrorMessage": "an order is a name, with '-' in front for descending",
        "description": "The order of lists when none is asked for; default -created_at",
    },
    "title": described(NAME, "The attribute that names a row for people"),
}

TOP: Schema = {
    "description": described(TEXT, "What one row is, in a sentence"),
    "id_prefix": {
        "type": "string",
        "pattern": "^[a-z][a-z0-9_]{0,62}_$",
        "patternErrorMessage": "an id prefix is lower-case letters and digits and ends with an underscore, such as note_",
        "description": "What ids begin with; default the name in the singular and an underscore",
    },
    "identity": described(FLAG, "Whether the rows are the users themselves; at most one type is"),
    "owner": described(
        NAME, "The relationship that holds the owner, set from the caller; default owner; none: nobody owns rows"
    ),
    "limited_by": described(
        NAME,
        "The relationship whose row says how much a user may have; only for the identity type. Rules see it as user.limits",
    ),
    "credential": {
        "enum": ["bearer", "cookie"],
        "description": "How a row lets its owner in, by its attribute of the type token: as a bearer token, or as a session "
        "cookie; at most one type for each",
    },
    "attributes": reference("attributes", "The values of a row, by name"),
    "relationships": reference("relationships", "Links to other rows, by name"),
    "lifecycle": reference("lifecycle", "The states of a row and the moves between them"),
    "access": {**_ACCESS, "description": "Who may do what"},
    "limits": reference("limits", "How much an owner may have, by name"),
    "validations": {"type": "array", "items": _VALIDATION, "description": "Conditions over the whole row"},
    "examples": {"type": "array", "items": _EXAMPLE, "description": "Statements about access that hoster check proves"},
    "reads": reference("reads", "Read-only endpoints of a row, served by functions"),
    "view": reference("view", "How lists show the type"),
    "was": described(NAME, "The former name of the type"),
}
