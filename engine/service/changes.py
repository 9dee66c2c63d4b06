"""The four writes of a resource, each as a value that can be done, done with others, or done and undone.

`prepare` does what may be slow before the transaction: checks of long texts, on the version of the row that `apply` then
insists on. `apply` is the write itself, one function inside one transaction: access, validation, store.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from engine.errors import Conflict, HosterError, Invalid, PreconditionFailed
from engine.service.refusals import insist_on, refusal
from engine.service.seen import Seen
from engine.service.validation import ATTRIBUTES, RELATIONSHIPS, raise_all
from engine.store import Record, TypeStore, Unit
from engine.store.looking import look
from engine.store.moves import fire
from engine.store.type_store import normalised

if TYPE_CHECKING:
    from engine.access import Actor
    from engine.model import Transition
    from engine.service.desk import Desk


class ChangedMeanwhile(Exception):
    """The row is no longer the one that was checked: prepare again."""


class Change(Protocol):
    """A write that is about to be made."""

    async def prepare(self) -> None:
        """What may take a while; raises what the caller did wrong."""

    def apply(self, unit: Unit) -> Seen | None:
        """Write; the resource as the actor sees it then, None for one that is gone."""


class Create:
    """A new resource. `row_id` is one that the server has made for it before."""

    def __init__(
        self,
        desk: Desk,
        actor: Actor,
        type_name: str,
        attributes: Mapping[str, Any],
        relationships: Mapping[str, str | None],
        row_id: str | None = None,
    ) -> None:
        self._desk, self._actor = desk, actor
        self._kind = desk.writable_kind(actor, type_name)
        self._attributes, self._relationships, self._row_id = attributes, relationships, row_id
        self._given = {**attributes, **relationships}
        owner = self._kind.resource.owner
        if owner is not None and not actor.system:
            self._given[owner] = actor.id

    async def prepare(self) -> None:
        kind = self._kind
        self._desk.inputs[kind.name].check(self._attributes, self._relationships, complete=True)
        if self._desk.checks.concern(kind, None):
            row = {**dict.fromkeys(kind.layout.names), **kind.defaults, **self._given}
            await self._desk.checks.run(kind, self._actor, row)

    def apply(self, unit: Unit) -> Seen:
        kind = self._kind
        refer(unit, kind, self._relationships)
        row = unit.draft(kind, self._given, self._row_id)
        insist_on(unit, kind, row, kind.permissions.create, f"create such a resource in {kind.name}")
        may_write(unit, kind, row, {**self._attributes, **self._relationships})
        return self._desk.seen(unit, kind, unit.insert(kind, row))


class Update:
    """New values for attributes and relationships; with `version`, only of that version."""

    def __init__(
        self,
        desk: Desk,
        actor: Actor,
        type_name: str,
        row_id: str,
        attributes: Mapping[str, Any],
        relationships: Mapping[str, str | None],
        version: int | None = None,
    ) -> None:
        self._desk, self._actor = desk, actor
        self._kind = desk.writable_kind(actor, type_name)
        self._row_id, self._version = row_id, version
        self._attributes, self._relationships = attributes, relationships
        self._checked: int | None = None

    async def prepare(self) -> None:
        """Checks run on the row as it would be; a row that only comes to be in the same transaction has had its checks.

        They see all of the row, so who may not change it gets none of what they find; `apply` refuses them.
        """
        kind, self._checked = self._kind, None
        if not self._desk.checks.concern(kind, self._attributes):
            return
        unit = look(self._desk.store, self._actor)
        record = unit.find(kind, self._row_id, readable=True)
        if record is not None:
            if refusal(unit, kind, record.row, kind.permissions.update, "change it") is not None:
                return
            self._desk.inputs[kind.name].check(self._attributes, {}, complete=False)
            given = {**self._attributes, **self._relationships}
            unseen = hidden(unit, record, record.row.keys() - given.keys())
            await self._desk.checks.run(kind, self._actor, {**record.row, **given}, unseen)
            self._checked = record.version

    def apply(self, unit: Unit) -> Seen:
        kind, given = self._kind, {**self._attributes, **self._relationships}
        record = unit.get(kind, self._row_id, readable=True)
        may_change(unit, kind, record)
        insist(record, self._version)
        self._insist_on_check(record)
        self._desk.inputs[kind.name].check(self._attributes, self._relationships, complete=False)
        unseen = hidden(unit, record, given)
        keep_fixed(kind, record, given, unseen)
        changed = {name: end for name, end in self._relationships.items() if name in unseen or record.row[name] != end}
        refer(unit, kind, changed)
        may_write(unit, kind, record.row, given)
        updated = unit.update(kind, record, given, anew=unseen)
        if changed:
            may_change(unit, kind, updated)
        return self._desk.seen(unit, kind, updated)

    def _insist_on_check(self, record: Record) -> None:
        if self._checked is not None and record.version != self._checked:
            raise ChangedMeanwhile
        if self._checked is None and self._desk.checks.concern(self._kind, self._attributes):
            detail = f"{self._kind.name}/{record.id} is made in the same request; give it these values when it is made"
            raise Conflict(detail, code="stale")


class Fire:
    """A named transition; with `version`, only from that version."""

    def __init__(
        self,
        desk: Desk,
        actor: Actor,
        type_name: str,
        row_id: str,
        name: str,
        inputs: Mapping[str, Any],
        version: int | None = None,
    ) -> None:
        self._desk, self._row_id, self._version, self._given = desk, row_id, version, inputs
        self._kind = desk.writable_kind(actor, type_name)
        self._transition: Transition = desk.transition(self._kind, name)

    async def prepare(self) -> None:
        """Nothing here takes a while."""

    def apply(self, unit: Unit) -> Seen:
        kind, transition = self._kind, self._transition
        record = unit.get(kind, self._row_id, readable=True)
        rule = kind.permissions.transitions[transition.name]
        insist_on(unit, kind, record.row, rule, f"fire {transition.name} on {kind.name}/{record.id}")
        insist(record, self._version)
        raise_all(self._desk.inputs[kind.name].inputs[transition.name].problems(self._given, complete=True))
        given = {each.name: each.default for each in transition.inputs.values()} | dict(self._given)
        kinds = {each.name: each.type for each in transition.inputs.values()}
        return self._desk.seen(unit, kind, fire(unit, kind, record, transition.name, normalised(kinds, given)))


class Remove:
    """The end of a resource whose type has no transition for it."""

    def __init__(self, desk: Desk, actor: Actor, type_name: str, row_id: str, version: int | None = None) -> None:
        self._kind = desk.writable_kind(actor, type_name)
        self._row_id, self._version = row_id, version

    async def prepare(self) -> None:
        """Nothing here takes a while."""

    def apply(self, unit: Unit) -> None:
        kind = self._kind
        record = unit.get(kind, self._row_id, readable=True)
        insist_on(unit, kind, record.row, kind.permissions.delete, f"delete {kind.name}/{record.id}")
        insist(record, self._version)
        unit.remove(kind, record)


def insist(record: Record, version: int | None) -> None:
    """Raise `PreconditionFailed` where the row is of another version."""
    if version is not None and record.version != version:
        raise PreconditionFailed(f"This is version {record.version} by now; read it again", meta={"version": record.version})


def may_change(unit: Unit, kind: TypeStore, record: Record) -> None:
    """Asked of the row as it is; and, when its relationships change, of the row as it would be."""
    insist_on(unit, kind, record.row, kind.permissions.update, f"change {kind.name}/{record.id}")


def may_write(unit: Unit, kind: TypeStore, row: Mapping[str, Any], names: Collection[str]) -> None:
    """Raise `Forbidden` for attributes and relationships whose own rule does not let the actor set them."""
    closed: list[HosterError] = []
    for name, rule in kind.permissions.writes.items():
        if name in names:
            base = RELATIONSHIPS if name in kind.resource.relationships else ATTRIBUTES
            error = refusal(unit, kind, row, rule, f"set {name}", pointer=f"{base}/{name}")
            closed += [error] if error is not None else []
    raise_all(closed)


def refer(unit: Unit, kind: TypeStore, relationships: Mapping[str, str | None]) -> None:
    """A reference may only point at what the writer can see, which may be used; what they cannot see does not exist."""
    refused: list[HosterError] = []
    for name, row_id in relationships.items():
        if row_id is None:
            continue
        target = unit.store.kind(kind.resource.relationships[name].to)
        found = unit.find(target, row_id, readable=True)
        if found is None:
            detail = f"There is no resource {target.name}/{row_id[:64]}"
            refused.append(Invalid(detail, code="reference_not_found", pointer=f"{RELATIONSHIPS}/{name}"))
        elif (error := _not_usable(unit, target, found, f"{RELATIONSHIPS}/{name}")) is not None:
            refused.append(error)
    raise_all(refused)


def _not_usable(unit: Unit, target: TypeStore, record: Record, pointer: str) -> HosterError | None:
    rule, what = target.permissions.usable, f"refer to {target.name}/{record.id}"
    return None if rule is None else refusal(unit, target, record.row, rule, what, pointer=pointer, code="not_usable")


def hidden(unit: Unit, record: Record, names: Collection[str]) -> frozenset[str]:
    """Those of the names whose values the actor may not see. To set one must not tell whether it was that before."""
    ruled = unit.store.sights[record.layout.resource.name].hidden
    return frozenset(name for name in names if name in ruled and not unit.sees(record, name))


def keep_fixed(kind: TypeStore, record: Record, given: Mapping[str, Any], unseen: Collection[str] = ()) -> None:
    """Immutable attributes and relationships may be sent along, but not changed; those that are not seen may not."""
    problems: list[HosterError] = []
    for name, value in kind.normal(given).items():
        attribute, relationship = kind.resource.attributes.get(name), kind.resource.relationships.get(name)
        fixed = attribute.immutable if attribute else relationship is not None and relationship.immutable
        if fixed and (name in unseen or not kind.layout.same(name, record.row[name], value)):
            base = ATTRIBUTES if attribute else RELATIONSHIPS
            problems.append(Invalid(f"{name} cannot be changed once it is set", code="immutable", pointer=f"{base}/{name}"))
    raise_all(problems)
