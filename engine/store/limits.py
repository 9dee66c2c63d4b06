"""How much an owner may have of a type, kept inside the transaction of the write.

There is one writer, so what a unit of work counts cannot change before it is committed: however many ask at once, no more
get through than the limit allows. A write is asked only when it takes more: a row begins to count, its amount grows, or it
goes to another owner. Nothing is taken from anybody when their limit shrinks.

The owner is asked, whoever acts. The system is never refused: what has happened must be written down.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from engine.errors import Forbidden, Many
from engine.model import JSON, Definitions, Limit, ResourceType
from engine.rules import Condition, Rule, compile_rule, row_scope
from engine.store.layout import Record
from engine.store.type_store import ALIAS, TypeStore, quoted
from engine.store.work import Work

TOLERANCE = 1e-6
"""Tenths do not add up exactly in floating point; a limit is not reached by the last digit of a sum."""

EXACT, LARGEST = 2.0**53, 1.7976931348623157e308
"""From where on floats are no longer every whole number, and where they end."""

ADVICE = "Remove some, or ask for a larger {plan}."


class LimitReached(Forbidden):
    """The owner's limit leaves no room for this.

    403 and not 409: the same request is refused again and again, until the owner has less or may have more.
    """

    code, title = "limit_reached", "A limit is reached"


class Allowance(NamedTuple):
    """How much somebody may have, and what says so: the row of their plan by its title, if they have one."""

    values: Mapping[str, Any]
    plan: str | None


@dataclass(frozen=True, slots=True)
class _Compiled:
    limit: Limit
    where: Rule | None
    condition: Condition | None
    unless: Rule | None
    whole: bool

    def amount(self, row: Mapping[str, Any]) -> float:
        """What a row that counts adds. Less than nothing is nothing, or it would make room for other rows."""
        return 1 if self.limit.total is None else max(row[self.limit.total] or 0, 0)

    def shown(self, number: float) -> int | float:
        """A number for people and programs: without the noise of floating point, and one that JSON can hold."""
        if abs(number) >= EXACT:
            return min(float(number), LARGEST)
        rounded = round(number, 6)
        return int(rounded) if self.whole or rounded == int(rounded) else rounded


class Limits:
    """The limits of one resource type, compiled."""

    def __init__(self, definitions: Definitions, kind: TypeStore, dialect: str) -> None:
        identity = definitions.identity
        assert identity is not None  # noqa: S101  the loader wants an identity type and an owner where there are limits
        assert kind.resource.owner is not None  # noqa: S101  likewise
        assert identity.limited_by is not None  # noqa: S101  likewise
        self._kind, self._identity, self._relationship = kind, identity, identity.limited_by
        self._owner = kind.resource.owner
        scope = row_scope(definitions, kind.resource)
        self._limits = tuple(_compiled(kind.resource, each, scope, dialect) for each in kind.resource.limits.values())
        self._hops = frozenset(hop for each in self._limits if each.where is not None for hop in each.where.relationships)

    def check(self, unit: Work, row: Mapping[str, Any], before: Mapping[str, Any] | None) -> None:
        """Raise `LimitReached` where `row`, which was `before`, takes more than there is room for."""
        found = self.problems(unit, row, before)
        if found:
            raise found[0] if len(found) == 1 else Many(found)

    def problems(self, unit: Work, row: Mapping[str, Any], before: Mapping[str, Any] | None) -> list[LimitReached]:
        """Every limit in the way of `row`, which was `before`, or is new."""
        owner = row[self._owner]
        if unit.actor.system or owner is None:
            return []
        asked = [(each, more) for each in self._limits if (more := self._more(unit, each, row, before)) > 0]
        asked = [(each, more) for each, more in asked if not self._lifted(unit, each, row)]
        if not asked:
            return []
        allowance = self._allowance(unit, owner)
        others = self._others(unit, tuple(each for each, _ in asked), owner, row["id"])
        found = []
        for (each, more), amount in zip(asked, others, strict=True):
            total, most = amount + each.amount(row), allowance.values.get(each.limit.most)
            if most is None or total > most + TOLERANCE:
                mine = owner in unit.actor.facts["principals"]
                told = self._reached(each, allowance, most, total - more, more) if mine else self._others_limit(each.limit)
                found.append(told)
        return found

    def _more(self, unit: Work, each: _Compiled, row: Mapping[str, Any], before: Mapping[str, Any] | None) -> float:
        """What the owner has more of afterwards."""
        amount = each.amount(row) if self._counts(unit, each, row) else 0
        if before is None or before[self._owner] != row[self._owner] or not self._counts(unit, each, before):
            return amount
        return amount - each.amount(before)

    def _counts(self, unit: Work, each: _Compiled, row: Mapping[str, Any]) -> bool:
        lifecycle = self._kind.resource.lifecycle
        if lifecycle is not None and row[lifecycle.attribute] in lifecycle.gone:
            return False
        if each.where is None:
            return True
        related = unit.related(self._kind, row, self._hops)
        return bool(each.where.evaluate(row, user=unit.actor.facts, related=related, now=unit.now))

    def _lifted(self, unit: Work, each: _Compiled, row: Mapping[str, Any]) -> bool:
        if each.unless is None:
            return False
        related = unit.related(self._kind, row, each.unless.relationships)
        return bool(each.unless.evaluate(row, user=unit.actor.facts, related=related, now=unit.now))

    def _others(self, unit: Work, limits: tuple[_Compiled, ...], owner: str, row_id: str) -> list[float]:
        """What the owner's other rows amount to, for each limit, in one query."""
        columns: list[str] = []
        parameters: list[Any] = []
        for each in limits:
            # As floats: a sum of whole numbers that leaves 64 bits is an error of the database.
            column = f"{ALIAS}.{quoted(each.limit.total or '')}"
            summed = f"sum(CASE WHEN {column} > 0 THEN {column} * 1.0 END)"
            counted = "count(*)" if each.limit.total is None else summed
            columns.append(f"{counted} FILTER (WHERE {each.condition.text})" if each.condition else counted)
            if each.condition is not None:
                parameters += each.condition.parameters(unit.actor.facts, unit.now)
        kind = self._kind
        of_owner = f"{ALIAS}.{quoted(self._owner)} = ? AND {ALIAS}.id <> ?{kind.present}"
        statement = f"SELECT {', '.join(columns)} FROM {quoted(kind.name)} {ALIAS} WHERE {of_owner}"
        found = unit.transaction.one(statement, (*parameters, owner, row_id))
        assert found is not None  # noqa: S101  a query without groups answers one row
        return [amount or 0 for amount in found]

    def _allowance(self, unit: Work, owner: str) -> Allowance:
        """What the owner's plan says; what came with the owner's own request wins over it."""
        store, actor = unit.store, unit.actor
        person = unit.find(store.types[self._identity.name], owner)
        target = store.types[self._identity.relationships[self._relationship].to]
        row_id = person.row[self._relationship] if person is not None else None
        plan = unit.find(target, row_id) if row_id is not None else None
        values: Mapping[str, Any] = plan.row if plan is not None else {}
        label = None if plan is None else _label(unit, plan)
        if actor.id == owner and actor.limits is not None:
            return Allowance({**values, **actor.limits}, label or actor.facts["plan"])
        return Allowance(values, label)

    def _others_limit(self, limit: Limit) -> LimitReached:
        """What is told to others than the owner: how much somebody has, and may have, is theirs to know."""
        told = f"{limit.message.rstrip('. ')}. " if limit.message else ""
        detail = f"{told}It belongs to somebody else, whose limit leaves no room for this."
        return LimitReached(detail, meta={"limit": limit.name, "attribute": limit.most})

    def _reached(self, each: _Compiled, allowance: Allowance, most: float | None, used: float, more: float) -> LimitReached:
        limit, word = each.limit, self._relationship
        of_plan = f"the {word} {allowance.plan}" if allowance.plan is not None else "what you have"
        if most is None and not allowance.values:
            told = f"{limit.most} is 0: you have no {word}, and without one nothing is allowed"
        elif most is None:
            told = f"{limit.most} is 0: {of_plan} does not say how much is allowed, so nothing is"
        else:
            in_use = f"{each.shown(used)} in use, {each.shown(more)} more asked for"
            told = f"{limit.most} of {of_plan} is {each.shown(most)}: {in_use}"
        sentences = (f"{limit.message.rstrip('. ')}.", f"{told}.") if limit.message else (f"{told}.", ADVICE.format(plan=word))
        meta: dict[str, JSON] = {
            "limit": limit.name,
            "attribute": limit.most,
            "most": 0 if most is None else each.shown(most),
            "used": each.shown(used),
            "requested": each.shown(more),
            "plan": allowance.plan,
        }
        return LimitReached(" ".join(sentences), meta=meta)


def _compiled(resource: ResourceType, limit: Limit, scope: Any, dialect: str) -> _Compiled:
    where = compile_rule(limit.where.text, scope) if limit.where is not None else None
    unless = compile_rule(limit.unless.text, scope) if limit.unless is not None else None
    whole = limit.total is None or resource.attributes[limit.total].type == "integer"
    return _Compiled(limit, where, where.sql(dialect, ALIAS) if where is not None else None, unless, whole)


def _label(unit: Work, record: Record) -> str:
    """What people call a row: its title, else its name, as far as the actor may see that, else its id."""
    resource, row = record.layout.resource, record.row
    named = [name for name in (resource.view.title, "title", "name") if name is not None and name in resource.attributes]
    return next((str(row[name]) for name in named if row[name] is not None and unit.sees(record, name)), record.id)
