"""Who is asking: from a request's credentials to an `Actor`, on every request.

Three ways in, each of which can be switched off: a gateway's headers, bearer tokens (rows of this installation, or signed by
somebody else), and the session cookie of an account. The first that a request has decides; one that is not good is refused,
never passed over for the next. A cookie is the exception: browsers send old ones of themselves, so one that has ended is
nobody.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from engine.access import ANONYMOUS, Actor
from engine.errors import HosterError, Unauthenticated
from engine.identity import cookies
from engine.identity.accounts import Accounts, SignedIn, csrf
from engine.identity.bearers import FINE, Bearers
from engine.identity.gateway import USER, Credentials, Gateway
from engine.identity.memory import Known, Memory
from engine.identity.people import People
from engine.identity.tokens import Tokens
from engine.identity.vouched import Guests, Vouched
from engine.store import Store

if TYPE_CHECKING:
    from engine.identity.jwt import SignedTokens
    from engine.settings import Settings

log = logging.getLogger("hoster.identity")

BEARER = b"authorization"
COOKIE = b"cookie"
SCHEME = b"bearer "

REMEMBERED = 600.0
"""Seconds after which a signed token is verified again: its key may have been taken back."""


class TwoKeys(HosterError):
    """More than one key for signed tokens is configured, and which of them counts would be a guess."""

    code, title = "two_keys", "Signed tokens have more than one key"


class Identity:
    """See the module."""

    def __init__(self, store: Store, settings: Settings | None = None) -> None:
        from engine.settings import Settings

        settings = settings or Settings()
        self._ambient = store.ambient
        self._time = store.ambient.time
        self.people = People(store)
        self.tokens = Tokens(store, self.people)
        self._memory = Memory(store.database)
        self._guests = Guests(self.people)
        self._bearers = self.tokens.bearers if settings.auth_tokens else None
        self.gateway = _gateway(settings, self.people)
        self._signed = _signed(settings, store)
        if self.gateway is not None or self._signed is not None:
            self._guests.demand()
        self.sessions, self.accounts = _accounts(store, settings, self.people)
        self._cookies = cookies.Cookies(settings.auth_cookie_secure == "always")

    @property
    def cookies(self) -> cookies.Cookies:
        """How the cookies of sessions are named and set."""
        return self._cookies

    @property
    def ways(self) -> dict[str, bool]:
        """The ways in that are open."""
        return {
            "gateway": self.gateway is not None,
            "signed_tokens": self._signed is not None,
            "tokens": self._bearers is not None,
            "accounts": self.accounts is not None,
            "sign_up": self.accounts is not None and self.accounts.is_open,
        }

    def identify(self, request: Credentials) -> Actor | None:
        """The actor of a request; None when `admit` has to be asked, which may write or wait.

        Raises `Unauthenticated` for a credential that is not good.
        """
        headers = request.headers
        if self.gateway is not None and USER in headers:
            given = self.gateway.believed(request, otherwise=self._has_other(headers))
            if given is not None:
                known = self._memory.get(given)
                return known.actor if known is not None else self._vouched(given, self.gateway.read(given))
        authorization = headers.get(BEARER)
        if authorization is not None:
            known = self._memory.get(authorization)
            if known is not None and known.until > (now := self._time()):
                if now - known.told > FINE and self._bearers is not None:
                    self._bearers.use(known, now)
                return known.actor
            return self._bearer(authorization)
        cookie = headers.get(COOKIE)
        return ANONYMOUS if cookie is None else self._session(request, cookie)

    async def admit(self, request: Credentials) -> Actor:
        """What `identify` could not say without writing a user down, or asking for a key."""
        vouched = None
        if self.gateway is not None:
            given = self.gateway.believed(request, otherwise=self._has_other(request.headers))
            vouched = None if given is None else self.gateway.read(given)
        if vouched is None:
            if self._signed is None:
                raise _unknown()
            vouched = await self._signed.verify_later(_token(request.headers.get(BEARER, b"")))
        return self._guests.find(vouched) or await self._guests.admit(vouched)

    def csrf(self, request: Credentials) -> str | None:
        """What the session that a request came with asks of its writes."""
        token = self._cookies.token(request, request.headers.get(COOKIE, b""))
        return None if token is None else csrf(token)

    def known_by(self, signed: SignedIn) -> Actor:
        """Somebody who has just signed in."""
        known = None if self.sessions is None else self.sessions.find(signed.token)
        if known is None:
            raise _unknown()
        return known.actor

    def close(self) -> None:
        """End what runs beside requests."""
        if self.accounts is not None:
            self.accounts.close()

    def _has_other(self, headers: dict[bytes, bytes]) -> bool:
        return BEARER in headers or cookies.NAME in headers.get(COOKIE, b"")

    def _vouched(self, key: object, vouched: Vouched) -> Actor | None:
        actor = self._guests.find(vouched)
        if actor is not None:
            until = float("inf") if vouched.expires_at is None else min(vouched.expires_at, self._time() + REMEMBERED)
            self._memory.put(key, Known(actor, until=until))
        return actor

    def _bearer(self, authorization: bytes) -> Actor | None:
        self._memory.forget(authorization)
        token = _token(authorization)
        known = self._bearers.find(token.decode("latin-1")) if self._bearers is not None else None
        if known is not None and self._bearers is not None:
            self._memory.put(authorization, known)
            if (now := self._time()) - known.told > FINE:
                self._bearers.use(known, now)
            return known.actor
        if self._signed is None or token.count(b".") != 2:
            raise _unknown()
        vouched = self._signed.verify(token)
        return None if vouched is None else self._vouched(authorization, vouched)

    def _session(self, request: Credentials, cookie: bytes) -> Actor:
        token = None if self.sessions is None else self._cookies.token(request, cookie)
        if token is None or self.sessions is None:
            return ANONYMOUS
        key, now = (COOKIE, token), self._time()
        known = self._memory.get(key)
        if known is None or known.until <= now:
            self._memory.forget(key)
            known = self.sessions.find(token.decode("latin-1"))
            if known is None:
                return ANONYMOUS
            known.csrf = csrf(token)
            self._memory.put(key, known)
        cookies.guard(request, known.csrf)
        if now - known.told > FINE:
            self.sessions.use(known, now)
        return known.actor


def _token(authorization: bytes) -> bytes:
    if authorization[: len(SCHEME)].lower() != SCHEME:
        raise Unauthenticated("Only bearer tokens are accepted: Authorization: Bearer …", code="invalid_token")
    return authorization[len(SCHEME) :].strip()


def _unknown() -> Unauthenticated:
    return Unauthenticated("This token is not known, has expired or was revoked", code="invalid_token")


def _gateway(settings: Settings, people: People) -> Gateway | None:
    if settings.auth_gateway is False or (settings.auth_shared_secret is None and not settings.auth_trusted_proxies):
        return None
    return Gateway(settings.auth_shared_secret, settings.auth_trusted_proxies, people)


def _signed(settings: Settings, store: Store) -> SignedTokens | None:
    given = (settings.auth_jwt_secret, settings.auth_jwt_public_key, settings.auth_jwt_key_set)
    if not any(given):
        return None
    if sum(each is not None for each in given) > 1:
        raise TwoKeys("Set one of HOSTER_AUTH_JWT_SECRET, HOSTER_AUTH_JWT_PUBLIC_KEY and HOSTER_AUTH_JWT_KEY_SET, not several")
    from engine.identity.jwt import SignedTokens
    from engine.identity.keys import FixedKeys, Keys, KeySet, public_key, shared_secret

    keys: Keys
    if settings.auth_jwt_secret is not None:
        keys = FixedKeys(shared_secret(settings.auth_jwt_secret))
    elif settings.auth_jwt_public_key is not None:
        keys = FixedKeys(public_key(settings.auth_jwt_public_key))
    else:
        keys = KeySet(str(settings.auth_jwt_key_set), store.ambient)
    return SignedTokens(
        keys,
        store.ambient,
        issuer=settings.auth_jwt_issuer,
        audience=settings.auth_jwt_audience,
        claim=settings.auth_jwt_claim,
        source=settings.auth_jwt_source,
    )


def _accounts(store: Store, settings: Settings, people: People) -> tuple[Bearers | None, Accounts | None]:
    resource = store.definitions.credential("cookie")
    if not settings.auth_local or resource is None or people.email is None:
        return None, None
    sessions = Bearers(people, resource, idle=settings.auth_session_idle)
    accounts = Accounts(people, sessions, lasts=settings.auth_session_lifetime, open=settings.auth_sign_up == "open")
    return sessions, accounts
