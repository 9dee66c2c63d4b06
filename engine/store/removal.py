"""Removing rows, and what happens to the rows that refer to them.

First everything that goes along is found, round by round, so that threads and rings come to an end; then the rows that stay
are asked; only then is anything changed. A gone row is history: it holds nothing back, and goes with what it refers to.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from graphlib import CycleError, TopologicalSorter
from typing import NamedTuple, TypeAlias

from engine.errors import Conflict, HosterError
from engine.model import Relationship
from engine.store.layout import Record
from engine.store.type_store import ALIAS, TypeStore, quoted
from engine.store.work import Work

Key: TypeAlias = tuple[str, str]
Going: TypeAlias = "dict[Key, tuple[TypeStore, Record]]"


class Held(NamedTuple):
    """A row that refers to one that goes, and by what."""

    kind: TypeStore
    record: Record
    relationship: Relationship
    target: Key

    @property
    def key(self) -> Key:
        return self.kind.name, self.record.id


def remove(unit: Work, kind: TypeStore, record: Record) -> None:
    """Delete a row, after what refers to it has been dealt with as its relationship says."""
    going, staying = _gather(unit, kind, record, stays=False)
    _settle(unit, going, staying, hold=True)
    _delete(unit, going)


def release(unit: Work, kind: TypeStore, record: Record) -> Record:
    """Deal with what refers to a row that is gone from now on, though it stays in its table; answers the row.

    Validations have no say: what happens to the references of a row that is gone was decided by its definition.
    """
    going, staying = _gather(unit, kind, record, stays=True)
    _settle(unit, going, staying, hold=False)
    first = (kind.name, record.id)
    to_going = [relationship.name for key, relationship, _ in _ties(going) if key == first]
    left = unit.update(kind, record, dict.fromkeys(to_going), hold=False)
    del going[first]
    _delete(unit, going)
    return left


def obstacles(unit: Work, kind: TypeStore, record: Record, *, stays: bool) -> list[Conflict]:
    """Every reason why the row cannot be removed, or, when it `stays` in its table, be gone."""
    going, staying = _gather(unit, kind, record, stays=stays)
    return list(_insisting(unit, going, staying))


def _gather(
    unit: Work, kind: TypeStore, record: Record, *, stays: bool
) -> tuple[dict[Key, tuple[TypeStore, Record]], list[Held]]:
    """The rows that go, the first one first, and those that refer to them and stay."""
    first = (kind.name, record.id)
    going, staying = {first: (kind, record)}, []
    waiting = [first]
    for key in waiting:
        for held in _held(unit, *going[key], gone_too=key != first or not stays):
            if held.key in going:
                continue
            if held.relationship.on_delete == "cascade" or (held.relationship.on_delete == "restrict" and _gone(held)):
                going[held.key] = (held.kind, held.record)
                waiting.append(held.key)
            else:
                staying.append(held)
    return going, [held for held in staying if held.key not in going]


def _held(unit: Work, kind: TypeStore, record: Record, *, gone_too: bool) -> Iterator[Held]:
    for name, relationship in kind.referring:
        other = unit.store.types[name]
        where = f"{ALIAS}.{quoted(relationship.name)} = ?{'' if gone_too else other.present}"
        for values in unit.transaction.all(f"{other.select} WHERE {where}", (record.id,)):
            yield Held(other, Record(other.layout, values), relationship, (kind.name, record.id))


def _gone(held: Held) -> bool:
    lifecycle = held.kind.resource.lifecycle
    return lifecycle is not None and held.record.state in lifecycle.gone


def _settle(unit: Work, going: Going, staying: Iterable[Held], *, hold: bool) -> None:
    """Refuse where a row insists on what it refers to; let the others go of it, each in one write."""
    for conflict in _insisting(unit, going, staying):
        raise conflict
    free: dict[Key, list[Held]] = {}
    for held in staying:
        free.setdefault(held.key, []).append(held)
    for kind, record, *_ in (each[0] for each in free.values()):
        names = {held.relationship.name for held in free[kind.name, record.id]}
        try:
            unit.update(kind, record, dict.fromkeys(names), hold=hold)
        except HosterError as error:
            if unit.sees(record):
                raise
            raise _needed() from error


def _insisting(unit: Work, going: Going, staying: Iterable[Held]) -> Iterator[Conflict]:
    """What is in the way, of what the actor may see by name; how many they are is not told.

    Of rows that they may not see, and of what would go along unseen, there is one sentence, which names nothing.
    """
    told: dict[tuple[str, str, Key], None] = {}
    unseen = False
    for held in staying:
        insisting = held.kind.name, held.relationship.name, held.target
        if not _insists(held) or insisting in told:
            continue
        if unit.sees(held.record, held.relationship.name) and unit.sees(going[held.target][1]):
            told[insisting] = None
        else:
            unseen = True
    for name, relationship, target in told:
        yield Conflict(
            f"Some of {name} still refer to {'/'.join(target)} as their {relationship}; delete or change them first",
            code="in_use",
            meta={"type": name, "relationship": relationship},
        )
    if unseen and not told:
        yield _needed()


def _needed() -> Conflict:
    """The refusal for the sake of rows that the actor may not see."""
    return Conflict("Something that you may not see still needs it, or what would go with it", code="in_use")


def _insists(held: Held) -> bool:
    return held.relationship.on_delete == "restrict"


def _delete(unit: Work, going: dict[Key, tuple[TypeStore, Record]]) -> None:
    try:
        order = _referring_first(going, optional_too=True)
    except CycleError:
        order = _referring_first(going, optional_too=False)
        unit.farewell(record for _, record in going.values())
        _untie(unit, going)
    for key in order:
        unit.erase(*going[key])


def _referring_first(going: dict[Key, tuple[TypeStore, Record]], *, optional_too: bool) -> list[Key]:
    """The order in which no row is deleted while another one that goes still refers to it.

    A ring of required references cannot be: its first row could never have been made.
    """
    graph: dict[Key, set[Key]] = {key: set() for key in going}
    for key, relationship, target in _ties(going):
        if relationship.required or optional_too:
            graph[target].add(key)
    return list(TopologicalSorter(graph).static_order())


def _untie(unit: Work, going: dict[Key, tuple[TypeStore, Record]]) -> None:
    """Open rings: the rows are deleted in the same breath, so nothing tells of it."""
    for (name, row_id), relationship, _ in _ties(going):
        if not relationship.required:
            unit.transaction.run(f"UPDATE {quoted(name)} SET {quoted(relationship.name)} = NULL WHERE id = ?", (row_id,))


def _ties(going: dict[Key, tuple[TypeStore, Record]]) -> Iterator[tuple[Key, Relationship, Key]]:
    for key, (kind, record) in going.items():
        for relationship in kind.resource.relationships.values():
            target = (relationship.to, record.row[relationship.name])
            if target in going and target != key:
                yield key, relationship, target
