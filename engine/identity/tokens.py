"""API tokens made by this program itself: for the first operator, on the command line, and those of former versions.

Tokens that people make are rows like any other, made by a POST.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from engine.access import SYSTEM
from engine.errors import HosterError
from engine.identity import former
from engine.identity.bearers import Bearers
from engine.identity.people import People
from engine.store import Store, Unit
from engine.store.type_store import quoted
from engine.types import hashed, to_address

FACT = "SELECT value FROM _facts WHERE id = ?"
REMEMBER = "INSERT INTO _facts (id, value) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET value = excluded.value"
OPERATOR_FACT, OPERATOR_EMAIL = "first operator", "operator@hoster.local"

FORMER = "SELECT user, name, scopes, expires_at, hash FROM _tokens ORDER BY id"
IS_THERE = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = '_tokens'"


class NoTokenType(HosterError):
    """No resource type holds API tokens."""

    code, title = "no_token_type", "The definitions have no API tokens"


class Tokens:
    """See the module."""

    def __init__(self, store: Store, people: People | None = None) -> None:
        self._store = store
        self._people = people or People(store)
        self._kind = self._people.kind
        resource = store.definitions.credential("bearer")
        self.bearers = None if resource is None else Bearers(self._people, resource)

    def create(
        self,
        unit: Unit,
        user_id: str,
        name: str,
        token: str | None = None,
        scopes: Sequence[str] | None = None,
        expires_at: str | None = None,
    ) -> str:
        """Make a token for a user, or register the one given; returns it, for the only time."""
        given = {"name": name, "scopes": list(scopes) if scopes else None, "expires_at": expires_at}
        return self._demanded().make(unit, user_id, given, token=token).token

    def revoke(self, unit: Unit, name: str) -> None:
        """Take back every token of that name."""
        bearers = self._demanded()
        statement = f"SELECT t.id FROM {quoted(bearers.kind.name)} t WHERE t.name = ?"
        for (row_id,) in unit.transaction.all(statement, (name,)):
            bearers.end(unit, row_id)

    def is_known(self, unit: Unit, token: str) -> bool:
        """Whether the token is registered already."""
        bearers = self._demanded()
        statement = f"SELECT 1 FROM {quoted(bearers.kind.name)} WHERE {quoted(bearers.token)} = ?"
        return unit.transaction.one(statement, (hashed(token),)) is not None

    def has_any(self, unit: Unit, user_id: str) -> bool:
        """Whether a user has a token."""
        bearers = self._demanded()
        statement = f"SELECT 1 FROM {quoted(bearers.kind.name)} WHERE {quoted(bearers.owner)} = ? LIMIT 1"
        return unit.transaction.one(statement, (user_id,)) is not None

    async def user_for(self, email: str, **given: Any) -> str:
        """The id of the user with this e-mail address, made when there is none."""
        return await self._store.write(SYSTEM, lambda unit: self._user_for(unit, email, given))

    def first_operator(self, unit: Unit) -> str:
        """The id of the operator that a new database begins with. It is remembered, never looked up by an address."""
        known = unit.transaction.one(FACT, (OPERATOR_FACT,))
        if known is not None and unit.find(self._kind, known[0]) is not None:
            return str(known[0])
        made = unit.create(self._kind, {"email": OPERATOR_EMAIL, "name": "Operator", "operator": True}).id
        unit.transaction.run(REMEMBER, (OPERATOR_FACT, made))
        return made

    async def adopt_former(self) -> int:
        """Turn the tokens of former versions, which had a table of the engine's own, into rows; returns how many.

        What else their rows lack, they get with it: see `former`.
        """
        if self.bearers is None or not self._store.database.read(IS_THERE):
            return 0
        return await self._store.write(SYSTEM, self._adopt)

    def _adopt(self, unit: Unit) -> int:
        if not unit.transaction.one(IS_THERE):
            return 0
        former.adopt(unit, self._people)
        rows, adopted = unit.transaction.all(FORMER), 0
        for user_id, name, scopes, expires_at, past in rows:
            if unit.find(self._kind, user_id) is None:
                continue
            given = {"name": name[:100], "scopes": orjson.loads(scopes) or None, "expires_at": expires_at}
            self._demanded().make(unit, user_id, given, past=past)
            adopted += 1
        unit.transaction.run("DROP TABLE _tokens")
        return adopted

    def _user_for(self, unit: Unit, email: str, given: Mapping[str, Any]) -> str:
        found = unit.transaction.one(f'{self._kind.select} WHERE t."email" = ?{self._kind.present}', (to_address(email),))
        return str(found[0]) if found else unit.create(self._kind, {"email": email, **given}).id

    def _demanded(self) -> Bearers:
        if self.bearers is None:
            raise NoTokenType("Mark the resource type that holds API tokens with `credential: bearer`")
        return self.bearers
