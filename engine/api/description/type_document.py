"""The resource types as data, for screens and clients: what each is made of, and what the one who asks may do with it.

What holds for everybody is worked out once per type; what depends on the caller is put to it at each request, as far as it
can be told without a row.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from engine.access import Actor, Verb
from engine.api.description import values
from engine.api.description.foresight import Foresight, foresee
from engine.api.description.parameters import comparable
from engine.api.documents import BASE, Document
from engine.model import STANDARD, Attribute, Definitions, Lifecycle, Relationship, ResourceType, RuleText, Transition
from engine.rules import compile_rule, row_scope
from engine.rules.tree import Node
from engine.types import TYPES

VERBS = ("read", "create", "update", "delete")
_CONSTRAINTS = ("min_length", "max_length", "minimum", "maximum", "pattern", "currency", "prefix")


class TypeDocument:
    """One resource type, described for whoever asks."""

    def __init__(self, definitions: Definitions, resource: ResourceType) -> None:
        self._type = resource
        self._scope = row_scope(definitions, resource)
        self._limits = definitions.limits

    def resource(self, actor: Actor, now: str) -> Document:
        """The resource object."""
        name = self._type.name
        can = self._can(actor, now)
        fields = {key: {**each, **self._caller_and(key, actor, now, can)} for key, each in self._fields.items()}
        relations = {key: {**each, **self._caller_and(key, actor, now, can)} for key, each in self._relations.items()}
        return {
            "type": "schema",
            "id": name,
            "attributes": {**self._fixed, "fields": fields, "relations": relations, "can": can},
            "links": {"self": f"{BASE}/schema/{name}", "collection": f"{BASE}/{name}", "documentation": f"{BASE}/docs/{name}"},
        }

    # The same for everybody

    @cached_property
    def _fixed(self) -> dict[str, Any]:
        resource = self._type
        return {
            "name": resource.name,
            "description": resource.description,
            "id_prefix": resource.id_prefix,
            "identity": resource.identity,
            "credential": resource.credential,
            "owner": resource.owner,
            "reverses": {each.name: {"type": each.type, "by": each.by} for each in resource.reverses.values()},
            "lifecycle": _lifecycle(resource.lifecycle) if resource.lifecycle else None,
            "reads": {
                each.name: {
                    "description": each.description,
                    "stream": each.stream,
                    "params": {param.name: _field(param) for param in each.params.values()},
                }
                for each in resource.reads.values()
            },
            "view": {
                "columns": [*resource.view.columns],
                "filter": [*resource.view.filter],
                "sort": [*resource.view.sort],
                "order": resource.view.order,
                "title": resource.view.title,
            },
            "comparable": comparable(resource),
            "limits": {
                each.name: {"most": each.most, "total": each.total, "message": each.message}
                for each in resource.limits.values()
            },
        }

    @cached_property
    def _fields(self) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {name: {"type": kind, "set_by": "server"} for name, kind in STANDARD.items()}
        lifecycle = self._type.lifecycle
        if lifecycle is not None:
            found[lifecycle.attribute] = {"type": "enum", "values": [*lifecycle.states], "set_by": "transition"}
        return found | {each.name: _field(each) for each in self._type.attributes.values()}

    @cached_property
    def _relations(self) -> dict[str, dict[str, Any]]:
        return {each.name: self._relation(each) for each in self._type.relationships.values()}

    def _relation(self, each: Relationship) -> dict[str, Any]:
        return {
            "to": each.to,
            "description": each.description,
            "required": each.required and each.default is None,
            "nullable": not each.required,
            "immutable": each.immutable,
            "set_by": "caller" if each.name == self._type.owner else each.set_by,
            "on_delete": each.on_delete,
        }

    # For the one who asks

    @cached_property
    def _rules(self) -> dict[str, Node | None]:
        """Every rule that is asked here, by what it is about; None where only the system may."""
        access, resource = self._type.access, self._type
        rules: dict[str, Node | None] = {
            verb: self._tree(getattr(access, verb)) for verb in ("read", "create", "update", "delete")
        }
        for transition in resource.lifecycle.transitions.values() if resource.lifecycle else ():
            rules[f"fire {transition.name}"] = None if transition.by == "system" else self._tree(transition.by)
        ends: tuple[Attribute | Relationship, ...] = (*resource.attributes.values(), *resource.relationships.values())
        for each in ends:
            for verb in ("read", "write"):
                if getattr(each, verb) is not None:
                    rules[f"{verb} {each.name}"] = self._tree(getattr(each, verb))
        return rules

    def _tree(self, text: RuleText | None) -> Node:
        return compile_rule(text.text if text is not None else "false", self._scope).tree

    def _can(self, actor: Actor, now: str) -> dict[str, Any]:
        lifecycle = self._type.lifecycle
        transitions = lifecycle.transitions if lifecycle else {}
        can: dict[str, Any] = {verb: self._foresee(verb, actor, now) for verb in VERBS}
        can["transitions"] = {name: self._foresee(f"fire {name}", actor, now) for name in transitions}
        if "delete" in transitions:
            can["delete"] = can["transitions"]["delete"]
        return can

    def _foresee(self, about: str, actor: Actor, now: str) -> Foresight:
        verb: Verb = "read" if about.startswith("read") else "write"
        if actor.system:
            return True
        if not actor.within_scope(self._type.name, verb) or (verb == "write" and not actor.facts["known"]):
            return False
        tree = self._rules[about]
        return False if tree is None else foresee(tree, actor.facts, now)

    def _caller_and(self, name: str, actor: Actor, now: str, can: Mapping[str, Any]) -> dict[str, Foresight]:
        """What the caller may do with one field or relation."""
        attribute, relation = self._type.attributes.get(name), self._type.relationships.get(name)
        shown = self._foresee(f"read {name}", actor, now) if f"read {name}" in self._rules else can["read"]
        if attribute is not None and values.is_hidden(attribute):
            shown = False
        settable = (
            values.is_settable(attribute)
            if attribute is not None
            else relation is not None and relation.set_by == "user" and name != self._type.owner
        )
        fixed = (attribute or relation) is not None and bool(getattr(attribute or relation, "immutable", False))
        write = self._foresee(f"write {name}", actor, now) if f"write {name}" in self._rules else True
        at_creation = _both(can["create"], write) if settable else False
        later = _both(can["update"], write) if settable and not fixed else False
        return {"readable": shown, "settable_at_creation": at_creation, "settable_later": later}


def _both(one: Foresight, other: Foresight) -> Foresight:
    if one is False or other is False:
        return False
    return True if one is True and other is True else "depends"


def _field(attribute: Attribute) -> dict[str, Any]:
    """An attribute as data."""
    described: dict[str, Any] = {
        "type": attribute.type,
        "description": attribute.description,
        "required": attribute.required and attribute.default is None and attribute.default_rule is None,
        "nullable": not attribute.required and attribute.default is None,
        "default": attribute.default,
        "computed": attribute.computed is not None,
        "immutable": attribute.immutable,
        "set_by": "system" if attribute.computed is not None or attribute.type == "token" else attribute.set_by,
        "secret": values.is_hidden(attribute),
        "schema": TYPES[attribute.type].schema(attribute),
    }
    described |= {name: value for name in _CONSTRAINTS if (value := getattr(attribute, name)) not in (None, "")}
    if attribute.values:
        described["values"] = [*attribute.values]
    if attribute.unique is not None:
        described["unique"] = [*attribute.unique] or True
    return described


def _lifecycle(lifecycle: Lifecycle) -> dict[str, Any]:
    return {
        "attribute": lifecycle.attribute,
        "initial": lifecycle.initial,
        "failure": lifecycle.failure,
        "states": {
            each.name: {
                "description": each.description,
                "tone": each.tone,
                "busy": each.run is not None,
                "within": each.within,
                "final": each.final,
                "gone": each.gone,
            }
            for each in lifecycle.states.values()
        },
        "transitions": {each.name: _transition(each) for each in lifecycle.transitions.values()},
    }


def _transition(transition: Transition) -> dict[str, Any]:
    return {
        "description": transition.description,
        "from": [*transition.sources],
        "to": transition.target,
        "needs": [guard.message for guard in transition.guards],
        "inputs": {each.name: _field(each) for each in transition.inputs.values()},
        "confirm": transition.confirm,
        "by_system": transition.by == "system",
    }
