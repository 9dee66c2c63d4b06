"""The operations on one resource type and on one resource, from its definition."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.api.description import parameters, responses, values
from engine.api.description.naming import OperationIds, component, reference
from engine.api.description.resources import Resource
from engine.api.description.responses import MEDIA_TYPE, Answers, Kind
from engine.api.description.values import Schema
from engine.model import Attribute, Definitions, Read, Transition

#: Who may ask. A list or a row can be public, so reading needs nobody; every write needs somebody.
ANYBODY: list[dict[str, list[str]]] = [{}, {"bearer": []}, {"cookie": []}]
SYSTEM = " Only the system does that: from everybody else it is refused."
PAGES = ("PageSize", "PageNumber", "PageAfter", "PageBefore", "PageTotal")
SAFE = ("DryRun", "IfMatch", "IdempotencyKey", "Prefer")
SOMEBODY: list[dict[str, list[str]]] = [{"bearer": []}, {"cookie": []}]


class Operations:
    """Writes the paths of one type."""

    def __init__(self, definitions: Definitions, described: Resource, ids: OperationIds, answers: Answers) -> None:
        self._definitions = definitions
        self._described = described
        self._type = described.type
        self._name = described.name
        self._answers = answers
        self._ids = {verb: ids.take(verb, self._name) for verb in ("list", "create", "get", "update", "delete")}
        self._member_ids = ids

    def paths(self) -> dict[str, Any]:
        """All paths of the type."""
        root, row = f"/{self._name}", f"/{self._name}/{{id}}"
        found: dict[str, Any] = {
            root: {"get": self._list(), "post": self._create()},
            row: {"parameters": parameters.shared("Id"), "get": self._get(), "patch": self._update(), "delete": self._delete()},
        }
        lifecycle = self._type.lifecycle
        for transition in lifecycle.transitions.values() if lifecycle else ():
            found[f"{row}/{transition.name}"] = self._member(post=self._move(transition))
        for read in self._type.reads.values():
            found[f"{row}/{read.name}"] = self._member(get=self._read(read))
        for name, operations in self._relationships().items():
            found[f"{row}/{name}"] = self._member(**operations)
        found[f"{row}/actions"] = self._member(get=self._actions())
        return found

    def _member(self, **operations: Any) -> dict[str, Any]:
        return {"parameters": parameters.shared("Id"), **operations}

    def operation(
        self,
        kind: Kind,
        operation_id: str,
        summary: str,
        *,
        given: list[dict[str, Any]],
        answers: Mapping[str, Any],
        body: Schema | None = None,
        needs_body: bool = True,
        description: str = "",
        write: bool = True,
    ) -> dict[str, Any]:
        """One operation, with what all of them have."""
        made: dict[str, Any] = {"operationId": operation_id, "tags": [self._name], "summary": summary}
        if description:
            made["description"] = description
        made["parameters"] = [*given, *parameters.shared("RequestId")]
        made["security"] = SOMEBODY if write else ANYBODY
        if body is not None:
            made["requestBody"] = {"required": needs_body, "content": {MEDIA_TYPE: {"schema": body}}}
        made["responses"] = {**answers, **self._answers.errors(kind)}
        return made

    def _view(self) -> list[dict[str, Any]]:
        included = parameters.including(self._definitions, self._type)
        return [*included, *parameters.fieldsets(self._definitions, self._type)]

    # Collections

    def _list(self) -> dict[str, Any]:
        given = [
            *parameters.shared(*PAGES),
            parameters.sorting(self._type),
            *self._view(),
            *parameters.filters(self._definitions, self._type),
        ]
        answer = responses.document("A page of what the caller may see", reference(component(self._name, "list")))
        return self.operation(
            responses.LIST, self._ids["list"], f"List {self._words()}", given=given, answers={"200": answer}, write=False,
            description="Those that the caller may see: others are neither shown nor counted.",
        )  # fmt: skip

    def _create(self) -> dict[str, Any]:
        document = reference(component(self._name, "document"))
        links = self._links(("get", "update", "delete"))
        made = responses.document("It was made", document, etag=True, location=True, links=links)
        would = responses.document("A dry run: what would be made", document)
        return self.operation(
            responses.CREATE, self._ids["create"], f"Create one of the {self._words()}",
            given=parameters.shared("DryRun", "IdempotencyKey", "Prefer"),
            answers=self._and_gone({"200": would, "201": made}), body=self._component("create"),
            description=self._type.description,
        )  # fmt: skip

    # Resources

    def _get(self) -> dict[str, Any]:
        found = responses.document("The resource", reference(component(self._name, "document")), etag=True)
        return self.operation(
            responses.GET, self._ids["get"], f"Read one of the {self._words()}",
            given=[*self._view(), *parameters.shared("IfNoneMatch")],
            answers={"200": found, "304": responses.empty("The client has it as it is")}, write=False,
        )  # fmt: skip

    def _update(self) -> dict[str, Any]:
        found = responses.document("The resource as it is now, or in a dry run as it would be", self._component("document"))
        return self.operation(
            responses.UPDATE, self._ids["update"], f"Change one of the {self._words()}",
            given=parameters.shared(*SAFE),
            answers=self._and_gone({"200": found}), body=self._component("update"),
            description="What is not named keeps its value; `null` empties what may be empty.",
        )  # fmt: skip

    def _delete(self) -> dict[str, Any]:
        lifecycle = self._type.lifecycle
        transition = lifecycle.transitions.get("delete") if lifecycle else None
        document = reference(component(self._name, "document"))
        nothing = {"type": "object", "properties": {"data": {"type": "null"}, "meta": reference("DocumentMeta")}}
        nothing["required"] = ["data", "meta"]
        answers: dict[str, Any] = {
            "200": responses.document("A dry run: what else would happen", nothing), "204": responses.empty("It is gone"),
        }  # fmt: skip
        if transition is not None:
            would = responses.document(
                "A dry run: as it would be while the work goes on, or nothing", {"anyOf": [document, nothing]}
            )
            begun = responses.document("The work of removing it has begun", document, etag=True)
            answers |= {"200": would, "202": begun}
        inputs = self._described.inputs(transition.inputs, "delete") if transition is not None and transition.inputs else None
        return self.operation(
            responses.DELETE if transition is None else responses.MOVE, self._ids["delete"],
            f"Remove one of the {self._words()}",
            given=parameters.shared(*SAFE), answers=answers,
            body=inputs, needs_body=bool(inputs and _insists(inputs)),
            description="Fires the transition `delete`." if transition is not None else "",
        )  # fmt: skip

    # Members

    def _move(self, transition: Transition) -> dict[str, Any]:
        document = reference(component(self._name, "document"))
        inputs = self._described.inputs(transition.inputs, transition.name) if transition.inputs else None
        sources = ", ".join(transition.sources)
        guards = "".join(f"\n- {guard.message}" for guard in transition.guards)
        description = f"From {sources} to {transition.target}.{SYSTEM if transition.by == 'system' else ''}" + (
            f" It needs:\n{guards}" if guards else ""
        )
        operation = self.operation(
            responses.MOVE, self._member_ids.take(transition.name, self._name), transition.description or transition.name,
            given=parameters.shared(*SAFE),
            answers=self._and_gone({
                "200": responses.document("It has moved; or, in a dry run, as it would be", document),
                "202": responses.document("It has moved, and a command is at work", document, etag=True),
            }),
            body=inputs, needs_body=bool(inputs and _insists(inputs)), description=description,
        )  # fmt: skip
        move = {"from": [*transition.sources], "to": transition.target, "by_system": transition.by == "system"}
        return {**operation, "x-transition": move}

    def _read(self, read: Read) -> dict[str, Any]:
        given = [parameters.text_parameter(each, _parameter(each)) for each in read.params.values()]
        if read.stream:
            lines: Schema = {"description": "One JSON value a line.", "type": "string"}
            answer = responses.document("Lines, for as long as you listen", lines, media_type="application/x-ndjson")
        else:
            answer = responses.document(read.description or "The answer", _answered(self._name, read))
        return self.operation(
            responses.READ, self._member_ids.take(f"get_{self._name}", read.name), read.description or read.name,
            given=given, answers={"200": answer}, write=False,
        )  # fmt: skip

    def _actions(self) -> dict[str, Any]:
        answer = responses.document("Every move, and why not", reference("Actions"))
        return self.operation(
            responses.GET, self._member_ids.take(f"get_{self._name}", "actions"),
            "What may be done with it now, and why not", given=[], answers={"200": answer}, write=False,
        )  # fmt: skip

    def _relationships(self) -> dict[str, dict[str, Any]]:
        """The addresses of relationships: the linkage, and what it leads to."""
        found: dict[str, dict[str, Any]] = {}
        for end in self._type.relationships.values():
            linkage = _linkage({"anyOf": [reference(component(end.to, "identifier")), {"type": "null"}]})
            operations = {"get": self._linked(end.name, linkage)}
            if end.set_by == "user" and end.name != self._type.owner:
                operations["patch"] = self._relink(end.name, end.to, required=end.required)
            else:
                operations["patch"] = self._refused("patch", end.name, responses.UPDATE, "only the system sets it")
            found[f"relationships/{end.name}"] = operations
            target = {"anyOf": [reference(component(end.to, "resource")), {"type": "null"}]}
            found[end.name] = {"get": self._related(end.name, end.to, _linkage(target))}
        for reverse in self._type.reverses.values():
            many = {"type": "array", "items": reference(component(reverse.type, "identifier"))}
            linked = {"get": self._linked(reverse.name, _linkage(many), many=True)}
            why = f"it is changed at its other end, {reverse.by} of each of {reverse.type}"
            methods = ("post", "patch", "delete")
            closed = {method: self._refused(method, reverse.name, responses.GET, why) for method in methods}
            found[f"relationships/{reverse.name}"] = linked | closed
            page = reference(component(reverse.type, "list"))
            found[reverse.name] = {"get": self._related(reverse.name, reverse.type, page, many=True)}
        return found

    def _linked(self, name: str, schema: Schema, *, many: bool = False) -> dict[str, Any]:
        operation_id = self._member_ids.take(f"get_{self._name}", name, "relationship")
        pages = parameters.shared(*PAGES) if many else []
        answer = responses.document("The linkage", schema)
        return self.operation(
            responses.GET, operation_id, f"The {name} it points at, as type and id", given=pages,
            answers={"200": answer}, write=False,
        )  # fmt: skip

    def _relink(self, name: str, to: str, *, required: bool) -> dict[str, Any]:
        target = reference(component(to, "identifier"))
        data = target if required else {"anyOf": [target, {"type": "null"}]}
        body = {"type": "object", "properties": {"data": data}, "required": ["data"]}
        answer = responses.document("The linkage as it is now", _linkage(data))
        return self.operation(
            responses.UPDATE, self._member_ids.take(f"update_{self._name}", name, "relationship"), f"Point {name} elsewhere",
            given=parameters.shared(*SAFE), answers={"200": answer}, body=body,
        )  # fmt: skip

    def _refused(self, method: str, name: str, kind: Kind, why: str) -> dict[str, Any]:
        """JSON:API has addresses for changing every relationship; here, this one says that it is not done so."""
        operation_id = self._member_ids.take(f"{method}_{self._name}", name, "relationship")
        description = f"Always refused: {why}."
        made = self.operation(kind, operation_id, f"Refused: {why}", given=[], answers={}, description=description)
        return {**made, "x-refused": True}

    def _related(self, name: str, to: str, schema: Schema, *, many: bool = False) -> dict[str, Any]:
        target = self._definitions.types[to]
        given = [*parameters.including(self._definitions, target), *parameters.fieldsets(self._definitions, target)]
        if many:
            given = [
                *parameters.shared(*PAGES), parameters.sorting(target), *given, *parameters.filters(self._definitions, target),
            ]  # fmt: skip
        return self.operation(
            responses.LIST if many else responses.GET, self._member_ids.take(f"get_{self._name}", name),
            f"The {name} it points at" if not many else f"The {to} that point at it", given=given,
            answers={"200": responses.document("What it leads to", schema)}, write=False,
        )  # fmt: skip

    # How

    def _and_gone(self, answers: dict[str, Any]) -> dict[str, Any]:
        """A row that can be gone for good can be gone by the time of the answer."""
        lifecycle = self._type.lifecycle
        if lifecycle is None or not lifecycle.gone:
            return answers
        return {**answers, "204": responses.empty("It is gone by now")}

    def _words(self) -> str:
        return self._name.replace("_", " ")

    def _component(self, part: str) -> Schema:
        return reference(component(self._name, part))

    def _links(self, verbs: tuple[str, ...]) -> dict[str, Any]:
        """What can be done next with the resource of the answer."""
        given = {"id": "$response.body#/data/id"}
        return {verb: {"operationId": self._ids[verb], "parameters": given} for verb in verbs}


def _insists(inputs: Schema) -> bool:
    return "required" in inputs


def _parameter(attribute: Attribute) -> Schema:
    schema = values.sent(attribute)
    if isinstance(schema.get("type"), list):
        schema["type"] = schema["type"][0]
    return schema["anyOf"][0] if "anyOf" in schema and len(schema) <= 2 else schema


def _answered(name: str, read: Read) -> Schema:
    data = {
        "type": "object",
        "properties": {"type": {"const": f"{name}-{read.name}"}, "id": {"type": "string"}, "attributes": {"type": "object"}},
        "required": ["type", "id", "attributes"],
    }
    return {"type": "object", "properties": {"data": data}, "required": ["data"]}


def _linkage(data: Schema) -> Schema:
    properties = {
        "data": data, "included": reference("Included"), "links": reference("Links"), "meta": reference("DocumentMeta"),
        "jsonapi": reference("JsonApi"),
    }  # fmt: skip
    return {"type": "object", "properties": properties, "required": ["data"]}
