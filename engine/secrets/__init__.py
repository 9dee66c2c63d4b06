"""Secrets: a type that does not print itself, and the keys that keep it encrypted in the database."""

from engine.secrets.key_file import KeySettings, key_file, load_keyring
from engine.secrets.keyring import KEY_BYTES, Keyring, parse_keys
from engine.secrets.problems import KeyMissing, KeyUnusable, SecretDamaged
from engine.secrets.secret import MASK, Secret

__all__ = [
    "KEY_BYTES",
    "MASK",
    "KeyMissing",
    "KeySettings",
    "KeyUnusable",
    "Keyring",
    "Secret",
    "SecretDamaged",
    "key_file",
    "load_keyring",
    "parse_keys",
]
