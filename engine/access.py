"""Who is asking, and what they may do.

Reading is decided by the database: the rule becomes a condition of the query, so that what a person may not see is never
fetched, counted or hinted at. Everything else is decided here on the row, after it has been found readable: a row that may
not be seen does not exist, a row that may be seen but not touched says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

from engine.model import Attribute, Definitions, Relationship, ResourceType, RuleText
from engine.rules import Alternative, Condition, Rule, alternatives, compile_rule, row_scope

Verb: TypeAlias = Literal["read", "write"]


@dataclass(frozen=True, slots=True)
class Actor:
    """Who is asking. `facts` are what rules see as `user.*`; `label` is what the event log keeps.

    `limits` are how much they may have, where whoever let them in has said so. `scopes` are what the token they came with
    may be used for, such as `read` or `notes:write`; None where it is not narrowed. `credential` names the row that let
    them in as type/id, and `expires_at` is when that ends.
    """

    id: str
    label: str
    facts: Mapping[str, Any]
    system: bool = False
    limits: Mapping[str, Any] | None = None
    scopes: frozenset[str] | None = None
    credential: str | None = None
    expires_at: str | None = None

    def within_scope(self, type_name: str, verb: Verb) -> bool:
        """Whether the token they came with may be used so; what they may do themselves is another matter."""
        return self.scopes is None or verb in self.scopes or f"{type_name}:{verb}" in self.scopes


def user(
    identity: str,
    *,
    operator: bool = False,
    email: str | None = None,
    plan: str | None = None,
    limits: Mapping[str, Any] | None = None,
    **more: Any,
) -> Actor:
    """The actor for a known user; `more` are further fields of `Actor`.

    `limits` are those that whoever let them in has said; rules see them as `user.limits`.
    """
    facts = {"id": identity, "known": True, "operator": operator, "principals": [identity], "email": email, "plan": plan}
    return Actor(identity, identity, MappingProxyType(facts | {"limits": limits or {}}), limits=limits, **more)


_NOBODY: Mapping[str, Any] = MappingProxyType(
    {"id": "", "known": False, "operator": False, "principals": [], "email": None, "plan": None, "limits": {}}
)

ANONYMOUS = Actor("", "anonymous", _NOBODY)
SYSTEM = Actor("", "system", _NOBODY, system=True)


@dataclass(frozen=True, slots=True)
class Permissions:
    """The compiled access rules of one resource type.

    `read_terms` are the terms of the rule for reading, of which one is enough.
    `usable` is None where whoever may read a row may refer to it. `attributes` are the conditions for seeing an attribute or
    a relationship, `writes` the rules for setting one, where it has its own.
    """

    read: Condition
    read_terms: tuple[Alternative, ...]
    read_rule: Rule
    create: Rule
    update: Rule
    delete: Rule
    transitions: Mapping[str, Rule | None] = field(default_factory=dict)
    attributes: Mapping[str, Condition] = field(default_factory=dict)
    usable: Rule | None = None
    writes: Mapping[str, Rule] = field(default_factory=dict)

    def related(self, rules: tuple[Rule | None, ...]) -> frozenset[str]:
        """The relationships whose rows are needed to evaluate `rules`."""
        return frozenset(name for rule in rules if rule is not None for name in rule.relationships)


def permissions(definitions: Definitions, resource: ResourceType, dialect: str, alias: str) -> Permissions:
    """Compile the access rules of `resource`; its conditions speak of the row as `alias`."""
    scope = row_scope(definitions, resource)

    def compiled(text: RuleText | None) -> Rule:
        return compile_rule(text.text if text is not None else "false", scope)

    read = compiled(resource.access.read)
    transitions = resource.lifecycle.transitions.values() if resource.lifecycle else ()
    fields: tuple[Attribute | Relationship, ...] = (*resource.attributes.values(), *resource.relationships.values())
    return Permissions(
        read=read.sql(dialect, alias),
        read_terms=alternatives(read, dialect, alias),
        read_rule=read,
        create=compiled(resource.access.create),
        update=compiled(resource.access.update),
        delete=compiled(resource.access.delete),
        transitions={each.name: None if each.by == "system" else compiled(each.by) for each in transitions},
        attributes={each.name: compiled(each.read).sql(dialect, alias) for each in fields if each.read is not None},
        usable=compiled(resource.access.usable) if resource.access.usable is not None else None,
        writes={each.name: compiled(each.write) for each in fields if each.write is not None},
    )
