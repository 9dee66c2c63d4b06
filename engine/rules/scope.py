"""The names that a rule may use, and what each of them is.

A `Scope` is made from the definitions, so a rule is checked against the very attributes that the store has.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal, TypeAlias

from engine.model import STANDARD, Attribute, Definitions, ResourceType
from engine.types import TYPES

Origin: TypeAlias = Literal["row", "related", "user", "limits", "old", "input", "now"]

LISTS = MappingProxyType({"string": "list<string>", "integer": "list<int>", "number": "list<float>"})
MONEY = MappingProxyType({"amount": "int", "currency": "string"})


@dataclass(frozen=True, slots=True)
class Name:
    """One name. It is read as `key` from the mapping that `origin` says, and `component` from that value if it is money.

    A related value is read from the row of table `table` that the relationship `relationship` leads to. One of the origin
    `limits` is part of what is known of the user: how much they may have.
    `values` are all the words it can hold, where those are known.
    """

    type: str
    nullable: bool
    origin: Origin
    key: str
    component: str | None = None
    relationship: str | None = None
    table: str | None = None
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Scope:
    """All names of one place where rules are written, dotted names included."""

    names: Mapping[str, Name]

    def members(self, prefix: str) -> tuple[str, ...]:
        """What can follow `prefix` and a dot; with an empty prefix, what a name can begin with."""
        start = f"{prefix}." if prefix else ""
        return tuple(dict.fromkeys(name[len(start) :].split(".")[0] for name in self.names if name.startswith(start)))


_USER = {
    "user.id": Name("string", False, "user", "id"),
    "user.known": Name("bool", False, "user", "known"),
    "user.operator": Name("bool", False, "user", "operator"),
    "user.principals": Name("list<string>", False, "user", "principals"),
    "user.email": Name("string", True, "user", "email"),
    "user.plan": Name("string", True, "user", "plan"),
    "now": Name("time", False, "now", "now"),
}


def row_scope(
    definitions: Definitions,
    resource: ResourceType,
    *,
    with_old: bool = False,
    inputs: Mapping[str, Attribute] | None = None,
) -> Scope:
    """The names for rules about rows of `resource`: its own, one hop further, and who is asking when.

    `with_old` adds the row before the change as `old.*`; `inputs` are those of a transition, as `input.*`.
    """
    names: dict[str, Name] = {}
    for path, name in _columns(resource):
        names[path] = name
        if with_old:
            names[f"old.{path}"] = Name(name.type, True, "old", name.key, name.component, values=name.values)
    for relationship in resource.relationships.values():
        target = definitions.types.get(relationship.to)
        for path, name in _columns(target) if target is not None else ():
            names[f"{relationship.name}.{path}"] = Name(
                name.type, True, "related", name.key, name.component, relationship.name, relationship.to, name.values
            )
    for attribute in (inputs or {}).values():
        for path, name in _attribute(attribute, "input"):
            names[f"input.{path}"] = name
    return Scope(MappingProxyType(names | _user(definitions)))


def user_scope(definitions: Definitions) -> Scope:
    """The names for rules about who is asking, and when, whatever the row."""
    return Scope(MappingProxyType(_user(definitions)))


def _user(definitions: Definitions) -> dict[str, Name]:
    """Who is asking when, with how much they may have: nothing of that is certain."""
    limiting = definitions.limits
    return _USER | {
        f"user.limits.{path}": replace(name, nullable=True)
        for attribute in (limiting.attributes.values() if limiting is not None else ())
        for path, name in _attribute(attribute, "limits")
    }


def _columns(resource: ResourceType) -> Iterator[tuple[str, Name]]:
    """Everything that a row of `resource` has."""
    for key, kind in STANDARD.items():
        yield key, Name(TYPES[kind].rule or "json", False, "row", key)
    if resource.lifecycle is not None:
        key = resource.lifecycle.attribute
        yield key, Name("string", False, "row", key, values=tuple(resource.lifecycle.states))
    for relationship in resource.relationships.values():
        yield relationship.name, Name("string", not relationship.required, "row", relationship.name)
    for attribute in resource.attributes.values():
        yield from _attribute(attribute, "row")


def _attribute(attribute: Attribute, origin: Origin) -> Iterator[tuple[str, Name]]:
    nullable = not attribute.required and attribute.default is None
    kind = _rule_type(attribute)
    yield attribute.name, Name(kind, nullable, origin, attribute.name, values=attribute.values)
    if kind == "money":
        for component, type_ in MONEY.items():
            yield f"{attribute.name}.{component}", Name(type_, nullable, origin, attribute.name, component)


def _rule_type(attribute: Attribute) -> str:
    """The rule type of an attribute; `json` for what rules cannot look into."""
    if attribute.concealed:
        return "secret"
    schema = attribute.schema
    if attribute.type == "json" and isinstance(schema, Mapping) and schema.get("type") == "array":
        items = schema.get("items")
        kind = items.get("type") if isinstance(items, Mapping) else None
        return LISTS.get(kind, "json") if isinstance(kind, str) else "json"
    return TYPES[attribute.type].rule or "json"
