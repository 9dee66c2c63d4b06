"""The addresses that belong to no type: events, atomic operations, and the description itself."""

from __future__ import annotations

from typing import Any

from engine.api.description import parameters, responses
from engine.api.description.naming import component, reference
from engine.api.description.resources import CLOSED, Resource
from engine.api.description.responses import Answers, Kind
from engine.api.description.values import Schema
from engine.api.documents import BASE
from engine.model import Definitions

ATOMIC = 'application/vnd.api+json;ext="https://jsonapi.org/ext/atomic"'

SOMEBODY: list[dict[str, list[str]]] = [{"bearer": []}, {"cookie": []}]
ANYBODY: list[dict[str, list[str]]] = [{}, *SOMEBODY]


class CommonPaths:
    """Writes the paths that every installation has."""

    def __init__(self, definitions: Definitions, answers: Answers) -> None:
        self._definitions = definitions
        self._answers = answers

    def paths(self) -> dict[str, Any]:
        """The paths by address."""
        return {
            "/events": {"get": self._events()},
            "/operations": {"post": self._operations()},
            "/schema": {"get": self._schema()},
            "/schema/{type}": {"get": self._schema_of_one()},
            "/openapi.json": {"get": self._document()},
            "/docs": {"get": self._page()},
        }

    def schemas(self) -> dict[str, Schema]:
        """The component schemas that these paths need."""
        return {
            "Event": _event(), "Action": _action(), "Actions": _list_of("Action"),
            "Operation": _operation(self._definitions), "Operations": _operations(self._definitions),
            "OperationResults": _results(self._definitions), "ResourceType": _resource_type(),
        }  # fmt: skip

    def _operation(
        self, kind: Kind, operation_id: str, tag: str, summary: str, description: str, given: list[Any], answers: dict[str, Any]
    ) -> dict[str, Any]:
        return {
            "operationId": operation_id, "tags": [tag], "summary": summary, "description": description,
            "parameters": [*given, *parameters.shared("RequestId")], "security": ANYBODY,
            "responses": {**answers, **self._answers.errors(kind)},
        }  # fmt: skip

    def _events(self) -> dict[str, Any]:
        types = list(self._definitions.types)
        given = [
            {
                "name": "page[after]", "in": "query", "description": "A cursor, `meta.cursor` of a list: only what came after.",
                "schema": parameters.EVENT_CURSOR,
            },
            {
                "name": "page[size]", "in": "query", "description": "How many entries a page has; 0 asks for a cursor alone.",
                "schema": {"type": "integer", "minimum": 0, "maximum": 1000, "default": 100},
            },
            parameters.several("filter[type]", "Only entries about resources of these types.", types, least=1),
            {
                "name": "filter[row]", "in": "query", "description": "Only entries about the resource with this id.",
                "schema": {"type": "string"},
            },
            *parameters.shared("LastEventId"),
        ]  # fmt: skip
        listed = {"type": "object", "properties": {
            "data": {"type": "array", "items": reference("Event")}, "links": reference("Links"),
            "included": reference("Included"),
            "meta": {"type": "object", "properties": {
                "cursor": {"description": "Where to go on.", **parameters.EVENT_CURSOR},
                "more": {"description": "Whether there is more right now.", "type": "boolean"},
                "reset": {"description": "The caller sees other things by now: list again.", "type": "boolean"},
            }, "required": ["cursor"]},
            "jsonapi": reference("JsonApi"),
        }, "required": ["data", "meta"]}  # fmt: skip
        answer = responses.document("The entries, oldest first", listed)
        answer["content"]["text/event-stream"] = {"schema": {"type": "string"}}
        return self._operation(
            responses.EVENTS, "listEvents", "events", "What has happened",
            "Every committed change that the caller may see, numbered without gaps. With `Accept: text/event-stream` it goes "
            "on as server-sent events; `Last-Event-ID` takes up where a connection broke off.",
            given, {"200": answer},
        )  # fmt: skip

    def _operations(self) -> dict[str, Any]:
        made = self._operation(
            responses.OPERATIONS, "performOperations", "operations", "Several writes, all or nothing",
            "The atomic operations extension of JSON:API. A resource that one operation adds under a `lid` can be named by it "
            "in those that follow.",
            parameters.shared("DryRun", "IdempotencyKey", "Prefer"),
            {
                "200": responses.document("All were done", reference("OperationResults"), media_type=ATOMIC),
                "204": responses.empty("All were done, and none has anything to show"),
            },
        )  # fmt: skip
        made["security"] = SOMEBODY
        made["requestBody"] = {"required": True, "content": {ATOMIC: {"schema": reference("Operations")}}}
        return made

    def _schema(self) -> dict[str, Any]:
        document = {"type": "object", "properties": {
            "data": {"type": "array", "items": reference("ResourceType")}, "links": reference("Links"),
            "meta": {"type": "object", "properties": {"digest": {"type": "string"}}, "required": ["digest"]},
        }, "required": ["data", "meta"]}  # fmt: skip
        return self._operation(
            responses.LIST, "listSchema", "schema", "The resource types",
            "What each type is made of, and what the caller may do with it as far as that can be told without a resource.",
            [], {"200": responses.document("The types", document)},
        )  # fmt: skip

    def _schema_of_one(self) -> dict[str, Any]:
        name = {
            "name": "type", "in": "path", "required": True, "description": "The name of the type.",
            "schema": {"type": "string", "enum": list(self._definitions.types)},
        }  # fmt: skip
        document = {"type": "object", "properties": {"data": reference("ResourceType")}, "required": ["data"]}
        return self._operation(
            responses.GET, "getSchema", "schema", "One resource type", "", [name],
            {"200": responses.document("The type", document)},
        )  # fmt: skip

    def _document(self) -> dict[str, Any]:
        answer = responses.document("This document", {"type": "object"}, media_type="application/json")
        return self._operation(
            responses.LIST, "getOpenApi", "schema", "This document", "OpenAPI 3.1, made from the definitions.",
            [], {"200": answer},
        )  # fmt: skip

    def _page(self) -> dict[str, Any]:
        answer = responses.document("The page", {"type": "string"}, media_type="text/html; charset=utf-8")
        return self._operation(
            responses.LIST, "getDocs", "schema", "This document as a page", "For people.", [], {"200": answer}
        )  # fmt: skip


