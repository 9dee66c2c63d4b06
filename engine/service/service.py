"""The service: every operation on every resource type, for an actor. API, screens, command line and workers all call this.

A write is a `Change` (see there), or several: `perform` does them in one transaction, or does and undoes them to show what
they would do.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from engine.access import Actor
from engine.commands.registry import ReadContext
from engine.errors import BadRequest, Conflict, HosterError, NotFound
from engine.service.changes import Change, ChangedMeanwhile, Create, Fire, Remove, Update
from engine.service.desk import Desk
from engine.service.done import Done
from engine.service.inclusion import Included, Inclusion, Paths
from engine.service.once import Once
from engine.service.seen import Seen
from engine.service.validation import raise_all
from engine.store import ListQuery, Record, Unit
from engine.store.unit import Effect

ATTEMPTS = 5
"""How often a checked update is begun again because the row changed under the check."""

OPEN = "SELECT 1 FROM _commands WHERE open = 1 AND type = ? AND row = ? LIMIT 1"


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a list; `more` lie beyond it in its direction; `total` only when it was asked for."""

    items: list[Seen]
    more: bool
    total: int | None = None


class _Undo(Exception):
    """Takes a write back that was only made to see what it does."""

    def __init__(self, done: Done) -> None:
        super().__init__()
        self.done = done


