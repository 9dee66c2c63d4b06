"""Who may see what of an entry, judged by how things were before and after it.

Not seen before and seen after is `added`, whatever the entry tells; seen before and not after is `removed`; seen at both
moments, `updated`. What was seen at neither is not told. The values of a moment are told to those who could see the row at
that moment, without those attributes that were hidden from them then.

The person is judged as they are now: what they could see once with other rights is theirs no more.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple, TypeAlias

import orjson

from engine.access import Actor
from engine.rules import Rule
from engine.service.events.entry import Entry
from engine.service.events.log import EVERYTHING, Interest
from engine.store import Store
from engine.store.sight import CREATED, DELETED, Moment, Sight, moment

Word: TypeAlias = Literal["added", "updated", "removed", "reset"]

NOTHING: Mapping[str, Any] = {}


class Change(NamedTuple):
    """What an entry means to somebody. `row` is None for a reset: all rows of the type are to be listed again.

    `data` is what the entry tells them; nothing where the row came or went because of another one (`caused`). `over` says of
    a removed row that it is there for nobody any more. `actor` is who did it, None where they may not know of that person.
    """

    word: Word
    type: str
    row: str | None
    data: Mapping[str, Any] = NOTHING
    caused: bool = False
    over: bool = False
    actor: str | None = None


class Views:
    """See the module."""

    def __init__(self, store: Store) -> None:
        self._store, self._people = store, store.definitions.identity
        self._sights = store.sights
        self._digest = store.definitions.digest
        self._facts = sorted({fact for sight in store.sights.values() for fact in sight.facts})

    def fingerprint(self, actor: Actor) -> str:
        """Changes with what `actor` may see, as far as that does not depend on rows."""
        facts = [actor.facts.get(name) for name in self._facts]
        scopes = None if actor.scopes is None else sorted(actor.scopes)
        told = orjson.dumps([self._digest, actor.system, facts, scopes], default=_plain)
        return hashlib.sha256(told).hexdigest()[:12]

    def changes(self, actor: Actor, entry: Entry, interest: Interest = EVERYTHING) -> list[Change]:
        """What `entry` means to `actor`: other rows that it shows or hides first, then its own row."""
        found: list[Change] = []
        access = entry.access
        if access is not None and "hops" in access:
            for hop in access["hops"]:
                found += self._caused(actor, entry, hop, interest)
        if interest.holds(entry.type, entry.row):
            own = self._own(actor, entry)
            if own is not None:
                found.append(own)
        return found

    # The row itself

    def _own(self, actor: Actor, entry: Entry) -> Change | None:
        sight = self._sights.get(entry.type)
        if sight is None or not actor.within_scope(entry.type, "read"):
            return None
        before, after = moments(sight, entry)
        was, now = self._sees(actor, sight, before, entry), self._sees(actor, sight, after, entry)
        if not was and not now:
            return None
        if not now:
            over, who = after is None, self._who(actor, sight, entry, before)
            data = _only(entry.data, MARK) if over else NOTHING
            return Change("removed", entry.type, entry.row, data, over=over, actor=who)
        data, who = self._told(actor, sight, entry, before if was else None, after), self._who(actor, sight, entry, after)
        return Change("updated" if was else "added", entry.type, entry.row, data, actor=who)

    def _who(self, actor: Actor, sight: Sight, entry: Entry, at: Moment | _Unknown | None) -> str | None:
        """Who did it: for the owner of the row, and for those who may see that person, or that they are the owner."""
        known, people = actor.facts["principals"], self._people
        is_person = people is not None and entry.actor.startswith(people.id_prefix)
        if actor.system or not is_person or entry.actor in known or entry.owner in known:
            return entry.actor
        if entry.actor == entry.owner and sight.owner not in self._hidden(actor, sight, at, entry):
            return entry.actor
        assert people is not None  # noqa: S101  the actor is one of them
        may = actor.within_scope(people.name, "read")
        return entry.actor if may and self._store.find(self._store.kind(people.name), actor, entry.actor) is not None else None

    def _sees(self, actor: Actor, sight: Sight, moment: Moment | _Unknown | None, entry: Entry) -> bool:
        if moment is None:
            return False
        if actor.system:
            return True
        if isinstance(moment, _Unknown):
            return moment.owner is not None and moment.owner in actor.facts["principals"]
        return _holds(sight.read, actor, moment, entry)

    def _told(
        self, actor: Actor, sight: Sight, entry: Entry, before: Moment | _Unknown | None, after: Moment | _Unknown | None
    ) -> Mapping[str, Any]:
        """The data of an entry whose row is seen after it; what was before it only where that was seen too."""
        data = entry.data
        if before is None and ("before" in data or "from" in data):
            data = {name: value for name, value in data.items() if name not in ("before", "from")}
        if sight.hidden and not actor.system:
            for name, at in (("before", before), ("after", after)):
                if isinstance(data.get(name), dict):
                    hidden = self._hidden(actor, sight, at, entry)
                    data = {**data, name: {key: value for key, value in data[name].items() if key not in hidden}}
        return data

    def _hidden(self, actor: Actor, sight: Sight, at: Moment | _Unknown | None, entry: Entry) -> frozenset[str]:
        if not isinstance(at, Moment):
            return frozenset(sight.hidden)
        return frozenset(name for name, rule in sight.hidden.items() if not _holds(rule, actor, at, entry))

    # Other rows

    def _caused(self, actor: Actor, entry: Entry, hop: Mapping[str, Any], interest: Interest) -> Iterator[Change]:
        name, rows = hop["type"], hop["rows"]
        sight = self._sights.get(name)
        if sight is None or (interest.types is not None and name not in interest.types) or actor.system:
            return
        if not actor.within_scope(name, "read"):
            return
        if rows is None:
            yield Change("reset", name, None, caused=True)
            return
        for row_id, owner, values in rows:
            if interest.row is None or row_id == interest.row:
                word = self._turned(actor, sight, entry, *(_with(sight, row_id, owner, values, hop[at]) for at in MOMENTS))
                if word is not None:
                    yield Change(word, name, row_id, caused=True)

    def _turned(self, actor: Actor, sight: Sight, entry: Entry, before: Moment | None, after: Moment | None) -> Word | None:
        was, now = self._sees(actor, sight, before, entry), self._sees(actor, sight, after, entry)
        if was is not now:
            return "added" if now else "removed"
        if not now or self._hidden(actor, sight, before, entry) == self._hidden(actor, sight, after, entry):
            return None
        return "updated"


MOMENTS = ("before", "after")

MARK = "as"
"""Where the data of an entry says that an operator did it to the row of somebody else."""


class _Unknown(NamedTuple):
    """A moment of which the entry does not keep what the rules of today need: it is for the owner alone."""

    owner: str | None


def moments(sight: Sight, entry: Entry) -> tuple[Moment | _Unknown | None, Moment | _Unknown | None]:
    """The row before and after the entry; None where it was not there."""
    access = entry.access
    if access is None:
        there: Moment | _Unknown = _Unknown(entry.owner) if sight.paths else moment(sight, entry.row, entry.owner, NOTHING)
        return None if entry.kind == CREATED else there, None if entry.kind == DELETED else there
    after = _moment(sight, entry, access["after"])
    return _moment(sight, entry, access["before"]) if "before" in access else after, after


def _moment(sight: Sight, entry: Entry, values: Mapping[str, Any] | None) -> Moment | _Unknown | None:
    if values is None:
        return None
    if not sight.paths <= values.keys():
        return _Unknown(entry.owner)
    return moment(sight, entry.row, entry.owner, values)


def _with(sight: Sight, row_id: str, owner: str | None, values: Mapping[str, Any], changed: Mapping[str, Any]) -> Moment | None:
    """A row beside the changed one at a moment. Where the entry does not keep what the rules of today need, not seen."""
    missing = [path for path in sight.paths if path not in values]
    known = {path: changed[key] for path in missing if (key := path.partition(".")[2]) in changed}
    return moment(sight, row_id, owner, {**values, **known}) if len(known) == len(missing) else None


def _holds(rule: Rule, actor: Actor, at: Moment, entry: Entry) -> bool:
    return bool(rule.evaluate(at.row, user=actor.facts, related=at.related, now=entry.at))


def _only(data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    return {name: data[name]} if name in data else NOTHING


def _plain(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else list(value)
