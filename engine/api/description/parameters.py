"""The parameters of operations: those that are the same everywhere as components, filters and the like by type."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from engine.api.description.naming import reference
from engine.api.description.values import Schema, as_text, is_hidden
from engine.api.parameters import MAX_INCLUDES, MAX_OFFSET, MAX_SIZE, MAX_SORTS
from engine.model import STANDARD, Attribute, Definitions, ResourceType
from engine.service.inclusion import MAX_DEPTH

UNCOMPARED = ("integer", "number", "boolean", "timestamp", "money")
"""Types that have no `contains`."""

OPERATORS = {
    "ne": "other than", "lt": "less than", "le": "at most", "gt": "greater than", "ge": "at least",
    "in": "one of several, with commas between", "contains": "contains this text, without regard to case",
    "null": "is missing (`true`) or is there (`false`)",
}  # fmt: skip

CURSOR: Schema = {"type": "string", "pattern": "^[A-Za-z0-9_-]+$", "maxLength": 4096}

EVENT_CURSOR: Schema = {"type": "string", "pattern": r"^[0-9]{1,18}(\.[0-9a-f]{12})?$"}

SHARED: Mapping[str, dict[str, Any]] = {
    "Id": {
        "name": "id", "in": "path", "required": True, "description": "The id of the resource.",
        "schema": {"type": "string", "minLength": 1},
    },
    "PageSize": {
        "name": "page[size]", "in": "query", "description": "How many resources a page has.",
        "schema": {"type": "integer", "minimum": 1, "maximum": MAX_SIZE, "default": 100},
    },
    "PageNumber": {
        "name": "page[number]", "in": "query",
        "description": f"Which page, counted from 1; pages by number end at row {MAX_OFFSET}. Not together with a cursor.",
        "schema": {"type": "integer", "minimum": 1, "maximum": MAX_OFFSET},
    },
    "PageAfter": {
        "name": "page[after]", "in": "query",
        "description": "A cursor, from the link `next` of a page: the page after it.",
        "schema": CURSOR,
    },
    "PageBefore": {
        "name": "page[before]", "in": "query",
        "description": "A cursor, from the link `prev` of a page: the page before it.",
        "schema": CURSOR,
    },
    "PageTotal": {
        "name": "page[total]", "in": "query",
        "description": "Whether `meta.total` tells how many there are in all.",
        "schema": {"type": "boolean", "default": False},
    },
    "DryRun": {
        "name": "dry_run", "in": "query",
        "description": "With `true`, nothing is kept: the answer has what would be, and `meta.effects` what would follow.",
        "schema": {"type": "boolean", "default": False},
    },
    "IfMatch": {
        "name": "If-Match", "in": "header",
        "description": "The ETag of the version that is meant; any other is refused with 412.",
        "schema": {"type": "string", "examples": ['"3"']},
    },
    "LastEventId": {
        "name": "Last-Event-ID", "in": "header",
        "description": "With `Accept: text/event-stream`: the id of the last event that came.",
        "schema": {"type": "string"},
    },
    "IfNoneMatch": {
        "name": "If-None-Match", "in": "header",
        "description": "The ETag of what the client has: 304 when it is still so.",
        "schema": {"type": "string"},
    },
    "IdempotencyKey": {
        "name": "Idempotency-Key", "in": "header",
        "description": "A name for this request, made by the client: sent again with it, the request is done once and "
        "answered alike.",
        "schema": {"type": "string", "maxLength": 255, "pattern": "^[!-~]([ -~]*[!-~])?$"},
    },
    "Prefer": {
        "name": "Prefer", "in": "header",
        "description": "`wait=20` has the answer wait up to so many seconds for the command that the write starts.",
        "schema": {"type": "string", "examples": ["wait=20"]},
    },
    "RequestId": {
        "name": "X-Request-ID", "in": "header",
        "description": "A name for this request in logs, up to 128 printable ASCII characters; it comes back with the answer.",
        "schema": {"type": "string"},
    },
}  # fmt: skip


def shared(*names: str) -> list[dict[str, Any]]:
    """References to shared parameters."""
    return [reference(name, "parameters") for name in names]


def comparable(resource: ResourceType) -> dict[str, str]:
    """The names that filters and `sort` take, with their attribute types: what everybody who sees a row may read."""
    found = dict(STANDARD)
    if resource.lifecycle is not None:
        found[resource.lifecycle.attribute] = "enum"
    found |= {each.name: "string" for each in resource.relationships.values() if each.read is None}
    found |= {each.name: each.type for each in resource.attributes.values() if _is_open(each)}
    return found


def _is_open(attribute: Attribute) -> bool:
    return attribute.read is None and not is_hidden(attribute) and attribute.type != "token"


def sorting(resource: ResourceType) -> dict[str, Any]:
    """The parameter `sort`."""
    names = [name for name, kind in comparable(resource).items() if kind != "json"]
    words = f"What to sort by, each name once; `-` before what descends. Without it: `{resource.view.order}`."
    parameter = several("sort", words, [word for name in names for word in (name, f"-{name}")], least=1)
    bounds = {"maxItems": MAX_SORTS, "uniqueItems": True}
    return {**parameter, "schema": parameter["schema"] | bounds | {"examples": [[resource.view.order]]}}


def including(definitions: Definitions, resource: ResourceType) -> list[dict[str, Any]]:
    """The parameter `include`, where there is anything to include."""
    ends = _ends(resource)
    further = [f"{name}.{next_}" for name, to in ends.items() for next_ in definitions.types[to].relationships]
    if not ends:
        return []
    words = f"Related resources to put beside these; paths of up to {MAX_DEPTH} steps, with dots between them."
    parameter = several("include", words, [*ends, *further])
    return [{**parameter, "schema": parameter["schema"] | {"maxItems": MAX_INCLUDES}}]


def fieldsets(definitions: Definitions, resource: ResourceType) -> list[dict[str, Any]]:
    """The parameters `fields[type]` for the type itself and those next to it."""
    names = dict.fromkeys([resource.name, *_ends(resource).values()])
    return [_fieldset(definitions.types[name]) for name in names]


def _fieldset(resource: ResourceType) -> dict[str, Any]:
    state = [resource.lifecycle.attribute] if resource.lifecycle is not None else []
    shown = [each.name for each in resource.attributes.values() if not is_hidden(each) and each.type != "token"]
    names = [*state, *shown, *(name for name in STANDARD if name != "id"), *_ends(resource)]
    return several(f"fields[{resource.name}]", f"Show only these fields of {resource.name}.", names)


def _ends(resource: ResourceType) -> dict[str, str]:
    """Relationships and the other ends of those of others, each with the type it leads to."""
    ends = {each.name: each.to for each in resource.relationships.values()}
    return ends | {each.name: each.type for each in resource.reverses.values()}


def filters(definitions: Definitions, resource: ResourceType) -> Iterator[dict[str, Any]]:
    """The filters of a type: each name with each operator, and names of the resources it points at."""
    for name, kind in comparable(resource).items():
        if kind != "json":
            yield _filter(f"filter[{name}]", f"Only where {name} is this.", as_text(kind, "eq"))
        for operator, words in OPERATORS.items():
            if _applies(kind, operator):
                yield _filter(f"filter[{name}][{operator}]", f"Only where {name} is {words}.", as_text(kind, operator))
    for relationship in resource.relationships.values():
        if relationship.read is None:
            for name, kind in comparable(definitions.types[relationship.to]).items():
                if kind != "json":
                    path = f"{relationship.name}.{name}"
                    yield _filter(
                        f"filter[{path}]", f"Only where {name} of the {relationship.name} is this.", as_text(kind, "eq")
                    )


def _filter(name: str, description: str, schema: Schema) -> dict[str, Any]:
    return {"name": name, "in": "query", "description": description.replace("is contains", "contains"), "schema": schema}


def _applies(kind: str, operator: str) -> bool:
    if operator == "null":
        return True
    return kind != "json" and not (operator == "contains" and kind in UNCOMPARED)


def several(name: str, description: str, choices: Sequence[str], least: int = 0) -> dict[str, Any]:
    """A parameter that takes some of several words, with commas between them."""
    schema: Schema = {"type": "array", "items": {"type": "string", "enum": [*choices]}}
    if least:
        schema["minItems"] = least
    return {"name": name, "in": "query", "description": description, "style": "form", "explode": False, "schema": schema}


def text_parameter(attribute: Attribute, schema: Schema) -> dict[str, Any]:
    """A parameter that a read of a type declares."""
    schema = {key: value for key, value in schema.items() if key != "description"}
    parameter: dict[str, Any] = {"name": attribute.name, "in": "query", "required": attribute.required, "schema": schema}
    return {**parameter, "description": attribute.description} if attribute.description else parameter
