"""What rows of former versions lack, brought to the present form once, in the write that takes their tokens over.

Addresses were kept as somebody had typed them, nobody had a plan, and no row said how much it takes of one.
"""

from __future__ import annotations

import logging
from typing import Any

from engine.errors import Conflict
from engine.identity.people import People
from engine.store import Record, Unit
from engine.store.completion import meant
from engine.store.type_store import ALIAS, TypeStore, quoted
from engine.types import to_address

log = logging.getLogger("hoster.identity")


def adopt(unit: Unit, people: People) -> None:
    """See the module."""
    for kind in unit.store.types.values():
        _addresses(unit, kind)
        _amounts(unit, kind)
    _limited(unit, people)


def _addresses(unit: Unit, kind: TypeStore) -> None:
    """In the form in which they are looked up; where another row has that already, one stays as it is."""
    for name in [each.name for each in kind.resource.attributes.values() if each.type == "email" and not each.encrypted]:
        for record in _rows(unit, kind, f"{ALIAS}.{quoted(name)} IS NOT NULL"):
            try:
                _give(unit, kind, record, {name: to_address(record.row[name])})
            except Conflict:
                log.warning(
                    "%s/%s keeps the address %s as it was typed, by which nobody is found: another one has it in lower case",
                    kind.name,
                    record.id,
                    record.row[name],
                )


def _amounts(unit: Unit, kind: TypeStore) -> None:
    """What a limit adds up, as new rows get it by a rule."""
    names = sorted(kind.default_rules.keys() & {each.total for each in kind.resource.limits.values()})
    if not names:
        return
    for record in _rows(unit, kind, " AND ".join(f"{ALIAS}.{quoted(name)} IS NULL" for name in names)):
        related = unit.related(kind, record.row, kind.value_hops)
        facts, now = unit.actor.facts, unit.now
        rules = {name: kind.default_rules[name] for name in names}
        _give(unit, kind, record, {n: r.evaluate(record.row, user=facts, related=related, now=now) for n, r in rules.items()})


def _limited(unit: Unit, people: People) -> None:
    """Without one nothing is allowed: everybody gets that with which new users begin."""
    relationship = people.kind.resource.relationships.get(people.plan or "")
    if relationship is None or relationship.default is None:
        return
    plan = meant(unit, relationship, relationship.default)
    for record in _rows(unit, people.kind, f"{ALIAS}.{quoted(relationship.name)} IS NULL"):
        _give(unit, people.kind, record, {relationship.name: plan})


def _rows(unit: Unit, kind: TypeStore, condition: str) -> list[Record]:
    rows = unit.transaction.all(f"{kind.select} WHERE {condition}{kind.present} ORDER BY {ALIAS}.id")
    return [Record(kind.layout, values) for values in rows]


def _give(unit: Unit, kind: TypeStore, record: Record, given: dict[str, Any]) -> None:
    """Conditions over the row are not asked: it was there before them."""
    changed = {name: value for name, value in given.items() if value != record.row[name]}
    unit.update(kind, record, changed, hold=False)
