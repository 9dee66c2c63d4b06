"""Bearer tokens: made once, shown once, kept as a hash.

A token is 256 random bits, so a plain SHA-256 of it is enough: there is nothing to guess, and looking one up by its hash
leaks nothing through timing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import orjson

from engine.access import ANONYMOUS, SYSTEM, Actor, user
from engine.ambient import timestamp
from engine.errors import HosterError, Unauthenticated
from engine.model import ResourceType
from engine.store import Store, Unit

PREFIX = "hoster_"
INSERT = "INSERT INTO _tokens (id, hash, user, name, scopes, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?)"
FACT = "SELECT value FROM _facts WHERE id = ?"
REMEMBER = "INSERT INTO _facts (id, value) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET value = excluded.value"
OPERATOR_FACT, OPERATOR_EMAIL = "first operator", "operator@hoster.local"
REVOKE = "DELETE FROM _tokens WHERE name = ?"
KNOWN = "SELECT 1 FROM _tokens WHERE hash = ?"


class NoIdentityType(HosterError):
    """No resource type is marked `identity: true`, so there is nobody a token could belong to."""

    code, title = "no_identity_type", "The definitions have no users"


class Tokens:
    """Makes tokens, and tells whose they are."""

    def __init__(self, store: Store) -> None:
        identity = store.definitions.identity
        if identity is None:
            raise NoIdentityType("Mark the resource type whose rows are the users with `identity: true`")
        self._store = store
        self._kind = store.kind(identity.name)
        self._statement = _statement(identity, self._kind.present)

    def identify(self, authorization: bytes | None) -> Actor:
        """The actor for an Authorization header; nobody when there is none, `Unauthenticated` when it is not valid."""
        if authorization is None:
            return ANONYMOUS
        scheme, _, token = authorization.partition(b" ")
        if scheme.lower() != b"bearer":
            raise Unauthenticated("Only bearer tokens are accepted: Authorization: Bearer …", code="invalid_token")
        rows = self._store.database.read(self._statement, (_hash(token.strip()), self._store.now))
        if not rows:
            raise Unauthenticated("This token is not known, has expired or was revoked", code="invalid_token")
        identity, operator, email, plan = rows[0]
        return user(identity, operator=operator == 1, email=email, plan=plan)

    def create(self, unit: Unit, user_id: str, name: str, token: str | None = None, scopes: Sequence[str] = ()) -> str:
        """Make a token for a user, or register the one given; returns it, for the only time."""
        token = token or PREFIX + unit.store.ambient.token()
        parameters = (
            unit.store.ambient.id("tok_", unit.time), _hash(token.encode()), user_id, name,
            orjson.dumps(list(scopes)).decode(), timestamp(unit.time), None,
        )  # fmt: skip
        unit.transaction.run(INSERT, parameters)
        return token

    def revoke(self, unit: Unit, name: str) -> None:
        """Take back every token of that name."""
        unit.transaction.run(REVOKE, (name,))

    def is_known(self, unit: Unit, token: str) -> bool:
        """Whether the token is registered already."""
        return unit.transaction.one(KNOWN, (_hash(token.encode()),)) is not None

    async def user_for(self, email: str, **given: Any) -> str:
        """The id of the user with this e-mail address, made when there is none."""

        def work(unit: Unit) -> str:
            found = unit.transaction.one(f'{self._kind.select} WHERE t."email" = ?{self._kind.present}', (email,))
            return str(found[0]) if found else unit.create(self._kind, {"email": email, **given}).id

        return await self._store.write(SYSTEM, work)

    def first_operator(self, unit: Unit) -> str:
        """The id of the operator that a new database begins with. It is remembered, never looked up by an address."""
        known = unit.transaction.one(FACT, (OPERATOR_FACT,))
        if known is not None and unit.find(self._kind, known[0]) is not None:
            return str(known[0])
        made = unit.create(self._kind, {"email": OPERATOR_EMAIL, "name": "Operator", "operator": True}).id
        unit.transaction.run(REMEMBER, (OPERATOR_FACT, made))
        return made


def _hash(token: bytes) -> str:
    return hashlib.sha256(token).hexdigest()


def _statement(identity: ResourceType, present: str) -> str:
    """Token to user in one look-up, while the user is there; what the identity type does not have is null."""

    def column(name: str) -> str:
        return f't."{name}"' if name in identity.attributes or name in identity.relationships else "NULL"

    return (
        f"SELECT t.id, {column('operator')}, {column('email')}, {column('plan')} FROM _tokens k "
        f'JOIN "{identity.name}" t ON t.id = k.user WHERE k.hash = ? AND (k.expires_at IS NULL OR k.expires_at > ?){present}'
    )
