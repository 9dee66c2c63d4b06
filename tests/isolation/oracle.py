"""What each caller may see and do, worked out from the definitions and from all rows, beside the engine.

The engine lets the database decide what is read; here, the Python function of a rule decides row by row, over all rows of
all types, gone ones too. What comes of it is compared with what the API answers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

import orjson

from engine.model import STANDARD, Attribute, Relationship, ResourceType, Reverse, RuleText
from engine.rules import Rule, compile_rule, row_scope
from engine.store import Record
from tests.isolation.marks import MARK
from tests.isolation.world import OPERATOR, Caller, World

Row = Mapping[str, Any]


class Oracle:
    """All rows as they are at one moment, and what the rules say of them."""

    def __init__(self, made: World) -> None:
        self._made = made
        self.types = made.definitions.types
        self.rows: dict[str, dict[str, Row]] = {}
        self._sees: dict[tuple[str, str, str], bool] = {}
        self._rules: dict[tuple[str, str], Rule] = {}
        for name, kind in made.running.store.types.items():
            records = (Record(kind.layout, values) for values in made.running.store.database.read(kind.select))
            self.rows[name] = {record.id: record.row for record in records}

    @cached_property
    def now(self) -> str:
        """The time of asking."""
        return self._made.running.store.now

    # Who

    def facts(self, caller: Caller) -> Mapping[str, Any]:
        """What rules see as `user.*`."""
        if caller.user is None:
            return {"id": "", "known": False, "operator": False, "principals": [], "email": None, "plan": None, "limits": {}}
        identity = self._made.definitions.identity
        assert identity is not None
        row = self.rows[identity.name][caller.user]
        email = next((each.name for each in identity.attributes.values() if each.type == "email"), "")
        plan = identity.limited_by or ("plan" if "plan" in identity.relationships else "")
        limiting = self._made.definitions.limits
        limits = self.rows[limiting.name].get(row[plan], {}) if limiting is not None else {}
        return {
            "id": caller.user, "known": True, "operator": row.get("operator") is True, "principals": [caller.user],
            "email": row.get(email), "plan": row.get(plan), "limits": limits,
        }  # fmt: skip

    # What

    def holds(self, caller: Caller, resource: ResourceType, text: RuleText | None, row: Row) -> bool:
        """Whether a rule of a type says yes to a caller about a row."""
        if text is None:
            return False
        key = resource.name, text.text
        if key not in self._rules:
            self._rules[key] = compile_rule(text.text, row_scope(self._made.definitions, resource))
        rule = self._rules[key]
        related = {name: self.rows[resource.relationships[name].to].get(row[name] or "") for name in rule.relationships}
        return bool(rule.evaluate(row, user=self.facts(caller), related=related, now=self.now))

    def is_gone(self, resource: ResourceType, row: Row) -> bool:
        """Whether a row answers as if it did not exist."""
        lifecycle = resource.lifecycle
        return lifecycle is not None and row[lifecycle.attribute] in lifecycle.gone

    def sees(self, caller: Caller, name: str, row_id: str) -> bool:
        """Whether a row is there for a caller, whatever their token is for."""
        key = f"{caller.user}", name, row_id
        if key not in self._sees:
            resource, row = self.types[name], self.rows[name].get(row_id)
            there = row is not None and not self.is_gone(resource, row)
            self._sees[key] = there and row is not None and self.holds(caller, resource, resource.access.read, row)
        return self._sees[key]

    def visible(self, caller: Caller, name: str) -> list[str]:
        """The rows of a type that are there for a caller."""
        return [row_id for row_id in self.rows[name] if self.sees(caller, name, row_id)]

    def hides(self, caller: Caller, name: str, row_id: str) -> frozenset[str]:
        """The attributes and relationships of a row that are not for a caller, concealed ones among them."""
        resource, row = self.types[name], self.rows[name][row_id]
        fields: tuple[Attribute | Relationship, ...] = (*resource.attributes.values(), *resource.relationships.values())
        closed = (each.name for each in fields if each.read is not None and not self.holds(caller, resource, each.read, row))
        return frozenset({*closed, *(each.name for each in resource.attributes.values() if each.concealed)})

    def attributes(self, caller: Caller, name: str, row_id: str) -> frozenset[str]:
        """The attributes that the document of a row has."""
        resource = self.types[name]
        state = {resource.lifecycle.attribute} if resource.lifecycle else set()
        shown = {*resource.attributes, *state, *STANDARD} - {"id"}
        return frozenset(shown - self.hides(caller, name, row_id))

    def links(self, caller: Caller, name: str, row_id: str) -> frozenset[str]:
        """The relationships that the document of a row has."""
        resource = self.types[name]
        return frozenset({*resource.relationships, *resource.reverses} - self.hides(caller, name, row_id))

    # Along relationships

    def behind(self, caller: Caller, name: str, row_id: str, end: Relationship | Reverse) -> list[tuple[str, str]]:
        """The rows at the other end of a relationship that are there for a caller, as type and id."""
        if isinstance(end, Reverse):
            return [(end.type, each) for each in self.visible(caller, end.type) if self._points(caller, end, each, row_id)]
        linked = self.rows[name][row_id][end.name]
        if linked is None or end.name in self.hides(caller, name, row_id) or not self.sees(caller, end.to, linked):
            return []
        return [(end.to, linked)]

    def _points(self, caller: Caller, end: Reverse, other: str, row_id: str) -> bool:
        return self.rows[end.type][other][end.by] == row_id and end.by not in self.hides(caller, end.type, other)

    # What may turn up in an answer

    def known(self, caller: Caller) -> frozenset[str]:
        """The marks and ids that a caller may come to know."""
        found: set[str] = {caller.user or ""}
        for name in self.types:
            if caller.within(name, "read") or caller.within(name, "write"):
                for row_id in self.visible(caller, name):
                    found.update(self._told(caller, name, row_id))
        return frozenset(found)

    def _told(self, caller: Caller, name: str, row_id: str) -> Iterator[str]:
        yield row_id
        row, hidden = self.rows[name][row_id], self.hides(caller, name, row_id)
        yield from (row[each] for each in self.types[name].relationships if row[each] is not None and each not in hidden)
        shown = {key: row[key] for key in self.types[name].attributes if key not in hidden}
        yield from MARK.findall(orjson.dumps(shown).decode().lower())

    def after(self, caller: Caller, name: str, row_id: str, changes: Mapping[str, Any]) -> frozenset[str]:
        """The marks of a row that a caller would be shown if it were changed so, as far as they see it then."""
        resource, row = self.types[name], {**self.rows[name][row_id], **changes}
        fields: tuple[Attribute | Relationship, ...] = (*resource.attributes.values(), *resource.relationships.values())
        shown = (
            row[each.name]
            for each in fields
            if each.read is not None
            and self.holds(caller, resource, each.read, row)
            and not (isinstance(each, Attribute) and each.concealed)
        )
        texts = [str(value) for value in shown]
        return frozenset({*texts, *(mark for text in texts for mark in MARK.findall(text.lower()))})

    @cached_property
    def ids(self) -> frozenset[str]:
        """Every id that there is."""
        return frozenset(row_id for rows in self.rows.values() for row_id in rows)

    def is_operator(self, caller: Caller) -> bool:
        """Whether the caller runs the installation."""
        return caller.name == OPERATOR
