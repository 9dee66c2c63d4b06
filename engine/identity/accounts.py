"""Accounts of this installation: an e-mail address and a password, and the sessions they open.

Whoever asks learns nothing about who has an account: a wrong password, an unknown address, a user without a password and
one who is gone all take as long and are answered the same.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
from collections.abc import Mapping
from typing import Any, NamedTuple

from engine.access import SYSTEM, Actor
from engine.ambient import timestamp
from engine.errors import Forbidden, HosterError, Invalid, Unauthenticated
from engine.identity.bearers import Bearers
from engine.identity.passwords import Passwords, accepted
from engine.identity.people import People
from engine.service.validation import TypeInput
from engine.store import Unit
from engine.store.type_store import quoted
from engine.types import hashed, to_address

log = logging.getLogger("hoster.identity")

KEPT = "SELECT hash FROM _passwords WHERE id = ?"
KEEP = (
    "INSERT INTO _passwords (id, hash, changed_at) VALUES (?, ?, ?) "
    "ON CONFLICT (id) DO UPDATE SET hash = excluded.hash, changed_at = excluded.changed_at"
)
ADD_LINK = "INSERT INTO _password_links (id, user, expires_at) VALUES (?, ?, ?)"
LINK = "SELECT user FROM _password_links WHERE id = ? AND expires_at > ?"
DROP_LINKS = "DELETE FROM _password_links WHERE user = ? OR expires_at <= ?"
OLD_LINKS = (
    "DELETE FROM _password_links WHERE user = ? AND id NOT IN "
    "(SELECT id FROM _password_links WHERE user = ? ORDER BY expires_at DESC LIMIT ?)"
)

LINK_LASTS = 3600.0
MOST_LINKS = 5
"""Live links of one user: asking for more ends the oldest."""


class Where(NamedTuple):
    """From where somebody signs in, as their session shows it to them."""

    address: str
    agent: str


class SignedIn(NamedTuple):
    """A session that was opened. `token` goes into the cookie, `csrf` proves that a request comes from a page of ours."""

    user: str
    token: str
    session: str
    lasts: float

    @property
    def csrf(self) -> str:
        return csrf(self.token.encode())


class Accounts:
    """See the module. `lasts` is how long a session is good for at most, in seconds; `open` whether anybody may sign up."""

    def __init__(self, people: People, sessions: Bearers, *, lasts: float, open: bool) -> None:  # noqa: A002  the setting's word
        self._people, self._store, self._sessions = people, people.store, sessions
        self._lasts = lasts
        self.is_open = open
        self._passwords = Passwords(self._store.ambient)
        self._input = TypeInput(people.kind.resource)
        self._by_email = f"{people.kind.select} WHERE t.{quoted(str(people.email))} = ?{people.kind.present}"
        self._tasks: set[asyncio.Task[None]] = set()

    async def sign_up(self, email: str, password: str, more: Mapping[str, Any], where: Where) -> SignedIn:
        """Make a user with a password, signed in; raises `Taken` when the address has an account."""
        if not self.is_open:
            raise Forbidden("Accounts are made by an operator here", code="sign_up_closed")
        self._input.check({str(self._people.email): email, **more}, {}, complete=True)
        for name in self._people.kind.permissions.writes.keys() & more.keys():
            raise Forbidden(f"{name} is not for who signs up to set", pointer=f"/{name}")
        kept = await self._passwords.hash(password)

        def work(unit: Unit) -> SignedIn:
            made = unit.create(self._people.kind, {str(self._people.email): email, **more})
            unit.transaction.run(KEEP, (made.id, kept, unit.now))
            return self._open(unit, made.id, where)

        return await self._store.write(SYSTEM, work)

    async def sign_in(self, email: str, password: str, where: Where, former: Actor | None = None) -> SignedIn:
        """Open a session; that of `former`, who asks, ends."""
        replaced = None if former is None else self.session_of(former)
        user_id, kept = self._found(email)
        if not await self._passwords.matches(password, kept) or user_id is None or kept is None:
            raise Unauthenticated("The e-mail address or the password is wrong", code="wrong_credentials")
        renewed = await self._passwords.hash(password) if self._passwords.is_outdated(kept) else None

        def work(unit: Unit) -> SignedIn:
            if unit.transaction.one(KEPT, (user_id,)) != (kept,) or unit.find(self._people.kind, user_id) is None:
                raise Unauthenticated("The e-mail address or the password is wrong", code="wrong_credentials")
            if renewed is not None:
                unit.transaction.run(KEEP, (user_id, renewed, unit.now))
            if replaced is not None:
                self._sessions.end(unit, replaced)
            return self._open(unit, user_id, where)

        return await self._store.write(SYSTEM, work)

    async def sign_out(self, actor: Actor) -> None:
        """End the session that a request came with."""
        row_id = self.session_of(actor)
        if row_id is not None:
            await self._store.write(actor, lambda unit: self._sessions.end(unit, row_id))

    async def sign_out_everywhere(self, actor: Actor) -> None:
        """End all sessions of somebody."""
        await self._store.write(actor, lambda unit: self._sessions.end_all(unit, actor.id))

    async def change_password(self, actor: Actor, current: str, new: str, where: Where) -> SignedIn | None:
        """Set a new password. Every session ends; whoever came with one gets another."""
        rows = self._store.database.read(KEPT, (actor.id,))
        kept = rows[0][0] if rows else None
        if not await self._passwords.matches(current, kept):
            raise Invalid("This is not the present password", code="wrong_password", pointer="/current")
        made = await self._passwords.hash(new)
        session = self.session_of(actor)

        def work(unit: Unit) -> SignedIn | None:
            if unit.transaction.one(KEPT, (actor.id,)) != (kept,):
                raise Invalid("This is not the present password", code="wrong_password", pointer="/current")
            self._set(unit, actor.id, made)
            return self._open(unit, actor.id, where) if session is not None else None

        return await self._store.write(SYSTEM, work)

    def ask_for_link(self, email: str) -> None:
        """Have a one-time link made and told to the operator, who passes it on; the caller learns nothing, not even when."""

        async def make() -> None:
            try:
                token = await self.link(email)
            except HosterError as error:
                log.warning("A link for a new password could not be made: %s", error.detail)
                return
            if token is not None:
                log.warning("A new password was asked for: pass this one-time token on to %s: %s", to_address(email), token)

        task = asyncio.get_running_loop().create_task(make())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def link(self, email: str) -> str | None:
        """A token that sets a new password once, within an hour; None when nobody has the address."""
        user_id, _ = self._found(email)
        if user_id is None:
            return None
        token = self._store.ambient.token()

        def work(unit: Unit) -> None:
            unit.transaction.run(ADD_LINK, (hashed(token), user_id, timestamp(unit.time + LINK_LASTS)))
            unit.transaction.run(OLD_LINKS, (user_id, user_id, MOST_LINKS))

        await self._store.write(SYSTEM, work)
        return token

    async def use_link(self, token: str, password: str) -> None:
        """Set a password by a one-time token: all links and sessions of the user end with it."""
        accepted(password)
        if not self._store.database.read(LINK, (hashed(token), self._store.now)):
            raise _spent()
        made = await self._passwords.hash(password)

        def work(unit: Unit) -> None:
            found = unit.transaction.one(LINK, (hashed(token), unit.now))
            if found is None or unit.find(self._people.kind, found[0]) is None:
                raise _spent()
            self._set(unit, found[0], made)

        await self._store.write(SYSTEM, work)

    def session_of(self, actor: Actor) -> str | None:
        """The id of the session that somebody came with."""
        type_name, _, row_id = (actor.credential or "").partition("/")
        return row_id if type_name == self._sessions.kind.name else None

    async def settle(self) -> None:
        """Wait for what was promised to nobody in particular."""
        await asyncio.gather(*self._tasks)

    def close(self) -> None:
        """End the threads."""
        self._passwords.close()

    def _found(self, email: str) -> tuple[str | None, str | None]:
        """The user with this address and what is kept of their password."""
        people = self._store.database.read(self._by_email, (to_address(email),))
        user_id = str(people[0][0]) if people else None
        kept = self._store.database.read(KEPT, (user_id or "",))
        return user_id, kept[0][0] if kept else None

    def _set(self, unit: Unit, user_id: str, kept: str) -> None:
        unit.transaction.run(KEEP, (user_id, kept, unit.now))
        unit.transaction.run(DROP_LINKS, (user_id, unit.now))
        self._sessions.end_all(unit, user_id)

    def _open(self, unit: Unit, user_id: str, where: Where) -> SignedIn:
        given = {
            "address": where.address[:255],
            "user_agent": "".join(each for each in where.agent if each.isprintable())[:255],
            "last_seen_at": unit.now,
            "expires_at": timestamp(unit.time + self._lasts),
        }
        made = self._sessions.make(unit, user_id, given)
        return SignedIn(user_id, made.token, made.record.id, self._lasts)


def csrf(session: bytes) -> str:
    """What a page of ours sends along with a session's writes: only who has the session can work it out."""
    return hmac.new(session, b"csrf", hashlib.sha256).hexdigest()


def _spent() -> Invalid:
    return Invalid("This link was used already, has expired, or never was", code="invalid_link", pointer="/token")
