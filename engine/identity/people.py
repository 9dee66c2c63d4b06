"""Users as the identity type has them, joined with what limits them: from a row of a query to an `Actor`.

The names `operator`, `expires_at`, `scopes`, `last_used_at` … are conventions: a type that has such an attribute gets what
it stands for, one that has not does without.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from engine.access import Actor, user
from engine.errors import HosterError
from engine.model import Attribute, ResourceType
from engine.store import Store
from engine.store.type_store import quoted
from engine.types import TYPES

PERSON, CREDENTIAL, PLAN = "t", "k", "p"
"""What queries call the user, what let them in, and what limits them."""

LIMITING = ("integer", "number", "json")
"""The types of attributes that can say how much somebody may have."""


class NoIdentityType(HosterError):
    """No resource type is marked `identity: true`, so nobody can be anybody."""

    code, title = "no_identity_type", "The definitions have no users"


class People:
    """See the module."""

    def __init__(self, store: Store) -> None:
        identity = store.definitions.identity
        if identity is None:
            raise NoIdentityType("Mark the resource type whose rows are the users with `identity: true`")
        self.store = store
        self.kind = store.kind(identity.name)
        self.limiting = store.definitions.limits
        self.plan: str | None = identity.limited_by or ("plan" if "plan" in identity.relationships else None)
        self.email = next((each.name for each in identity.attributes.values() if each.type == "email"), None)
        self.limits: Mapping[str, Attribute] = (
            {each.name: each for each in self.limiting.attributes.values() if each.type in LIMITING} if self.limiting else {}
        )
        self.width = 4 + len(self.limits)

    def statement(self, table: str, owner: str, where: str, extra: tuple[str, ...] = (), present: str = "") -> str:
        """The query for a user by something of theirs: `table`, whose column `owner` is their id, as `k`."""
        columns = [f"{PERSON}.id", *(self._column(name) for name in ("operator", self.email, self.plan))]
        columns += [f"{PLAN}.{quoted(name)}" for name in self.limits]
        text = (
            f"SELECT {', '.join([*columns, *extra])} FROM {quoted(table)} {CREDENTIAL} "
            f"JOIN {quoted(self.kind.name)} {PERSON} ON {PERSON}.id = {CREDENTIAL}.{quoted(owner)}"
        )
        if self.limiting is not None:
            text += f" LEFT JOIN {quoted(self.limiting.name)} {PLAN} ON {PLAN}.id = {PERSON}.{quoted(self.plan or '')}"
        return f"{text} WHERE {where}{present}{self.kind.present_as(PERSON)}"

    def actor(self, row: tuple[Any, ...], *, facts: Mapping[str, Any] | None = None, **more: Any) -> Actor:
        """The user in the first columns of such a query's answer; `more` are further fields of the actor."""
        identity, operator, email, plan = row[:4]
        actor = user(identity, operator=operator == 1, email=email, plan=plan, **more)
        limits = {name: _value(each, row[4 + index]) for index, (name, each) in enumerate(self.limits.items()) if plan}
        merged = MappingProxyType({**limits, **(actor.limits or {})})  # what came with the request wins over the plan
        return replace(actor, facts=MappingProxyType({**actor.facts, "limits": merged, **(facts or {})}))

    def plan_of(self, name: str) -> str | None:
        """The id of what limits users, by its id or by a unique name."""
        if self.limiting is None:
            return None
        kind = self.store.kind(self.limiting.name)
        columns = ["id", *_names(self.limiting)]
        where = " OR ".join(f"t.{quoted(column)} = ?" for column in columns)
        rows = self.store.database.read(
            f"SELECT t.id FROM {quoted(kind.name)} t WHERE ({where}){kind.present_as('t')} LIMIT 2", [name] * len(columns)
        )
        return str(rows[0][0]) if len(rows) == 1 else None

    def _column(self, name: str | None) -> str:
        identity = self.kind.resource
        known = name is not None and (name in identity.attributes or name in identity.relationships)
        return f"{PERSON}.{quoted(name or '')}" if known else "NULL"


def _names(resource: ResourceType) -> list[str]:
    """The attributes that name a row of the type by themselves."""
    return [each.name for each in resource.attributes.values() if each.unique == () and each.type in ("slug", "string")]


def _value(attribute: Attribute, column: Any) -> Any:
    convert = TYPES[attribute.type].from_column
    return column if convert is None or column is None else convert(column)
