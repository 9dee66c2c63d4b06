"""The service: every operation on every resource type, for an actor.

Each write is one function inside one transaction. What may be slow (checks of long texts) runs before it in a thread, on
the version of the row that the write then insists on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

from engine.access import Actor
from engine.commands.registry import ReadContext, Registry
from engine.errors import (
    BadRequest,
    Conflict,
    Forbidden,
    HosterError,
    Invalid,
    NotFound,
    PreconditionFailed,
    Unauthenticated,
)
from engine.model import Transition
from engine.service.validation import ATTRIBUTES, RELATIONSHIPS, TypeInput, escape, raise_all
from engine.store import ListQuery, Record, Store, TypeStore, Unit
from engine.store.moves import fire
from engine.store.type_store import normalised

ATTEMPTS = 5
"""How often a checked update is begun again because the row changed under the check."""


NOTHING: frozenset[str] = frozenset()


class Seen(NamedTuple):
    """A record as an actor may see it: `hidden` names the attributes that are not for them."""

    record: Record
    hidden: frozenset[str] = NOTHING


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a list; `total` only when it was asked for."""

    items: list[Seen]
    more: bool
    total: int | None = None


class Service:
    """See the module."""

    def __init__(self, store: Store, registry: Registry) -> None:
        self.store = store
        self.registry = registry
        self._inputs = {name: TypeInput(kind.resource) for name, kind in store.types.items()}
        self._checked = {
            name: tuple(each for each in kind.resource.attributes.values() if each.check is not None)
            for name, kind in store.types.items()
        }

    # Reading

    def get(self, actor: Actor, type_name: str, row_id: str) -> Seen:
        """One resource; raises `NotFound`."""
        kind = self.store.kind(type_name)
        record = self._readable(actor, kind, row_id)
        return Seen(record, self._hidden(actor, kind, [record]).get(record.id, NOTHING))

    async def page(self, actor: Actor, type_name: str, query: ListQuery) -> Page:
        """A page of the resources that `actor` may see."""
        kind = self.store.kind(type_name)
        records, more = await self.store.page(kind, actor, query)
        total = await self.store.count(kind, actor, query) if query.total else None
        hidden = self._hidden(actor, kind, records)
        seen = [Seen(record, hidden[record.id]) for record in records] if hidden else [Seen(record) for record in records]
        return Page(seen, more, total)

    async def read(self, actor: Actor, type_name: str, row_id: str, name: str, params: Mapping[str, Any]) -> Any:
        """Serve a declared read of a row."""
        kind = self.store.kind(type_name)
        record = self._readable(actor, kind, row_id)
        declared = kind.resource.reads[name]
        values = self._inputs[type_name].params[name]
        raise_all([_of_parameter(problem) for problem in values.problems(params, complete=True)])
        given = {each.name: each.default for each in declared.params.values()} | dict(params)
        return await self.registry.readers[declared.source](ReadContext(record.row, self.store.related(kind, record), given))

    # Writing

    async def create(
        self, actor: Actor, type_name: str, attributes: Mapping[str, Any], relationships: Mapping[str, str | None]
    ) -> Seen:
        """Create a resource."""
        kind = self.store.kind(type_name)
        _known(actor)
        self._inputs[type_name].check(attributes, relationships, complete=True)
        given = {**attributes, **relationships}
        if kind.resource.owner is not None and not actor.system:
            given[kind.resource.owner] = actor.id
        if self._checked[type_name]:
            await self._check(kind, {**dict.fromkeys(kind.layout.names), **kind.defaults, **given})

        def work(unit: Unit) -> Record:
            self._refer(unit, kind, relationships)
            row = unit.draft(kind, given)
            rule = kind.permissions.create
            related = unit.related(kind, row, rule.relationships)
            if not actor.system and not rule.evaluate(row, user=actor.facts, related=related, now=unit.now):
                raise Forbidden(f"You may not create such a resource in {kind.name}: it needs {rule.text}")
            return unit.insert(kind, row)

        return self._seen(actor, kind, await self.store.write(actor, work))

    async def update(
        self,
        actor: Actor,
        type_name: str,
        row_id: str,
        attributes: Mapping[str, Any],
        relationships: Mapping[str, str | None],
        version: int | None = None,
    ) -> Seen:
        """Change a resource; with `version`, only that version of it."""
        kind = self.store.kind(type_name)
        _known(actor)
        given = {**attributes, **relationships}

        def work(unit: Unit, *, checked: int | None) -> Record | None:
            record = self._writable(unit, kind, row_id)
            _insist(record, version)
            if checked is not None and record.version != checked:
                return None
            self._inputs[type_name].check(attributes, relationships, complete=False)
            _keep_fixed(kind, record, given)
            self._refer(unit, kind, relationships)
            updated = unit.update(kind, record, given)
            if relationships:
                self._may_change(unit, kind, updated)
            return updated

        for _ in range(ATTEMPTS):
            checked = await self._check_change(actor, kind, row_id, attributes)
            written = await self.store.write(actor, partial(work, checked=checked))
            if written is not None:
                return self._seen(actor, kind, written)
        raise Conflict(f"{type_name}/{row_id} is changed by others all the time; try again", code="stale")

    async def delete(
        self, actor: Actor, type_name: str, row_id: str, inputs: Mapping[str, Any] | None = None, version: int | None = None
    ) -> Seen | None:
        """Fire the transition `delete` where the type has one, and answer the moved resource; else remove the row."""
        kind = self.store.kind(type_name)
        _known(actor)
        if kind.resource.lifecycle is not None and "delete" in kind.resource.lifecycle.transitions:
            return await self.fire(actor, type_name, row_id, "delete", inputs or {}, version)

        def work(unit: Unit) -> None:
            record = unit.get(kind, row_id, readable=True)
            rule = kind.permissions.delete
            related = unit.related(kind, record.row, rule.relationships)
            if not actor.system and not rule.evaluate(record.row, user=actor.facts, related=related, now=unit.now):
                raise Forbidden(f"You may not delete {type_name}/{row_id}: it needs {rule.text}")
            _insist(record, version)
            unit.remove(kind, record)

        await self.store.write(actor, work)
        return None

    async def fire(
        self, actor: Actor, type_name: str, row_id: str, name: str, inputs: Mapping[str, Any], version: int | None = None
    ) -> Seen:
        """Move a resource by a named transition; with `version`, only that version of it."""
        kind = self.store.kind(type_name)
        transition = self.transition(kind, name)
        if not actor.system:
            _known(actor)
        values = self._inputs[type_name].inputs[name]

        def work(unit: Unit) -> Record:
            record = unit.get(kind, row_id, readable=True)
            rule = kind.permissions.transitions[name]
            related = unit.related(kind, record.row, rule.relationships if rule else ())
            if not kind.permissions.may_fire(actor, transition, record.row, related, unit.now):
                needed = f"it needs {rule.text}" if rule else "only the system does that"
                raise Forbidden(f"You may not fire {name} on {type_name}/{row_id}: {needed}")
            _insist(record, version)
            raise_all(values.problems(inputs, complete=True))
            given = {each.name: each.default for each in transition.inputs.values()} | dict(inputs)
            kinds = {each.name: each.type for each in transition.inputs.values()}
            return fire(unit, kind, record, name, normalised(kinds, given))

        return self._seen(actor, kind, await self.store.write(actor, work))

    def transition(self, kind: TypeStore, name: str) -> Transition:
        """The transition of that name; raises `NotFound`."""
        lifecycle = kind.resource.lifecycle
        transition = lifecycle.transitions.get(name) if lifecycle else None
        if transition is None:
            raise NotFound(f"{kind.name} has no transition {name[:64]!r}")
        return transition

    # How

    def _readable(self, actor: Actor, kind: TypeStore, row_id: str) -> Record:
        record = self.store.find(kind, actor, row_id)
        if record is None:
            raise NotFound(f"There is no resource {kind.name}/{row_id[:64]}")
        return record

    def _writable(self, unit: Unit, kind: TypeStore, row_id: str) -> Record:
        record = unit.get(kind, row_id, readable=True)
        self._may_change(unit, kind, record)
        return record

    def _may_change(self, unit: Unit, kind: TypeStore, record: Record) -> None:
        """Asked of the row as it is; and, when its relationships change, of the row as it would be."""
        rule = kind.permissions.update
        related = unit.related(kind, record.row, rule.relationships)
        if not unit.actor.system and not rule.evaluate(record.row, user=unit.actor.facts, related=related, now=unit.now):
            raise Forbidden(f"You may not change {kind.name}/{record.id}: it needs {rule.text}")

    def _refer(self, unit: Unit, kind: TypeStore, relationships: Mapping[str, str | None]) -> None:
        """A reference may only point at what the writer can see; what they cannot see does not exist for them."""
        missing: list[HosterError] = []
        for name, row_id in relationships.items():
            target = kind.resource.relationships[name].to
            if row_id is not None and unit.find(self.store.kind(target), row_id, readable=True) is None:
                detail = f"There is no resource {target}/{row_id[:64]}"
                missing.append(Invalid(detail, code="reference_not_found", pointer=f"{RELATIONSHIPS}/{name}"))
        raise_all(missing)

    async def _check_change(self, actor: Actor, kind: TypeStore, row_id: str, attributes: Mapping[str, Any]) -> int | None:
        """Run the checks of the type on the row as it would be; answers the version they were run on."""
        if not any(attribute.name in attributes for attribute in self._checked[kind.name]):
            return None
        record = self._readable(actor, kind, row_id)
        self._inputs[kind.name].check(attributes, {}, complete=False)
        await self._check(kind, {**record.row, **attributes})
        return record.version

    async def _check(self, kind: TypeStore, row: Mapping[str, Any]) -> None:
        found: list[HosterError] = []
        for attribute in self._checked[kind.name]:
            value = row[attribute.name]
            if value is None or attribute.check is None:
                continue
            problems = await asyncio.to_thread(self.registry.checkers[attribute.check], value, row)
            for problem in problems:
                steps = "".join(f"/{escape(str(step))}" for step in problem.path) if attribute.type == "json" else ""
                found.append(
                    Invalid(
                        problem.message + (f". {problem.hint}" if problem.hint else ""),
                        code="check_failed",
                        pointer=f"{ATTRIBUTES}/{attribute.name}{steps}",
                        meta=_place(problem.path, problem.line, problem.column),
                    )
                )
        raise_all(found)

    def _seen(self, actor: Actor, kind: TypeStore, record: Record) -> Seen:
        return Seen(record, self._hidden(actor, kind, [record]).get(record.id, NOTHING))

    def _hidden(self, actor: Actor, kind: TypeStore, records: Sequence[Record]) -> Mapping[str, frozenset[str]]:
        """What each record hides from `actor`: everything that can be hidden, where the row went away since it was read."""
        everything = frozenset(kind.permissions.attributes)
        if actor.system or not everything:
            return {}
        known = self.store.hidden(kind, actor, [record.id for record in records])
        return {record.id: known.get(record.id, everything) for record in records}


