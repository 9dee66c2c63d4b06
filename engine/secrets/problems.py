"""What can be wrong with a key or a ciphertext. The messages name keys by their id and never hold a key or a plaintext."""

from __future__ import annotations

from engine.errors import HosterError


class KeyUnusable(HosterError):
    """The server must not start: its keys are missing, exposed, malformed, or not those of the database."""

    code, title = "key_unusable", "The encryption key cannot be used"


class KeyMissing(HosterError):
    """A ciphertext was made with a key that this server does not have."""

    code, title = "key_missing", "A stored secret cannot be decrypted"

    def __init__(self, key_id: str, place: str) -> None:
        super().__init__(
            f"The secret {place} was encrypted with the key {key_id}, which this server does not have. "
            f"Add that key to HOSTER_NODES_ENCRYPTION_KEY, after a comma, or set the secret again."
        )
        self.key_id = key_id


class SecretDamaged(HosterError):
    """A ciphertext was changed, cut off, or moved here from another row or attribute."""

    code, title = "secret_damaged", "A stored secret cannot be decrypted"

    def __init__(self, place: str) -> None:
        super().__init__(f"What is stored as the secret {place} is not what was encrypted for it. Set the secret again.")
