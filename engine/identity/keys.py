"""The keys that signed tokens are verified with, each with the algorithms that it is good for.

A key says which algorithms count, never the token: that is what keeps `alg: none`, and a public key taken for a shared
secret, out. A key set may live at an address; it is fetched when it is needed, again after an hour, and, once a minute at
most, when a token names a key that is not in it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import httpx
import jwt
import orjson
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from engine.ambient import Ambient
from engine.errors import HosterError
from engine.secrets import Secret

log = logging.getLogger("hoster.identity")

AGAIN = 60.0
"""Seconds between two fetches."""

LASTS = 3600.0
"""Seconds after which a set is asked for again, whatever comes: a key that its issuer has taken out of it is good no longer."""

PATIENCE = 5.0
LARGEST = 262_144
MOST_KEYS = 100
SMALLEST_RSA = 2048

_RSA = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
_CURVES = {"secp256r1": "ES256", "secp384r1": "ES384", "secp521r1": "ES512"}


class UnusableKey(HosterError):
    """A configured key cannot be used for verifying tokens."""

    code, title = "unusable_key", "A key for signed tokens cannot be used"


@dataclass(frozen=True, slots=True)
class Key:
    """A key with the algorithms that it is good for."""

    value: Any
    algorithms: tuple[str, ...]
    name: str | None = None


class Keys(Protocol):
    """Where keys come from."""

    def candidates(self, name: str | None, algorithm: str) -> Sequence[Key]:
        """The keys that a token with this key id and algorithm may be signed with."""
        ...

    def is_stale(self) -> bool:
        """Whether asking again might bring further keys."""
        ...

    def is_old(self) -> bool:
        """Whether to ask again though the keys are known."""
        ...

    async def refresh(self) -> None:
        """Ask again."""
        ...


class FixedKeys:
    """One key from the settings."""

    def __init__(self, key: Key) -> None:
        self._key = key

    def candidates(self, name: str | None, algorithm: str) -> Sequence[Key]:
        return (self._key,) if algorithm in self._key.algorithms else ()

    def is_stale(self) -> bool:
        return False

    def is_old(self) -> bool:
        return False

    async def refresh(self) -> None:
        return


class KeySet:
    """A JSON Web Key Set, in a file or at an address."""

    def __init__(self, place: str, ambient: Ambient, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._place, self._ambient, self._transport = place, ambient, transport
        self._keys: tuple[Key, ...] = ()
        self._asked = float("-inf")
        self._asking = asyncio.Lock()

    def candidates(self, name: str | None, algorithm: str) -> Sequence[Key]:
        return [key for key in self._keys if (name is None or key.name == name) and algorithm in key.algorithms]

    def is_stale(self) -> bool:
        return self._asking.locked() or self._is_due()

    def is_old(self) -> bool:
        return self._ambient.monotonic() - self._asked >= LASTS

    def _is_due(self) -> bool:
        return self._ambient.monotonic() - self._asked >= AGAIN

    async def refresh(self) -> None:
        async with self._asking:
            if not self._is_due():
                return
            self._asked = self._ambient.monotonic()
            try:
                self._keys = read_key_set(await self._fetch())
            except (httpx.HTTPError, httpx.InvalidURL, OSError, UnusableKey) as error:
                log.warning("The key set at %s could not be had: %s", self._place, error)

    async def _fetch(self) -> bytes:
        if not self._place.startswith(("http://", "https://")):
            return await asyncio.to_thread(_read, Path(self._place))
        content = b""
        async with (
            httpx.AsyncClient(timeout=PATIENCE, transport=self._transport) as client,
            asyncio.timeout(2 * PATIENCE),
            client.stream("GET", self._place) as answer,
        ):
            if answer.status_code != httpx.codes.OK:
                raise UnusableKey(f"the answer has the status {answer.status_code}")
            async for part in answer.aiter_bytes():
                content += part
                if len(content) > LARGEST:
                    raise UnusableKey(f"it has more than {LARGEST} bytes")
        return content


def shared_secret(secret: Secret) -> Key:
    """A secret that the issuer and this server share."""
    return Key(secret.reveal().encode(), ("HS256",))


def public_key(file: Path) -> Key:
    """The public key in a PEM file."""
    try:
        key = load_pem_public_key(_read(file))
    except (OSError, ValueError, UnsupportedAlgorithm) as error:
        raise UnusableKey(f"{file} holds no public key in PEM form: {error}") from error
    return Key(key, _algorithms(key))


def read_key_set(content: bytes) -> tuple[Key, ...]:
    """The public signature keys of a key set; those of kinds that are not known here are left out."""
    try:
        document = orjson.loads(content)
        entries = document["keys"]
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise UnusableKey("it is no JSON Web Key Set") from error
    if not isinstance(entries, list):
        raise UnusableKey("it is no JSON Web Key Set")
    return tuple(key for entry in entries[:MOST_KEYS] if (key := _key(entry)) is not None)


def _key(entry: Any) -> Key | None:
    """A key of a set. A symmetric one has no place in a public document, and is never used."""
    if not isinstance(entry, dict) or entry.get("kty") not in ("RSA", "EC", "OKP") or entry.get("use", "sig") != "sig":
        return None
    public = {name: value for name, value in entry.items() if name not in ("d", "p", "q", "dp", "dq", "qi", "oth")}
    try:
        value = jwt.PyJWK(public, algorithm=_algorithm(entry)).key
        algorithms = _algorithms(value)
    except (jwt.PyJWTError, UnusableKey, UnsupportedAlgorithm, KeyError, ValueError, TypeError, OverflowError):
        return None
    named, name = entry.get("alg"), entry.get("kid")
    return Key(value, tuple(each for each in algorithms if named in (None, each)), name if isinstance(name, str) else None)


def _algorithm(entry: Mapping[str, Any]) -> str:
    """One that fits the key, so that the library takes it apart; which ones it is good for is decided afterwards."""
    if entry["kty"] == "EC":
        return {"P-256": "ES256", "P-384": "ES384", "P-521": "ES512"}[entry["crv"]]
    return "RS256" if entry["kty"] == "RSA" else "EdDSA"


def _algorithms(key: object) -> tuple[str, ...]:
    if isinstance(key, rsa.RSAPublicKey) and key.key_size >= SMALLEST_RSA:
        return _RSA
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in _CURVES:
        return (_CURVES[key.curve.name],)
    if isinstance(key, ed25519.Ed25519PublicKey):
        return ("EdDSA",)
    raise UnusableKey(f"Keys are RSA of {SMALLEST_RSA} bits or more, on the curves P-256, P-384 and P-521, or Ed25519")


def _read(file: Path) -> bytes:
    with file.open("rb") as opened:
        content = opened.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise UnusableKey(f"{file} has more than {LARGEST} bytes")
    return content
