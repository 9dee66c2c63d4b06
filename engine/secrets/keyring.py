"""Encryption of secrets at rest: AES-256-GCM, bound to the place where the secret is stored.

A ciphertext is text, `v1:<key id>:<base64 of nonce and ciphertext>`. The place, `<type>/<row id>/<attribute>`, is
authenticated with it, so that a ciphertext copied to another row or attribute does not open there. The first key encrypts,
every key decrypts: a new key goes in front, the old one stays until nothing needs it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import string
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from engine.ambient import Ambient
from engine.secrets.problems import KeyMissing, SecretDamaged
from engine.secrets.secret import Secret

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
NONCE_BYTES = 12
VERSION = "v1"


class Keyring:
    """Keys of 32 bytes. The first encrypts; all decrypt."""

    def __init__(self, keys: Sequence[bytes], ambient: Ambient) -> None:
        if not keys or any(len(key) != KEY_BYTES for key in keys):
            raise ValueError(f"a keyring needs one key or more, each of {KEY_BYTES} bytes")
        self._keys = {_key_id(key): key for key in keys}
        self._ciphers: dict[str, AESGCM] = {}
        self._ambient = ambient
        self.key_ids = tuple(self._keys)

    def __repr__(self) -> str:
        return f"Keyring({', '.join(self.key_ids)})"

    def encrypt(self, text: str, place: str) -> str:
        """The ciphertext of `text` for `place`; another one at every call."""
        key_id = self.key_ids[0]
        nonce = self._ambient.random_bytes(NONCE_BYTES)
        sealed = self._cipher(key_id).encrypt(nonce, text.encode("utf-8", "surrogatepass"), _bound_to(key_id, place))
        return f"{VERSION}:{key_id}:{base64.b64encode(nonce + sealed).decode()}"

    def decrypt(self, ciphertext: str, place: str) -> Secret:
        """The text again; raises `KeyMissing` or `SecretDamaged`."""
        version, key_id, sealed = _parts(ciphertext, place)
        if version != VERSION:
            raise SecretDamaged(place)
        if key_id not in self._keys:
            raise KeyMissing(key_id, place)
        from cryptography.exceptions import InvalidTag

        try:
            text = self._cipher(key_id).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], _bound_to(key_id, place))
        except (InvalidTag, ValueError):  # ValueError: shorter than nonce and tag
            raise SecretDamaged(place) from None
        return Secret(text.decode("utf-8", "surrogatepass"))

    def _cipher(self, key_id: str) -> AESGCM:
        if key_id not in self._ciphers:
            from cryptography.hazmat.primitives.ciphers.aead import AESGCM

            self._ciphers[key_id] = AESGCM(self._keys[key_id])
        return self._ciphers[key_id]


def key_id_of(ciphertext: str) -> str | None:
    """The id of the key that `ciphertext` needs; None when it is no ciphertext."""
    parts = ciphertext.split(":")
    return parts[1] if len(parts) == 3 and parts[0] == VERSION else None


def parse_keys(text: str) -> tuple[bytes, ...]:
    """Keys from text: 64 hex digits, base64 of 32 bytes, or 32 characters each; several are separated by commas.

    Raises `ValueError` with a message that shows nothing of the text.
    """
    whole = text.strip()
    if len(whole) == KEY_BYTES:  # one key of 32 characters may contain a comma
        return (_parse_key(whole),)
    return tuple(_parse_key(part.strip()) for part in whole.split(","))


def _parse_key(text: str) -> bytes:
    if len(text) == 2 * KEY_BYTES and set(text) <= set(string.hexdigits):
        return bytes.fromhex(text)
    if len(text) == KEY_BYTES and text.isascii() and text.isprintable():
        return text.encode()
    decoded = _base64(text)
    if decoded is not None and len(decoded) == KEY_BYTES:
        return decoded
    raise ValueError(
        f"an encryption key is 64 hexadecimal digits, base64 of 32 bytes, or exactly 32 printable ASCII characters; "
        f"this one has {len(text)} characters"
    )


def _base64(text: str) -> bytes | None:
    try:
        return base64.b64decode(text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None


def missing_keys(keyring: Keyring, required: Iterable[str]) -> tuple[str, ...]:
    """The ids in `required` that `keyring` does not have."""
    return tuple(sorted(set(required) - set(keyring.key_ids)))


def _key_id(key: bytes) -> str:
    return hashlib.sha256(b"hoster key id\0" + key).hexdigest()[:12]


def _bound_to(key_id: str, place: str) -> bytes:
    return f"{VERSION}:{key_id}:{place}".encode("utf-8", "surrogatepass")


def _parts(ciphertext: str, place: str) -> tuple[str, str, bytes]:
    try:
        version, key_id, encoded = ciphertext.split(":")
        return version, key_id, base64.b64decode(encoded, validate=True)
    except ValueError:  # the wrong number of parts, or no base64
        raise SecretDamaged(place) from None
