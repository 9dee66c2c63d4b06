"""The component schemas of one resource type: what it looks like, what may be sent to make and to change it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.api.description import samples, values
from engine.api.description.naming import component, reference
from engine.api.description.values import Schema
from engine.api.documents import BASE
from engine.model import STANDARD, Attribute, Definitions, Relationship, ResourceType
from engine.service.validation import has_default

LOCAL_ID: Schema = {"type": "string"}


CLOSED: Schema = {"additionalProperties": False, "patternProperties": {"^@": True}}
"""No other members than these; what JSON:API has every reader pass over is no member."""


class Resource:
    """One type, described. `schemas` are its components by name."""

    def __init__(self, definitions: Definitions, resource: ResourceType) -> None:
        self.type = resource
        self.name = resource.name
        self.settable = [each for each in resource.attributes.values() if values.is_settable(each)]
        self.linkable = [
            each for each in resource.relationships.values() if each.set_by == "user" and each.name != resource.owner
        ]
        self._prefixes = {name: each.id_prefix for name, each in definitions.types.items()}
        self.schemas: dict[str, Schema] = {}
        self._describe()

    def id_schema(self, type_name: str) -> Schema:
        """The schema of an id of a type."""
        return {"type": "string", "examples": [samples.sample_id(self._prefixes[type_name])]}

    def _describe(self) -> None:
        name = self.name
        self._put("id", {"description": f"What identifies one of {name}; made by the server.", **self.id_schema(name)})
        self._put("identifier", _identifier(name, self.id_schema(name)))
        self._put("resource", self._resource())
        self._put("create", self._request(create=True))
        self._put("update", self._request(create=False))
        self._put("document", _document(reference(component(name, "resource"))))
        self._put("list", _list(reference(component(name, "resource"))))

    def _put(self, part: str, schema: Schema) -> None:
        self.schemas[component(self.name, part)] = schema

    # As shown

    def _resource(self) -> Schema:
        properties: Schema = {
            "type": {"const": self.name},
            "id": self.id_schema(self.name),
            "attributes": {"type": "object", "properties": self._shown(), "additionalProperties": False},
        }
        linked = self._linked()
        if linked:
            properties["relationships"] = {"type": "object", "properties": linked, "additionalProperties": False}
        properties |= {"links": reference("Links"), "meta": reference("ResourceMeta")}
        described = {"description": self.type.description} if self.type.description else {}
        schema = {**described, "type": "object", "properties": properties, "required": ["type", "id"]}
        return {**schema, "examples": [self._sample()]}

    def _shown(self) -> dict[str, Schema]:
        shown: dict[str, Schema] = {}
        lifecycle = self.type.lifecycle
        if lifecycle is not None:
            words = ", ".join(lifecycle.transitions)
            description = f"The state. It is changed by transitions only: {words}." if words else "The state."
            shown[lifecycle.attribute] = {
                "description": description,
                "type": "string",
                "enum": [*lifecycle.states],
                "readOnly": True,
                "x-states": {each.name: each.description for each in lifecycle.states.values()},
            }
        for each in self.type.attributes.values():
            if each.type == "token":
                words = "Shown once, in the answer to its creation."
                shown[each.name] = {"description": f"{each.description} {words}".strip(), "type": "string", "readOnly": True}
            elif not values.is_hidden(each):
                shown[each.name] = self._value(each, "shown")
        for name in (each for each in STANDARD if each != "id"):
            words = "When it was made" if name == "created_at" else "When it last changed"
            shown[name] = {"description": words, "type": "string", "format": "date-time", "readOnly": True}
        return shown

    def _linked(self) -> dict[str, Schema]:
        linked = {each.name: self._to_one(each) for each in self.type.relationships.values()}
        for reverse in self.type.reverses.values():
            linked[reverse.name] = {
                "description": f"The {reverse.type} whose `{reverse.by}` is this.",
                "type": "object",
                "properties": {
                    "data": {"type": "array", "items": reference(component(reverse.type, "identifier"))},
                    "links": reference("Links"),
                    "meta": {"type": "object"},
                },
            }
        return linked

    def _to_one(self, relationship: Relationship) -> Schema:
        schema: Schema = {"description": relationship.description} if relationship.description else {}
        if relationship.set_by == "system" or relationship.name == self.type.owner:
            schema["readOnly"] = True
        data = _linkage(relationship.to)
        return {**schema, "type": "object", "properties": {"data": data, "links": reference("Links")}}

    # As sent

    def _request(self, *, create: bool) -> Schema:
        attributes = self._sent(create)
        links = self._links_sent(create)
        data: Schema = {"type": {"const": self.name}}
        if not create:
            data["id"] = {"description": "The id of the address.", **self.id_schema(self.name)}
        data["attributes"] = attributes
        if create:
            data["lid"] = {"description": "A name for it inside one request of several operations.", **LOCAL_ID}
        needed = ["type"] if create else ["type", "id"]
        if attributes.get("required"):
            needed.append("attributes")
        if links["properties"]:
            data["relationships"] = links
            if links.get("required"):
                needed.append("relationships")
        schema = _wrapped({"type": "object", "properties": data, "required": needed, **CLOSED})
        example = self._example(create)
        return schema if example is None else {**schema, "examples": [example]}

    def _sent(self, create: bool) -> Schema:
        properties = {each.name: self._value(each, "sent") for each in self.settable}
        schema: Schema = {"type": "object", "properties": properties, **CLOSED}
        required = [each.name for each in self.settable if each.required and not has_default(each)]
        if create and required:
            schema["required"] = required
        return schema

    def _links_sent(self, create: bool) -> Schema:
        properties = {each.name: self._link_sent(each) for each in self.linkable}
        schema: Schema = {"type": "object", "properties": properties, **CLOSED}
        required = [each.name for each in self.linkable if each.required and not getattr(each, "default", None)]
        if create and required:
            schema["required"] = required
        return schema

    def _link_sent(self, relationship: Relationship) -> Schema:
        schema: Schema = {"description": relationship.description} if relationship.description else {}
        target = reference(component(relationship.to, "identifier"))
        data = target if relationship.required else {"anyOf": [target, {"type": "null"}]}
        return {**schema, "type": "object", "properties": {"data": data}, "required": ["data"]}

    def _value(self, attribute: Attribute, how: str) -> Schema:
        """The schema of a value; one that refers to parts of its own becomes a component, so that the references hold."""
        describe = values.sent if how == "sent" else values.shown
        if attribute.type != "json" or not values.refers_to_itself(attribute.schema):
            return describe(attribute)
        name = component(self.name, attribute.name, "value")
        self.schemas[name] = values.moved(attribute, f"#/components/schemas/{name}")
        return describe(attribute, reference(name))

    # Inputs of transitions

    def inputs(self, inputs: Mapping[str, Attribute], transition: str) -> Schema:
        """What may be sent along with a transition."""
        attributes: Schema = {
            "type": "object",
            "properties": {each.name: self._value(each, "sent") for each in inputs.values()},
            **CLOSED,
        }
        required = [each.name for each in inputs.values() if each.required and not has_default(each)]
        data: Schema = {"type": "object", "properties": {"attributes": attributes}}
        if required:
            attributes["required"] = required
            data["required"] = ["attributes"]
        schema = _wrapped(data)
        if not required:  # an empty object is as good as no body
            del schema["required"]
            schema["anyOf"] = [{"maxProperties": 0}, {"required": ["data"]}]
        found = _examples(inputs.values())
        return {**schema, "examples": [{"data": {"attributes": found}}]} if found is not None else schema

    # Examples

    def _sample(self) -> dict[str, Any]:
        """One of them as it might look to somebody who sees all of it."""
        lifecycle, path = self.type.lifecycle, f"{BASE}/{self.name}/{samples.sample_id(self.type.id_prefix)}"
        attributes: dict[str, Any] = {lifecycle.attribute: lifecycle.initial} if lifecycle else {}
        for each in self.type.attributes.values():
            value = samples.sample(each)
            if not values.is_hidden(each):
                attributes[each.name] = None if value is samples.NOTHING and not each.required else value
        attributes = {name: value for name, value in attributes.items() if value is not samples.NOTHING}
        attributes |= {"created_at": samples.MOMENT, "updated_at": samples.MOMENT}
        ends: dict[str, Any] = {
            each.name: {"data": {"type": each.to, "id": samples.sample_id(self._prefixes[each.to])}}
            for each in self.type.relationships.values()
        }
        ends |= {each.name: {} for each in self.type.reverses.values()}
        for name, end in ends.items():
            end["links"] = {"self": f"{path}/relationships/{name}", "related": f"{path}/{name}"}
        found: dict[str, Any] = {"type": self.name, "id": path.rpartition("/")[2], "attributes": attributes}
        return {**found, **({"relationships": ends} if ends else {}), "links": {"self": path}, "meta": {"version": 1}}

    def _example(self, create: bool) -> dict[str, Any] | None:
        wanted = self.settable if create else [each for each in self.settable if not each.immutable][:2]
        attributes = _examples(wanted)
        if attributes is None:
            return None
        data: dict[str, Any] = {"type": self.name}
        if not create:
            data["id"] = samples.sample_id(self.type.id_prefix)
        data["attributes"] = attributes
        needed = [each for each in self.linkable if each.required] if create else []
        if needed:
            data["relationships"] = {
                each.name: {"data": {"type": each.to, "id": samples.sample_id(self._prefixes[each.to])}} for each in needed
            }
        return {"data": data}


def _examples(attributes: Any) -> dict[str, Any] | None:
    """A value for each; without those that have none, and None where one of these is needed."""
    found: dict[str, Any] = {}
    for each in attributes:
        value = samples.sample(each)
        if value is not samples.NOTHING:
            found[each.name] = value
        elif each.required and not has_default(each):
            return None
    return found


def _identifier(type_name: str, id_schema: Schema) -> Schema:
    properties = {"type": {"const": type_name}, "id": id_schema, "meta": {"type": "object"}}
    return {"type": "object", "properties": properties, "required": ["type", "id"]}


def _linkage(type_name: str) -> Schema:
    return {"anyOf": [reference(component(type_name, "identifier")), {"type": "null"}]}


def _wrapped(data: Schema) -> Schema:
    return {"type": "object", "properties": {"data": data}, "required": ["data"]}


def _document(data: Schema) -> Schema:
    properties = {
        "data": data,
        "included": reference("Included"),
        "links": reference("Links"),
        "meta": reference("DocumentMeta"),
        "jsonapi": reference("JsonApi"),
    }
    return {"type": "object", "properties": properties, "required": ["data"]}


def _list(item: Schema) -> Schema:
    return _document({"type": "array", "items": item}) | {"required": ["data", "links"]}