class Service(Desk):
    """See the module."""

    # Reading

    def get(self, actor: Actor, type_name: str, row_id: str) -> Seen:
        """One resource; raises `NotFound`."""
        kind = self.kind(actor, type_name)
        record = self.store.find(kind, actor, row_id)
        if record is None:
            raise NotFound(f"There is no resource {type_name}/{row_id[:64]}")
        return self.shown(actor, kind, [record])[0] if kind.hides else Seen(record)

    async def page(self, actor: Actor, type_name: str, query: ListQuery) -> Page:
        """A page of the resources that `actor` may see."""
        kind = self.kind(actor, type_name)
        for each in query.filters:
            if each.via is not None:
                self.kind(actor, kind.resource.relationships[each.via].to)
        records, more = await self.store.page(kind, actor, query)
        total = await self.store.count(kind, actor, query) if query.total else None
        return Page(self.shown(actor, kind, records), more, total)

    async def included(self, actor: Actor, type_name: str, primary: Sequence[Seen], wanted: Paths) -> Included:
        """What lies along relationships of the `primary` resources, as far as `actor` may see it."""
        if not wanted:
            return Included()
        return await Inclusion(self, actor).gather(self.store.kind(type_name), primary, wanted)

    async def read(self, actor: Actor, type_name: str, row_id: str, name: str, params: Mapping[str, Any]) -> Any:
        """Serve a declared read of a row."""
        record = self.get(actor, type_name, row_id).record
        kind = self.store.kind(type_name)
        declared = kind.resource.reads[name]
        values = self.inputs[type_name].params[name]
        raise_all([_of_parameter(problem) for problem in values.problems(params, complete=True)])
        given = {each.name: each.default for each in declared.params.values()} | dict(params)
        return await self.registry.readers[declared.source](ReadContext(record.row, self.store.related(kind, record), given))

    # Writing

    async def perform(
        self, actor: Actor, changes: Sequence[Change], *, dry_run: bool = False, once: Once | None = None
    ) -> Done:
        """Make all changes in one transaction, or none; `once` under a key. Raises `Replay` for what was made before."""
        work = partial(self._apply, changes=changes, dry_run=dry_run, once=once)
        for _ in range(ATTEMPTS):
            for change in changes:
                await change.prepare()
            try:
                return await self.store.write(actor, work)
            except _Undo as undo:
                return undo.done
            except ChangedMeanwhile:
                continue
        raise Conflict("The resource is changed by others all the time; try again", code="stale")

    def _apply(self, unit: Unit, *, changes: Sequence[Change], dry_run: bool, once: Once | None) -> Done:
        if once is not None:
            once.replay(unit)
        seen = tuple([change.apply(unit) for change in changes])
        done = Done(seen, tuple(unit.effects))
        if dry_run:
            raise _Undo(Done(seen, self._visible(unit)))
        if once is not None:
            once.keep(unit, done)
        return done

    async def create(
        self, actor: Actor, type_name: str, attributes: Mapping[str, Any], relationships: Mapping[str, str | None]
    ) -> Seen:
        """Create a resource."""
        return await self._one(actor, Create(self, actor, type_name, attributes, relationships))

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
        return await self._one(actor, Update(self, actor, type_name, row_id, attributes, relationships, version))

    async def fire(
        self, actor: Actor, type_name: str, row_id: str, name: str, inputs: Mapping[str, Any], version: int | None = None
    ) -> Seen:
        """Move a resource by a named transition; with `version`, only that version of it."""
        return await self._one(actor, Fire(self, actor, type_name, row_id, name, inputs, version))

    async def delete(
        self, actor: Actor, type_name: str, row_id: str, inputs: Mapping[str, Any] | None = None, version: int | None = None
    ) -> Seen | None:
        """Fire the transition `delete` where the type has one, and answer the moved resource; else remove the row."""
        return (await self.perform(actor, [self.deletion(actor, type_name, row_id, inputs or {}, version)])).seen[0]

    def deletion(
        self, actor: Actor, type_name: str, row_id: str, inputs: Mapping[str, Any], version: int | None = None
    ) -> Change:
        """What DELETE means for the type."""
        lifecycle = self.writable_kind(actor, type_name).resource.lifecycle
        if lifecycle is not None and "delete" in lifecycle.transitions:
            return Fire(self, actor, type_name, row_id, "delete", inputs, version)
        return Remove(self, actor, type_name, row_id, version)

    async def _one(self, actor: Actor, change: Change) -> Seen:
        (seen,) = (await self.perform(actor, [change])).seen
        assert seen is not None  # noqa: S101  only a removal leaves nothing
        return seen

    async def settled(self, type_name: str, row_id: str, seconds: float) -> bool:
        """Wait until no command of the row is open, at most so long; whether that is so."""
        database, changed = self.store.database, asyncio.Event()
        unsubscribe = database.subscribe(changed.set)
        try:
            async with asyncio.timeout(seconds):
                while database.read(OPEN, (type_name, row_id)):
                    await changed.wait()
                    changed.clear()
            return True
        except TimeoutError:
            return False
        finally:
            unsubscribe()

    def _visible(self, unit: Unit) -> tuple[Effect, ...]:
        """The effects on rows that the actor may see: what a write does to others is not theirs to learn.

        They must see the row as it was last committed, too, if it was there: one that would only come into their view is none
        of theirs yet, and one that is gone is nobody's.
        """
        shown = (each for each in unit.effects if unit.sees(each.record) and self._is_theirs(unit.actor, each.record))
        return tuple(_without_hidden(unit, each) for each in shown)

    def _is_theirs(self, actor: Actor, record: Record) -> bool:
        """Whether the row is new, or one that the actor could see before."""
        kind = self.store.kind(record.layout.resource.name)
        return self.store.find(kind, actor, record.id) is not None or not self.store.database.read(
            kind.by_id_with_gone, (record.id,)
        )


def _without_hidden(unit: Unit, effect: Effect) -> Effect:
    after = effect.data.get("after")
    if not isinstance(after, Mapping):
        return effect
    return effect._replace(
        data={**effect.data, "after": {name: after[name] for name in after if unit.sees(effect.record, name)}}
    )


def _of_parameter(problem: HosterError) -> HosterError:
    """A problem with a query parameter, which has a name where a body has a pointer."""
    return BadRequest(problem.detail, parameter=(problem.pointer or "").lstrip("/"), code=problem.error_code)
