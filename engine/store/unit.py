"""One unit of work: rows, the events that tell of them, and the commands they cause, in one transaction.

A `Unit` lives as long as the function that was given to `Store.write`. It keeps the rules of the data: defaults,
computed values, conditions over a row, references, unique values. Who may do what is decided by its callers.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from engine.ambient import timestamp
from engine.database import Transaction
from engine.errors import Conflict, Invalid, Many, NotFound
from engine.model import ROW_VERSION
from engine.store import completion, credentials, events, moves, removal
from engine.store.layout import Record
from engine.store.sight import CREATED, DELETED
from engine.store.type_store import TypeStore

if TYPE_CHECKING:
    from engine.access import Actor
    from engine.store.work import Kinds


class Stale(Conflict):
    """The row was changed by somebody else since it was read."""

    code, title = "stale", "The resource has changed meanwhile"


class Effect(NamedTuple):
    """Something that a unit of work has done: an entry of the event log, or a command it has queued (`queued`)."""

    kind: str
    record: Record
    data: Mapping[str, Any]


class Unit:
    """See the module. `effects` is what it has done so far, in order.

    `made` holds the tokens that were made for new rows in clear, by type and id: this is the only time that they are known.
    """

    def __init__(self, store: Kinds, transaction: Transaction, actor: Actor, command: int | None = None) -> None:
        self.store = store
        self.transaction = transaction
        self.actor = actor
        self.command = command
        self.time = store.ambient.time()
        self.now = timestamp(self.time)
        self.effects: list[Effect] = []
        self.made: dict[tuple[str, str], dict[str, str]] = {}
        self._farewells: dict[tuple[str, str], str | None] = {}

    @property
    def milliseconds(self) -> int:
        """The time of this unit, since the epoch."""
        return int(self.time * 1000)

    # Reading

    def find(self, kind: TypeStore, row_id: str, *, readable: bool = False) -> Record | None:
        """The row, if there is one; with `readable`, if the actor may see it."""
        if readable and not self.actor.system:
            values = self.transaction.one(*kind.readable(row_id, self.actor.facts, self.now))
        else:
            values = self.transaction.one(kind.by_id, (row_id,))
        return None if values is None else Record(kind.layout, values)

    def get(self, kind: TypeStore, row_id: str, *, readable: bool = False) -> Record:
        """The row; raises `NotFound`, the same for one that is not there and one that may not be seen."""
        record = self.find(kind, row_id, readable=readable)
        if record is None:
            raise NotFound(f"There is no resource {kind.name}/{row_id}")
        return record

    def related(self, kind: TypeStore, row: Mapping[str, Any], names: Iterable[str]) -> dict[str, dict[str, Any] | None]:
        """The rows behind some relationships of `row`; gone ones too, as where a rule runs inside a query."""
        found: dict[str, dict[str, Any] | None] = {}
        for name in names:
            target, row_id = self.store.types[kind.resource.relationships[name].to], row.get(name)
            values = None if row_id is None else self.transaction.one(target.by_id_with_gone, (row_id,))
            found[name] = None if values is None else Record(target.layout, values).row
        return found

    def sees(self, record: Record, field: str | None = None) -> bool:
        """Whether a row that was read is one that the actor may know of; with `field`, whether that of it is shown to them.

        Their token must be for the type, to read it or at least to write it.
        """
        actor, name = self.actor, record.layout.resource.name
        if actor.system:
            return True
        if not (actor.within_scope(name, "read") or actor.within_scope(name, "write")):
            return False
        kind, hidden = self.store.types[name], self.store.sights[name].hidden
        rules = (kind.permissions.read_rule, *((hidden[field],) if field in hidden else ()))
        return all(
            rule.evaluate(
                record.row, user=actor.facts, related=self.related(kind, record.row, rule.relationships), now=self.now
            )
            for rule in rules
        )

    # Writing

    def create(self, kind: TypeStore, given: Mapping[str, Any], row_id: str | None = None) -> Record:
        """Insert a row of the `given` attributes and relationships, completed by defaults and computed values."""
        return self.insert(kind, self.draft(kind, given, row_id))

    def draft(self, kind: TypeStore, given: Mapping[str, Any], row_id: str | None = None) -> dict[str, Any]:
        """The row that `create` would insert; raises `Invalid` when it breaks a rule of its type."""
        row: dict[str, Any] = dict.fromkeys(kind.layout.names)
        row["id"] = row_id or self.store.ambient.id(kind.resource.id_prefix, self.time)
        given = kind.normal(given)
        row |= {ROW_VERSION: 1, "created_at": self.now, "updated_at": self.now, **kind.defaults, **given}
        if kind.resource.lifecycle is not None:
            row[kind.resource.lifecycle.attribute] = kind.resource.lifecycle.initial
        if kind.completed:
            completion.complete(self, kind, row, given)
        self._complete(kind, row, given)
        return row

    def insert(self, kind: TypeStore, row: Mapping[str, Any]) -> Record:
        """Insert a drafted row; raises `LimitReached` where its owner has no room for it."""
        self._limit(kind, row, None)
        record = self._written(kind, kind.insert, kind.layout.encode_row(row))
        self._tell(CREATED, {"after": self._after(record)}, None, record)
        if kind.resource.lifecycle is not None:
            moves.arrive(self, kind, record, str(record.state))
        return record

    def changes(
        self,
        kind: TypeStore,
        record: Record,
        given: Mapping[str, Any],
        *,
        hold: bool = True,
        anew: Collection[str] = (),
    ) -> dict[str, Any]:
        """What `update` would write; raises where the row would break a rule of its type, or take more than its owner may."""
        same, given = kind.layout.same, kind.normal(given)
        changes = {name: value for name, value in given.items() if name in anew or not same(name, record.row[name], value)}
        if not hold:
            return changes
        row = record.row | changes
        if kind.has_row_rules:
            related = self.related(kind, row, kind.value_hops)
            self._compute(kind, row, related)
            changes |= {name: row[name] for name in kind.computed if not same(name, record.row[name], row[name])}
            self._hold(kind, row, record.row, related)
        self._limit(kind, row, record.row)
        return changes

    def update(
        self,
        kind: TypeStore,
        record: Record,
        given: Mapping[str, Any],
        event: str = "updated",
        *,
        hold: bool = True,
        anew: Collection[str] = (),
        **told: Any,
    ) -> Record:
        """Change attributes and relationships; what is there already is no change, and no change writes nothing.

        A move always writes. `told` goes into the entry of the event log beside the values before and after. Without `hold`
        the conditions over the row are not asked, and computed values stay: for what has happened and must be written down.
        What is named in `anew` is written though it is there already.
        """
        changes = self.changes(kind, record, given, hold=hold, anew=anew)
        if not changes and event == "updated":
            return record
        names = tuple(sorted(changes))
        values = [self.now, *(kind.layout.encode(name, changes[name], record.id) for name in names), record.id, record.version]
        updated = self._written(kind, kind.update(names), values)
        self._tell(event, told | self._difference(record, updated, names), record, updated)
        return updated

    def remove(self, kind: TypeStore, record: Record) -> None:
        """Delete a row, after what refers to it has been dealt with as its relationship says."""
        removal.remove(self, kind, record)

    def release(self, kind: TypeStore, record: Record) -> Record:
        """Deal with what refers to a row that has arrived in a gone state; raises `Conflict` where that restricts it.

        Answers the row, which has lost its references to rows that went along.
        """
        return removal.release(self, kind, record)

    def erase(self, kind: TypeStore, record: Record) -> None:
        """Delete a row that nothing refers to any more."""
        try:
            erased = self.transaction.run(kind.delete, (record.id, record.version))
        except Exception as error:
            raise self.store.explain(kind, error) from error
        if not erased:
            raise Stale(f"{kind.name}/{record.id} was changed by somebody else; read it again")
        if kind.lets_in:
            credentials.changed(self)
        moves.forget(self, kind, record)
        self._tell(DELETED, {"before": self._after(record)}, record, None)

    def event(self, record: Record, kind: str, data: Mapping[str, Any]) -> int:
        """Write an entry of the event log that tells something of `record` without changing it."""
        return self._tell(kind, data, record, record)

    def farewell(self, rows: Iterable[Record]) -> None:
        """Note what can be seen of rows that go together, before the first of them is gone."""
        for record in rows:
            kind = record.layout.resource.name
            self._farewells[kind, record.id] = self.store.sights[kind].told(self.transaction, DELETED, record, None)

    def _tell(self, kind: str, data: Mapping[str, Any], before: Record | None, after: Record | None) -> int:
        """Write an entry about a row as it was before and is after; what an operator does to the rows of others is marked."""
        record = after or before
        assert record is not None  # noqa: S101  there is something that the entry is about
        type_name, row_id = record.layout.resource.name, record.id
        facts, owner = self.actor.facts, (before or record).owner
        if owner is not None and facts["operator"] and not self.actor.system and owner not in facts["principals"]:
            data = {**data, "as": "operator"}
        self.effects.append(Effect(kind, record, data))
        access = self._farewells.pop((type_name, row_id), None) if self._farewells else None
        return events.append(
            self.transaction,
            at=self.now,
            type_name=type_name,
            row_id=row_id,
            kind=kind,
            actor=self.actor.label,
            owner=record.owner,
            version=record.version,
            command=self.command,
            data=data,
            access=access or self.store.sights[type_name].told(self.transaction, kind, before, after),
        )

    def queued(self, record: Record, command: str) -> None:
        """Note that a command was put into the queue."""
        self.effects.append(Effect("queued", record, {"command": command}))

    # How

    def _complete(self, kind: TypeStore, row: dict[str, Any], given: Mapping[str, Any]) -> None:
        related = self.related(kind, row, kind.value_hops)
        for name, rule in kind.default_rules.items():
            if name not in given:
                row[name] = rule.evaluate(row, user=self.actor.facts, related=related, now=self.now)
        self._compute(kind, row, related)
        self._hold(kind, row, {}, related)

    def _compute(self, kind: TypeStore, row: dict[str, Any], related: Mapping[str, Any]) -> None:
        for name, rule in kind.computed.items():
            row[name] = rule.evaluate(row, user=self.actor.facts, related=related, now=self.now)

    def _hold(self, kind: TypeStore, row: Mapping[str, Any], old: Mapping[str, Any], related: Mapping[str, Any]) -> None:
        broken = [
            Invalid(
                each.message,
                code="validation_failed",
                pointer=f"/data/attributes/{each.attribute}" if each.attribute else "/data",
            )
            for each in kind.invariants
            if not each.rule.evaluate(row, user=self.actor.facts, related=related, old=old, now=self.now)
        ]
        if broken:
            raise broken[0] if len(broken) == 1 else Many(broken)

    def _limit(self, kind: TypeStore, row: Mapping[str, Any], before: Mapping[str, Any] | None) -> None:
        if kind.resource.credential is not None:
            credentials.hold(self, kind, row)
        limits = self.store.limits.get(kind.name)
        if limits is not None:
            limits.check(self, row, before)

    def _written(self, kind: TypeStore, statement: str, values: list[Any]) -> Record:
        try:
            written = self.transaction.one(statement, values)
        except Exception as error:
            raise self.store.explain(kind, error) from error
        if written is None:
            raise Stale(f"{kind.name}/{values[-2]} was changed by somebody else; read it again")
        if kind.lets_in:
            credentials.changed(self)
        return Record(kind.layout, written)

    def _after(self, record: Record) -> dict[str, Any]:
        return {name: value for name, value in record.layout.snapshot(record.values).items() if value is not None}

    def _difference(self, before: Record, after: Record, names: tuple[str, ...]) -> dict[str, Any]:
        old, new = before.layout.snapshot(before.values), after.layout.snapshot(after.values)
        return {
            "before": {name: old[name] for name in names},
            "after": {name: new[name] for name in names},
        }
