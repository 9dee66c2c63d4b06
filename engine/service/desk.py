"""What each operation begins with: the type, if the caller's token is for it, and how rows are shown to them."""

from __future__ import annotations

from collections.abc import Sequence

from engine.access import Actor, Verb
from engine.commands.registry import Registry
from engine.errors import NotFound, Unauthenticated
from engine.model import Transition
from engine.service.checks import Checks
from engine.service.refusals import insist_on_scope
from engine.service.seen import NOTHING, Seen
from engine.service.validation import TypeInput
from engine.store import Record, Store, TypeStore, Unit


class Desk:
    """See the module."""

    def __init__(self, store: Store, registry: Registry) -> None:
        self.store = store
        self.registry = registry
        self.inputs = {name: TypeInput(kind.resource) for name, kind in store.types.items()}
        self.checks = Checks(store, registry)

    def kind(self, actor: Actor, name: str, verb: Verb = "read") -> TypeStore:
        """The type, if the token that the actor came with is for it."""
        kind = self.store.kind(name)
        insist_on_scope(actor, name, verb)
        return kind

    def writable_kind(self, actor: Actor, name: str) -> TypeStore:
        """The type, for somebody who is known and whose token may write it."""
        if not actor.system and not actor.facts["known"]:
            raise Unauthenticated("Sign in, or send a token: Authorization: Bearer …")
        return self.kind(actor, name, "write")

    def transition(self, kind: TypeStore, name: str) -> Transition:
        """The transition of that name; raises `NotFound`."""
        lifecycle = kind.resource.lifecycle
        transition = lifecycle.transitions.get(name) if lifecycle else None
        if transition is None:
            raise NotFound(f"{kind.name} has no transition, read or relationship {name[:64]!r}")
        return transition

    # What is for whom

    def shown(self, actor: Actor, kind: TypeStore, records: Sequence[Record]) -> list[Seen]:
        """Records without what is hidden from `actor`: everything that can be, where the row went away since it was read."""
        if actor.system or not kind.hides:
            return [Seen(record) for record in records]
        known = self.store.hidden(kind, actor, [record.id for record in records])
        everything = frozenset(kind.permissions.attributes)
        return [Seen(record, known.get(record.id, everything)) for record in records]

    def seen(self, unit: Unit, kind: TypeStore, record: Record) -> Seen:
        """A record that was just written, as the writer sees it."""
        hidden = NOTHING
        if kind.hides and not unit.actor.system:
            known = self.store.hidden(kind, unit.actor, [record.id], unit.transaction.all)
            hidden = known.get(record.id, frozenset(kind.permissions.attributes))
        made = unit.made.get((kind.name, record.id))
        return Seen(record, hidden) if made is None else Seen(record, hidden, made)
