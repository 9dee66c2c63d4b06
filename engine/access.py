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

from engine.model import Definitions, ResourceType, RuleText, Transition
from engine.rules import Condition, Rule, compile_rule, row_scope


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


def user(identity: str, *, operator: bool = False, email: str | None = None, plan: str | None = None, **more: Any) -> Actor:
    """The actor for a known user; `more` are further fields of `Actor`."""
    facts = {"id": identity, "known": True, "operator": operator, "principals": [identity], "email": email, "plan": plan}
    return Actor(identity, identity, MappingProxyType(facts), **more)


_NOBODY: Mapping[str, Any] = MappingProxyType(
    {"id": "", "known": False, "operator": False, "principals": [], "email": None, "plan": None}
)

ANONYMOUS = Actor("", "anonymous", _NOBODY)
SYSTEM = Actor("", "system", _NOBODY, system=True)


@dataclass(frozen=True, slots=True)
class Permissions:
    """The compiled access rules of one resource type."""

    read: Condition
    read_rule: Rule
    create: Rule
    update: Rule
    delete: Rule
    transitions: Mapping[str, Rule | None] = field(default_factory=dict)
    attributes: Mapping[str, Condition] = field(default_factory=dict)

    def may_fire(
        self, actor: Actor, transition: Transition, row: Mapping[str, Any], related: Mapping[str, Any], now: str
    ) -> bool:
        """Whether `actor` may fire `transition` on `row`, leaving state and guards aside."""
        if actor.system:
            return True
        rule = self.transitions[transition.name]
        return rule is not None and bool(rule.evaluate(row, user=actor.facts, related=related, now=now))

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
    return Permissions(
        read=read.sql(dialect, alias),
        read_rule=read,
        create=compiled(resource.access.create),
        update=compiled(resource.access.update),
        delete=compiled(resource.access.delete),
        transitions={each.name: None if each.by == "system" else compiled(each.by) for each in transitions},
        attributes={
            each.name: compiled(each.read).sql(dialect, alias) for each in resource.attributes.values() if each.read is not None
        },
    )
