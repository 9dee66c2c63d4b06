"""Who could see a row at the time of an entry of the event log: what the rules need to know of it, kept in the entry.

A rule judges a row as it is. To judge a row as it was, just those values that the rules of its type use are written beside
each entry, for the moment before and the moment after. What follows from the entry itself (the id, the owner, that
something created has no before) is not written, so that types seen by their owners alone cost nothing.

Rules look through relationships: a change of one row can show or hide others. The entry about that row names them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import orjson

from engine.model import Definitions
from engine.rules import Rule, compile_rule, row_scope
from engine.store.layout import Layout, Record
from engine.store.type_store import ALIAS, TypeStore, quoted
from engine.types import TYPES

if TYPE_CHECKING:
    from engine.database import Transaction

Values: TypeAlias = "dict[str, Any]"
"""Values of a row by name; those of a related row as relationship.name."""

CREATED, DELETED = "created", "deleted"

ASKING = ("user", "limits")
"""Where names come from that are about who is asking."""

MOST_ROWS = 1000
"""How many rows of a type one entry names. Where a change shows or hides more, clients list them again."""

MOST_TEXTS = 256
"""Texts kept for a type: few values matter to rules, and the same come again and again."""

_FROM_COLUMN: Mapping[str, Callable[[Any], Any]] = {"boolean": lambda value: value == 1}


class Column(NamedTuple):
    """A value that a rule needs: its name there, where it lies in a tuple, and how to read it."""

    path: str
    place: int
    convert: Callable[[Any], Any] | None


class Hop(NamedTuple):
    """How rows of `type` are found that a change of a row of another type may show or hide: their rules look at it.

    `columns` are what they look at, in the changed row; `needs` what else their rules need, in a row of the statement's
    answer; `by` where, in that row, the ids behind their relationships to the changed row lie.
    """

    type: str
    columns: tuple[Column, ...]
    statement: str
    needs: tuple[Column, ...]
    by: tuple[tuple[str, int], ...]

    def row(self, values: tuple[Any, ...], changed: str) -> list[Any]:
        """What an entry keeps of a row: id, owner, and what its rules need beyond the changed row itself."""
        same = {name for name, index in self.by if values[index] == changed}
        kept = {path: _read(values[at], convert) for path, at, convert in self.needs if path.partition(".")[0] not in same}
        return [values[0], values[1], kept]


class Sight:
    """What the rules about reading rows of one type use. `facts` are those about who is asking."""

    def __init__(self, definitions: Definitions, kind: TypeStore) -> None:
        resource, self._layout = kind.resource, kind.layout
        scope = row_scope(definitions, resource)
        self.name = kind.name
        self.owner = "id" if resource.identity else resource.owner
        self.gone = frozenset(resource.lifecycle.gone) if resource.lifecycle else frozenset()
        self.state = resource.lifecycle.attribute if resource.lifecycle else None
        self.read: Rule = kind.permissions.read_rule
        texts = {each.name: each.read for each in resource.attributes.values()}
        texts |= {each.name: each.read for each in resource.relationships.values()}
        self.hidden = {name: compile_rule(text.text, scope) for name, text in texts.items() if text is not None}
        self.rules = (self.read, *self.hidden.values())
        names = [scope.names[path] for path in sorted({path for rule in self.rules for path in rule.names})]
        self.facts = frozenset("limits" if name.origin == "limits" else name.key for name in names if name.origin in ASKING)
        own = dict.fromkeys(name.key for name in names if name.origin == "row")
        self.related: dict[str, dict[str, None]] = {}
        for name in names:
            if name.relationship is not None:
                self.related.setdefault(name.relationship, {})[name.key] = None
        implied = {"id", self.owner}
        self.own = tuple(_column(self._layout, key, key) for key in own if key not in implied)
        self.paths = frozenset(
            [each.path for each in self.own] + [f"{by}.{key}" for by, keys in self.related.items() for key in keys]
        )
        self.hops: tuple[Hop, ...] = ()
        self._pick = _picker(self.own)
        self._texts: dict[tuple[Any, Any], str] = {}
        self._lookups: tuple[tuple[str, int, str, tuple[Column, ...]], ...] = ()

    def complete(self, types: Mapping[str, TypeStore], sights: Mapping[str, Sight]) -> None:
        """Work out what crosses from one type to another, once all are there."""
        self._lookups = tuple(self._lookup(types, by, tuple(keys)) for by, keys in self.related.items())
        self.hops = tuple(hop for other in sights.values() if (hop := _hop(types, self, other)) is not None)

    # Writing

    def told(self, transaction: Transaction, event: str, before: Record | None, after: Record | None) -> str | None:
        """What an entry keeps: of the row before and after, None where it was not there. None where all of it is implied."""
        old, new = self._present(before), self._present(after)
        hops = list(self._shown_or_hidden(transaction, before, after)) if self.hops and before and after else None
        if not self.paths and not hops and _implied(event, old, new):
            return None
        if hops or self._lookups or (old and new and old.owner != new.owner):
            return self._said(transaction, old, new, hops)
        key = None if old is None else (self._pick(old.values),), None if new is None else (self._pick(new.values),)
        text = self._texts.get(key)
        if text is None:
            if len(self._texts) == MOST_TEXTS:
                self._texts.clear()
            text = self._texts[key] = self._said(transaction, old, new, None)
        return text

    def _said(self, transaction: Transaction, old: Record | None, new: Record | None, hops: list[dict[str, Any]] | None) -> str:
        now = None if new is None else self.values(transaction, new)
        said: dict[str, Any] = {"after": now}
        if old is not new:
            was = None if old is None else self.values(transaction, old)
            if was is not None and old and new and old.owner != new.owner:
                was[str(self.owner)] = old.owner
            if was != now:
                said["before"] = was
        if hops:
            said["hops"] = hops
        return orjson.dumps(said).decode()

    def values(self, transaction: Transaction, record: Record) -> Values:
        """What the rules need of a row, as it is now."""
        values = record.values
        found = {path: _read(values[index], convert) for path, index, convert in self.own}
        for _, index, statement, columns in self._lookups:
            row_id = values[index]
            row = None if row_id is None else transaction.one(statement, (row_id,))
            for path, place, convert in columns:
                found[path] = None if row is None else _read(row[place], convert)
        return found

    def _present(self, record: Record | None) -> Record | None:
        return None if record is None or record.state in self.gone else record

    def _shown_or_hidden(self, transaction: Transaction, before: Record, after: Record) -> Iterator[dict[str, Any]]:
        """What rules of other types look at in this row and has changed, and the rows that refer to it."""
        old, new = before.values, after.values
        for hop in self.hops:
            if all(old[index] == new[index] for _, index, _ in hop.columns):
                continue
            rows = transaction.all(hop.statement, (*[before.id] * len(hop.by), MOST_ROWS + 1))
            if rows:
                yield {
                    "type": hop.type,
                    "before": {path: _read(old[index], convert) for path, index, convert in hop.columns},
                    "after": {path: _read(new[index], convert) for path, index, convert in hop.columns},
                    "rows": None if len(rows) > MOST_ROWS else [hop.row(row, before.id) for row in rows],
                }

    def _lookup(
        self, types: Mapping[str, TypeStore], by: str, keys: tuple[str, ...]
    ) -> tuple[str, int, str, tuple[Column, ...]]:
        target = types[self._layout.resource.relationships[by].to]
        selected = ", ".join(quoted(key) for key in keys)
        columns = tuple(Column(f"{by}.{key}", place, _converter(target.layout, key)) for place, key in enumerate(keys))
        return by, self._layout.index[by], f"SELECT {selected} FROM {quoted(target.name)} WHERE id = ?", columns


class Moment(NamedTuple):
    """A row at one moment, as the rules see it."""

    row: Mapping[str, Any]
    related: Mapping[str, Mapping[str, Any]]


def sights(definitions: Definitions, types: Mapping[str, TypeStore]) -> dict[str, Sight]:
    """What the rules of every type need."""
    made = {name: Sight(definitions, kind) for name, kind in types.items()}
    for sight in made.values():
        sight.complete(types, made)
    return made


def moment(sight: Sight, row_id: str, owner: str | None, values: Mapping[str, Any]) -> Moment:
    """A row as rules see it, from what an entry keeps of it."""
    row = {"id": row_id, **({sight.owner: owner} if sight.owner not in (None, "id") else {}), **values}
    related = {by: {key: values.get(f"{by}.{key}") for key in keys} for by, keys in sight.related.items()}
    return Moment(row, related)


def _implied(event: str, before: Record | None, after: Record | None) -> bool:
    """Whether the kind of entry and its owner say already what there was before and after."""
    if (before is None) is not (event == CREATED) or (after is None) is not (event == DELETED):
        return False
    return before is None or after is None or before is after or before.owner == after.owner


def _column(layout: Layout, key: str, path: str) -> Column:
    return Column(path, layout.index[key], _converter(layout, key))


def _converter(layout: Layout, key: str) -> Callable[[Any], Any] | None:
    """From the column to JSON. JSON goes through as it lies there."""
    kind = layout.kinds[key]
    if kind == "boolean":
        return _FROM_COLUMN[kind]
    return orjson.Fragment if TYPES[kind].from_column is not None else None


def _picker(columns: tuple[Column, ...]) -> Callable[[tuple[Any, ...]], Any]:
    places = [each.place for each in columns]
    return itemgetter(*places) if places else lambda _: None


def _read(value: Any, convert: Callable[[Any], Any] | None) -> Any:
    return value if convert is None or value is None else convert(value)


def _hop(types: Mapping[str, TypeStore], seen: Sight, other: Sight) -> Hop | None:
    """How rows of `other` are found that a change of a row of `seen` may show or hide."""
    resource = types[other.name].resource
    by = tuple(name for name in other.related if resource.relationships[name].to == seen.name)
    if not by:
        return None
    keys = dict.fromkeys(key for name in by for key in other.related[name])
    columns = tuple(_column(types[seen.name].layout, key, key) for key in keys)
    return Hop(other.name, columns, *_referring(types, other, by))


def _referring(
    types: Mapping[str, TypeStore], other: Sight, by: tuple[str, ...]
) -> tuple[str, tuple[Column, ...], tuple[tuple[str, int], ...]]:
    """The statement that finds rows by what they refer to, and where what their rules need lies in its answer."""
    kind = types[other.name]
    selected = ["id", other.owner or "id", *(each.path for each in other.own), *by]
    columns = [f"{ALIAS}.{quoted(name)}" for name in selected]
    needs = [Column(each.path, place, each.convert) for place, each in enumerate(other.own, 2)]
    places = tuple((name, len(selected) - len(by) + number) for number, name in enumerate(by))
    joins = ""
    for number, (name, keys) in enumerate(other.related.items()):
        target, alias = types[kind.resource.relationships[name].to], f"r{number}"
        joins += f" LEFT JOIN {quoted(target.name)} {alias} ON {alias}.id = {ALIAS}.{quoted(name)}"
        needs += [
            Column(f"{name}.{key}", len(columns) + place, _converter(target.layout, key)) for place, key in enumerate(keys)
        ]
        columns += [f"{alias}.{quoted(key)}" for key in keys]
    where = " OR ".join(f"{ALIAS}.{quoted(name)} = ?" for name in by)
    table = quoted(kind.name)
    return (
        f"SELECT {', '.join(columns)} FROM {table} {ALIAS}{joins} WHERE ({where}){kind.present} LIMIT ?",
        tuple(needs),
        places,
    )
