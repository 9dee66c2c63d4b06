"""Signed bearer tokens (JWT) of somebody else: verified, never merely read.

The times in a token are held against the clock of this program, with little leeway; `exp` must be there. A token that names
an audience is for that audience only: without a configured one, none that names any is accepted.
"""

from __future__ import annotations

import math
from typing import Any

import jwt

from engine.ambient import Ambient
from engine.errors import Unauthenticated
from engine.identity.keys import Key, Keys
from engine.identity.vouched import Vouched

LEEWAY = 10.0
"""Seconds that two clocks may differ."""

LONGEST = 8192
LONGEST_SUBJECT = 255

_OPTIONS: Any = {"verify_exp": False, "verify_nbf": False, "verify_iat": False, "verify_sub": False, "require": ["exp"]}
"""The times are checked here, against a clock that tests can hold."""


class SignedTokens:
    """See the module. `source` is what users that come this way are kept under, `claim` holds their name."""

    def __init__(
        self, keys: Keys, ambient: Ambient, *, issuer: str | None, audience: str | None, claim: str, source: str
    ) -> None:
        self._keys, self._ambient = keys, ambient
        self._issuer, self._audience = issuer, audience
        self._claim, self._source = claim, source

    def verify(self, token: bytes) -> Vouched | None:
        """Whom the token speaks for; None when keys have to be asked for first. Raises `Unauthenticated`."""
        name, algorithm = _header(token)
        candidates = self._keys.candidates(name, algorithm)
        if self._keys.is_old() or (not candidates and self._keys.is_stale()):
            return None
        claims = self._claims(token, candidates, algorithm)
        until = self._times(claims)
        subject = claims.get(self._claim)
        if not isinstance(subject, str) or not 0 < len(subject) <= LONGEST_SUBJECT or not subject.isprintable():
            raise _refused(f"its claim {self._claim} names nobody")
        return Vouched(self._source, subject, expires_at=until)

    async def verify_later(self, token: bytes) -> Vouched:
        """The same, after asking for keys."""
        vouched = self.verify(token)
        if vouched is None:
            await self._keys.refresh()
            vouched = self.verify(token)
        if vouched is None:
            raise _refused("its key is not known")
        return vouched

    def _claims(self, token: bytes, candidates: Any, algorithm: str) -> dict[str, Any]:
        problem = "no key for its algorithm and key id"
        for key in candidates:
            try:
                return self._decoded(token, key, algorithm)
            except jwt.InvalidSignatureError:
                problem = "its signature is wrong"
            except jwt.InvalidIssuerError:
                problem = "its issuer is another"
            except (jwt.InvalidAudienceError, jwt.MissingRequiredClaimError):
                problem = "it is for another audience, or lacks exp, iss or aud"
            except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
                problem = "it is not well-formed"
        raise _refused(problem)

    def _decoded(self, token: bytes, key: Key, algorithm: str) -> dict[str, Any]:
        claims: dict[str, Any] = jwt.decode(
            token, key.value, algorithms=[algorithm], options=_OPTIONS, audience=self._audience, issuer=self._issuer
        )
        return claims

    def _times(self, claims: dict[str, Any]) -> float:
        now = self._ambient.time()
        expires = _moment(claims, "exp")
        if expires is None or expires + LEEWAY <= now:
            raise _refused("it has expired")
        for claim in ("nbf", "iat"):
            begins = _moment(claims, claim)
            if begins is not None and begins - LEEWAY > now:
                raise _refused("it is not valid yet")
        return min(expires, now + 10 * 365 * 86400)


def _header(token: bytes) -> tuple[str | None, str]:
    if len(token) > LONGEST:
        raise _refused("it is too long")
    try:
        header = jwt.get_unverified_header(token)
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError) as error:
        raise _refused("it is not well-formed") from error
    name, algorithm = header.get("kid"), header.get("alg")
    return name if isinstance(name, str) else None, algorithm if isinstance(algorithm, str) else ""


def _moment(claims: dict[str, Any], name: str) -> float | None:
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or abs(value) > 1e12 or not math.isfinite(value):
        raise _refused(f"its claim {name} is no time")
    return float(value)


def _refused(why: str) -> Unauthenticated:
    return Unauthenticated(f"This signed token is not accepted: {why}", code="invalid_token")
