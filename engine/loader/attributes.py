"""The `attributes` section, and the inputs and parameters that look like it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from engine.loader.draft import Draft, RuleUse
from engine.loader.node import Node, plain
from engine.loader.prefix import default_prefix
from engine.loader.values import flag, names, number, text, whole
from engine.loader.words import who
from engine.model import JSON, Attribute
from engine.types import TYPES


def read_attributes(draft: Draft, section: Node | None, owner: str | None, owner_name: str | None) -> Mapping[str, Attribute]:
    """The attributes of a type. `owner` is the rule for the owner, `owner_name` the relationship that holds it."""
    attributes = {
        name: _attribute(draft, name, key, node, owner, owner_name) for name, key, node in (section.items() if section else [])
    }
    return MappingProxyType(attributes)


def read_parameters(draft: Draft, section: Node | None) -> Mapping[str, Attribute]:
    """The inputs of a transition, or the parameters of a read."""
    parameters = {
        name: Attribute(name=name, default=_literal(node.get("default")), **_common(draft, name, key, node))
        for name, key, node in (section.items() if section else [])
    }
    return MappingProxyType(parameters)


def _attribute(draft: Draft, name: str, key: Node, node: Node, owner: str | None, owner_name: str | None) -> Attribute:
    computed, read, write, default = node.get("computed"), node.get("read"), node.get("write"), node.get("default")
    default_rule = rule_of(default)
    kind, system = text(node, "type"), computed is not None or text(node, "set_by") == "system"
    attribute = Attribute(
        name=name,
        default=None if default_rule is not None else _literal(default),
        default_rule=draft.rule(default_rule) if default_rule is not None else None,
        computed=draft.rule(computed) if computed is not None else None,
        unique=() if kind == "token" else _unique(node.get("unique"), owner_name),
        index=flag(node, "index"),
        immutable=flag(node, "immutable"),
        set_by="system" if system or kind == "token" else "user",
        read=who(draft, read, "attribute", owner) if read is not None else None,
        write=who(draft, write, "row", owner) if write is not None else None,
        secret=kind == "secret" or flag(node, "secret"),
        prefix=(text(node, "prefix") or default_prefix(draft.name)) if kind == "token" else "",
        check=text(node, "check"),
        was=text(node, "was"),
        **_common(draft, name, key, node),
    )
    if default_rule is not None and attribute.default_rule is not None:
        draft.rules.append(RuleUse(attribute.default_rule, default_rule, "default", attribute))
    if computed is not None and attribute.computed is not None:
        draft.rules.append(RuleUse(attribute.computed, computed, "computed", attribute))
    return attribute


def _common(draft: Draft, name: str, key: Node, node: Node) -> dict[str, Any]:
    kind = text(node, "type")
    if kind not in TYPES:
        draft.uncertain.add(name)
    schema = node.get("schema")
    return {
        "type": kind if kind in TYPES else "string",
        "description": text(node, "description") or "",
        "required": flag(node, "required"),
        "min_length": whole(node, "min_length"),
        "max_length": whole(node, "max_length"),
        "minimum": number(node, "minimum"),
        "maximum": number(node, "maximum"),
        "pattern": text(node, "pattern"),
        "values": tuple(value for value, _ in names(node.get("values"))),
        "schema": _schema(plain(schema)) if schema is not None else None,
        "currency": text(node, "currency"),
        "position": draft.position(key),
    }


def _literal(node: Node | None) -> JSON:
    return None if node is None else plain(node)


def rule_of(default: Node | None) -> Node | None:
    """The rule of `default: {rule: …}`; any other mapping is a literal."""
    rule = default.get("rule") if default is not None else None
    if default is None or rule is None or len(default.items()) != 1 or not isinstance(rule.value, str):
        return None
    return rule


def _schema(value: JSON) -> Mapping[str, JSON] | bool | None:
    return value if isinstance(value, dict | bool) else None


def _unique(node: Node | None, owner_name: str | None) -> tuple[str, ...] | None:
    if node is None or node.value is False:
        return None
    if node.value is True:
        return ()
    return tuple(owner_name if name == "owner" and owner_name is not None else name for name, _ in names(node))


def default_node(node: Node) -> Node | None:
    """The node of a literal default, for checking it against the type."""
    default = node.get("default")
    return default if rule_of(default) is None else None
