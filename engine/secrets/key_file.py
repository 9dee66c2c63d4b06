"""Where the keys come from at start: the settings, and a file beside the database that is made once.

A lost key loses every stored secret, and a new key made by mistake hides that loss until it is too late. So a key is
generated only where no secret exists yet, reaches the disk before it is used, and anything odd about it stops the start.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Collection
from pathlib import Path
from typing import Protocol

from engine.ambient import Ambient
from engine.secrets.keyring import KEY_BYTES, Keyring, missing_keys, parse_keys
from engine.secrets.problems import KeyUnusable
from engine.secrets.secret import Secret

_LIMIT = 65_536
_SETTING = "HOSTER_NODES_ENCRYPTION_KEY"


class KeySettings(Protocol):
    """The settings that this needs."""

    @property
    def nodes_encryption_key(self) -> Secret | None: ...

    @property
    def database_path(self) -> Path: ...


def key_file(database: Path) -> Path:
    """The key file of the database at `database`."""
    return database.with_name(f"{database.name}.key")


def load_keyring(settings: KeySettings, ambient: Ambient, *, required_key_ids: Collection[str] = ()) -> Keyring:
    """The keys of the settings, then those of the key file; with neither, one new key in a new key file.

    `required_key_ids` are the ids of the keys that ciphertexts in the database need. Raises `KeyUnusable`.
    """
    path = key_file(settings.database_path)
    keys: list[bytes] = []
    if settings.nodes_encryption_key is not None:
        keys.extend(_parse(settings.nodes_encryption_key.reveal(), _SETTING))
    keys.extend(_read(path))
    if not keys:
        _refuse_new_key(path, required_key_ids)
        keys.extend(_generate(path, ambient))
    keyring = Keyring(keys, ambient)
    _refuse_missing(keyring, required_key_ids, path)
    return keyring


def _parse(text: str, place: str) -> tuple[bytes, ...]:
    try:
        return parse_keys(text)
    except ValueError as error:
        raise KeyUnusable(f"{place}: {error}.") from None


def _refuse_new_key(path: Path, required: Collection[str]) -> None:
    if required:
        raise KeyUnusable(
            f"The database holds secrets that were encrypted with the key {_listed(required)}, but there is no key file "
            f"{path} and {_SETTING} is not set. Put the key file back from a backup, or set {_SETTING} to that key."
        )


def _refuse_missing(keyring: Keyring, required: Collection[str], path: Path) -> None:
    missing = missing_keys(keyring, required)
    if missing:
        raise KeyUnusable(
            f"The database holds secrets that were encrypted with the key {_listed(missing)}, which is neither in "
            f"{_SETTING} nor in {path}. Add it to {_SETTING}, after a comma: the first key encrypts, all of them decrypt. "
            f"The keys that are here: {_listed(keyring.key_ids)}."
        )


def _listed(key_ids: Collection[str]) -> str:
    return ", ".join(sorted(key_ids))


def _read(path: Path) -> tuple[bytes, ...]:
    """The keys in the file, a line each; none when there is no file."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise KeyUnusable(f"The key file {path} cannot be read: {error.strerror}.") from error
    try:
        _refuse_exposed(path, os.fstat(descriptor))
        content = os.read(descriptor, _LIMIT)
    finally:
        os.close(descriptor)
    lines = content.decode("utf-8", "replace").split()
    if not lines:
        raise KeyUnusable(f"The key file {path} is empty. Put it back from a backup.")
    return tuple(key for line in lines for key in _parse(line, f"The key file {path}"))


def _refuse_exposed(path: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise KeyUnusable(f"The key file {path} is not a regular file.")
    mode = stat.S_IMODE(status.st_mode)
    if mode & 0o077:
        raise KeyUnusable(
            f"The key file {path} has mode {mode:04o}: others than its owner may open it. If nobody has, run: chmod 600 {path}"
        )


def _generate(path: Path, ambient: Ambient) -> tuple[bytes, ...]:
    """A new key, on disk before this returns; when another process makes one at the same moment, that one's.

    The file gets its name only when it is complete, and by a link, which does not replace: no reader ever sees half a key.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f"{path.name}.{ambient.random_bytes(8).hex()}")
    try:
        _write(draft, ambient.random_bytes(KEY_BYTES).hex() + "\n")
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
        for directory in (path.parent, path.parent.parent):  # the directory may be as new as the file
            _sync_directory(directory)
    except OSError as error:
        raise KeyUnusable(f"The key file {path} cannot be made: {error.strerror}. Set {_SETTING} instead.") from error
    return _read(path)


def _write(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        os.fchmod(descriptor, 0o600)
        file.write(text)
        file.flush()
        os.fsync(descriptor)


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