def _event() -> Schema:
    identifier = {
        "type": "object", "properties": {"type": {"type": "string"}, "id": {"type": "string"}}, "required": ["type", "id"],
    }  # fmt: skip
    attributes = {
        "seq": {"type": "integer", "minimum": 1}, "at": {"type": "string", "format": "date-time"},
        "change": {"description": "What it is to the caller.", "type": "string"},
        "kind": {"description": "What happened.", "type": "string"},
        "actor": {"type": ["string", "null"]}, "version": {"type": ["integer", "null"]},
        "command": {"type": ["integer", "null"]},
        "before": {"type": "object"}, "after": {"type": "object"},
    }  # fmt: skip
    return {
        "type": "object",
        "properties": {
            "type": {"const": "events"},
            "id": {"type": "string"},
            "attributes": {"type": "object", "properties": attributes, "required": ["seq", "at", "change"]},
            "relationships": {
                "type": "object",
                "properties": {"subject": {"type": "object", "properties": {"data": identifier}, "required": ["data"]}},
            },
            "links": reference("Links"),
            "meta": {"type": "object"},
        },
        "required": ["type", "id", "attributes"],
    }


def _action() -> Schema:
    reason = {
        "type": "object",
        "properties": {"code": {"type": "string"}, "detail": {"type": "string"}, "meta": {"type": "object"}},
        "required": ["code", "detail"],
    }
    attributes = {
        "name": {"type": "string"}, "description": {"type": "string"},
        "allowed": {"description": "Whether nothing stands in the way.", "type": "boolean"},
        "reasons": {"description": "Everything that does.", "type": "array", "items": reason},
        "target": {"description": "The state it leads to.", "type": ["string", "null"]},
        "confirm": {"description": "Whether to ask a person first.", "type": "boolean"},
        "inputs": {"description": "The JSON Schema of what can be given along.", "type": "object"},
        "needs": {"description": "Conditions on what is given along.", "type": "array", "items": {"type": "string"}},
    }  # fmt: skip
    return {
        "type": "object",
        "properties": {
            "type": {"const": "actions"},
            "id": {"type": "string"},
            "attributes": {"type": "object", "properties": attributes, "required": ["name", "allowed", "reasons"]},
            "links": reference("Links"),
        },
        "required": ["type", "id", "attributes"],
    }