def _known(actor: Actor) -> None:
    if not actor.system and not actor.facts["known"]:
        raise Unauthenticated("Send a token: Authorization: Bearer …")


def _insist(record: Record, version: int | None) -> None:
    if version is not None and record.version != version:
        raise PreconditionFailed(f"This is version {record.version} by now; read it again", meta={"version": record.version})


def _of_parameter(problem: HosterError) -> HosterError:
    """A problem with a query parameter, which has a name where a body has a pointer."""
    return BadRequest(problem.detail, parameter=(problem.pointer or "").lstrip("/"), code=problem.error_code)


def _keep_fixed(kind: TypeStore, record: Record, given: Mapping[str, Any]) -> None:
    """Immutable attributes and relationships may be sent along, but not changed."""
    problems: list[HosterError] = []
    for name, value in kind.normal(given).items():
        attribute, relationship = kind.resource.attributes.get(name), kind.resource.relationships.get(name)
        fixed = attribute.immutable if attribute else relationship is not None and relationship.immutable
        if fixed and not kind.layout.same(name, record.row[name], value):
            base = ATTRIBUTES if attribute else RELATIONSHIPS
            problems.append(Invalid(f"{name} cannot be changed once it is set", code="immutable", pointer=f"{base}/{name}"))
    raise_all(problems)


def _place(path: Sequence[str | int], line: int | None, column: int | None) -> dict[str, Any] | None:
    place = {"path": ".".join(map(str, path)) or None, "line": line, "column": column}
    return {name: value for name, value in place.items() if value is not None} or None
