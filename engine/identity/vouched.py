"""People whom somebody else vouches for: a gateway or the issuer of a signed token. They become users when they first come.

Which user somebody is stands in a table of the engine, by source and the name that the source has for them. It is never
found by an e-mail address: whoever can give themselves an address elsewhere must not become somebody here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.access import SYSTEM, Actor
from engine.ambient import timestamp
from engine.errors import HosterError, Unavailable
from engine.identity.people import People
from engine.store import Unit

BY_NAME = "SELECT user FROM _externals WHERE id = ?"
REMEMBER = "INSERT INTO _externals (id, user, created_at) VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET user = excluded.user"


class NeedsMore(HosterError):
    """Users come from elsewhere, and the identity type has an attribute without which no user can be made."""

    code, title = "identity_needs_more", "Users from elsewhere cannot be made"


@dataclass(frozen=True, slots=True)
class Vouched:
    """What a source says of somebody. `subject` is its name for them; `limits` win over those of their plan."""

    source: str
    subject: str
    plan: str | None = None
    limits: Mapping[str, Any] | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    expires_at: float | None = None

    @property
    def key(self) -> str:
        """Source and subject in one; a source has no slash."""
        return f"{self.source}/{self.subject}"


class Guests:
    """Finds the user of somebody vouched for, or makes one."""

    def __init__(self, people: People) -> None:
        self._people = people
        self._statement = people.statement("_externals", "user", "k.id = ?")

    def demand(self) -> None:
        """Raise `NeedsMore` when no user could be made from elsewhere."""
        resource = self._people.kind.resource
        missing = [
            each.name
            for each in resource.attributes.values()
            if each.required and each.default is None and each.default_rule is None and each.computed is None
        ]
        if missing:
            raise NeedsMore(
                f"{resource.name} requires {', '.join(missing)}, which a gateway or a signed token does not bring: make it "
                "optional, or switch that way in off"
            )

    def find(self, vouched: Vouched) -> Actor | None:
        """The actor; None when something has to be written first."""
        rows = self._rows(vouched)
        if not rows or (vouched.plan is not None and self._plan(vouched) not in (None, rows[0][3])):
            return None
        return self._actor(vouched, rows[0])

    async def admit(self, vouched: Vouched) -> Actor:
        """The actor, made or given their plan where needed. Another request may give them another plan at that moment."""
        await self._people.store.write(SYSTEM, lambda unit: self._upsert(unit, vouched))
        rows = self._rows(vouched)
        if not rows:
            raise Unavailable("The user was removed while they were let in; try again")
        return self._actor(vouched, rows[0])

    def _rows(self, vouched: Vouched) -> list[tuple[Any, ...]]:
        return self._people.store.database.read(self._statement, (vouched.key,))

    def _actor(self, vouched: Vouched, row: tuple[Any, ...]) -> Actor:
        expires = None if vouched.expires_at is None else timestamp(vouched.expires_at)
        return self._people.actor(row, facts=vouched.facts, limits=vouched.limits, expires_at=expires)

    def _upsert(self, unit: Unit, vouched: Vouched) -> None:
        kind, plan = self._people.kind, self._plan(vouched)
        found = unit.transaction.one(BY_NAME, (vouched.key,))
        record = None if found is None else unit.find(kind, found[0])
        given = {} if plan is None else {str(self._people.plan): plan}
        if record is not None:
            unit.update(kind, record, given)
            return
        made = unit.create(kind, given)
        unit.transaction.run(REMEMBER, (vouched.key, made.id, unit.now))

    def _plan(self, vouched: Vouched) -> str | None:
        return None if vouched.plan is None else self._people.plan_of(vouched.plan)