def _list_of(name: str) -> Schema:
    properties = {"data": {"type": "array", "items": reference(name)}, "links": reference("Links"), "meta": {"type": "object"}}
    return {"type": "object", "properties": properties, "required": ["data"]}


def _operation(definitions: Definitions) -> Schema:
    names = list(definitions.types)
    target: Schema = {
        "type": "object",
        "properties": {
            "type": {"type": "string", "enum": names}, "id": {"type": "string"}, "lid": {"type": "string"},
            "relationship": {"type": "string"},
        },
        "anyOf": [{"required": ["type", "id"]}, {"required": ["type", "lid"]}],
    }  # fmt: skip
    address = f"^{BASE}/({'|'.join(names)})/[^/?#]+(/(relationships/)?[^/?#]+)?$"
    href = {
        "description": "An address, instead of `ref`; one of a transition fires it.", "type": "string", "pattern": address,
    }  # fmt: skip
    about = {"oneOf": [{"required": ["ref"]}, {"required": ["href"]}]}
    changed = {"description": "The resource object; linkage, where `ref` names a relationship; or inputs of a transition."}
    address_of = "The address of the type."
    kinds: list[tuple[str, Schema, Schema]] = [
        (
            "add",
            {
                "href": {"description": address_of, "const": f"{BASE}/{name}"},
                "data": reference(f"{component(name, 'create')}/properties/data"),
            },
            {"required": ["op", "data"]},
        )
        for name in names
    ]
    some = {"required": ["op"], "anyOf": [{"required": ["data"]}, {"required": ["href"]}]}
    kinds.append(("update", {"ref": target, "href": href, "data": changed}, some))
    kinds.append(("remove", {"ref": target, "href": href, "data": changed}, {"required": ["op"], **about}))
    return {
        "oneOf": [
            {"type": "object", "properties": {"op": {"const": op}, **more, "meta": {"type": "object"}},
             **CLOSED, **rest}
            for op, more, rest in kinds
        ],
    }  # fmt: skip


def _operations(definitions: Definitions) -> Schema:
    operations = {"type": "array", "minItems": 1, "maxItems": 100, "items": reference("Operation")}
    return {
        "type": "object",
        "properties": {"atomic:operations": operations, "meta": {"type": "object"}, "jsonapi": reference("JsonApi")},
        "required": ["atomic:operations"],
        **_example(definitions),
    }


def _example(definitions: Definitions) -> Schema:
    """Making one of the first type of which an example can be made, and removing it."""
    for resource in definitions.types.values():
        create = Resource(definitions, resource).schemas[component(resource.name, "create")]
        for example in create.get("examples", ()):
            data = {"type": resource.name, "lid": "first"} | example["data"]
            steps = [{"op": "add", "data": data}, {"op": "remove", "ref": {"type": resource.name, "lid": "first"}}]
            return {"examples": [{"atomic:operations": steps}]}
    return {}


def _results(definitions: Definitions) -> Schema:
    data = [reference(component(name, "resource")) for name in definitions.types]
    result = {
        "type": "object",
        "properties": {"data": {"anyOf": [*data, {"type": "null"}]}, "meta": {"type": "object"}},
    }
    return {
        "type": "object",
        "properties": {
            "atomic:results": {"type": "array", "items": result}, "meta": reference("DocumentMeta"),
            "links": reference("Links"), "jsonapi": reference("JsonApi"),
        },
        "required": ["atomic:results"],
    }  # fmt: skip


def _resource_type() -> Schema:
    return {
        "type": "object",
        "properties": {
            "type": {"const": "schema"},
            "id": {"description": "The name of the type.", "type": "string"},
            "attributes": {"type": "object"},
            "links": reference("Links"),
        },
        "required": ["type", "id", "attributes"],
    }
