"""The key is made once, kept from others, never replaced, and the server does not start without the one it needs."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from engine.ambient import Ambient
from engine.secrets import Keyring, KeyUnusable, Secret, key_file, load_keyring

CONFIGURED = "c" * 64
OTHER = "d" * 64


@dataclass
class Settings:
    database_path: Path
    nodes_encryption_key: Secret | None = None


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path / "data" / "hoster.db")


def load(settings: Settings, *required: str) -> Keyring:
    return load_keyring(settings, Ambient(), required_key_ids=required)


def test_the_first_start_makes_a_key_that_only_the_owner_may_read(settings: Settings) -> None:
    load(settings)
    file = key_file(settings.database_path)
    assert file.parent == settings.database_path.parent
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert len(bytes.fromhex(file.read_text().strip())) == 32
    assert list(file.parent.iterdir()) == [file]


def test_a_generous_umask_does_not_open_the_key(settings: Settings) -> None:
    before = os.umask(0)
    try:
        load(settings)
    finally:
        os.umask(before)
    assert stat.S_IMODE(key_file(settings.database_path).stat().st_mode) == 0o600


def test_later_starts_use_the_same_key(settings: Settings) -> None:
    ciphertext = load(settings).encrypt("hunter2", "a/b/c")
    assert load(settings).decrypt(ciphertext, "a/b/c").reveal() == "hunter2"


def test_processes_that_start_together_agree_on_one_key(settings: Settings) -> None:
    with ThreadPoolExecutor(16) as pool:
        rings = list(pool.map(lambda _: load(settings), range(64)))
    assert len({ring.key_ids for ring in rings}) == 1
    assert list(settings.database_path.parent.iterdir()) == [key_file(settings.database_path)]


def test_a_configured_key_makes_no_file(settings: Settings) -> None:
    settings.nodes_encryption_key = Secret(CONFIGURED)
    load(settings)
    assert not settings.database_path.parent.exists()


def test_a_configured_key_goes_before_the_one_of_the_file(settings: Settings) -> None:
    first = load(settings)
    old = first.encrypt("hunter2", "a/b/c")
    settings.nodes_encryption_key = Secret(CONFIGURED)
    both = load(settings, *first.key_ids)
    assert len(both.key_ids) == 2
    assert both.key_ids[1] == first.key_ids[0]
    assert both.decrypt(old, "a/b/c").reveal() == "hunter2"
    assert both.encrypt("x", "a/b/c").split(":")[1] == both.key_ids[0]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660, 0o602])
def test_a_key_that_others_may_open_stops_the_start(settings: Settings, mode: int) -> None:
    load(settings)
    key_file(settings.database_path).chmod(mode)
    with pytest.raises(KeyUnusable, match=f"has mode 0{mode:o}.*chmod 600"):
        load(settings)


@pytest.mark.parametrize(
    "content", ["", "\n", "abc\n", "a" * 62 + "\n", "a" * 66 + "\n", "\x00" * 40, "a" * 64 + "\ngarbage\n"]
)
def test_a_damaged_key_file_stops_the_start_and_stays_as_it_is(settings: Settings, content: str) -> None:
    file = key_file(settings.database_path)
    file.parent.mkdir()
    file.touch(mode=0o600)
    file.write_text(content)
    with pytest.raises(KeyUnusable, match=str(file)) as refused:
        load(settings)
    assert "a" * 10 not in str(refused.value)
    assert file.read_text() == content


def test_no_new_key_is_made_when_the_database_holds_secrets_of_a_lost_one(settings: Settings) -> None:
    with pytest.raises(KeyUnusable, match=r"key abc123.*from a backup"):
        load(settings, "abc123")
    assert not key_file(settings.database_path).exists()


def test_a_key_that_the_database_does_not_know_stops_the_start(settings: Settings) -> None:
    needed = load(settings).key_ids[0]
    key_file(settings.database_path).unlink()
    settings.nodes_encryption_key = Secret(CONFIGURED)
    with pytest.raises(KeyUnusable) as refused:
        load(settings, needed)
    assert needed in str(refused.value)
    assert CONFIGURED not in str(refused.value)


def test_several_configured_keys_satisfy_what_the_database_needs(settings: Settings) -> None:
    settings.nodes_encryption_key = Secret(CONFIGURED)
    needed = load(settings).key_ids
    settings.nodes_encryption_key = Secret(f"{OTHER},{CONFIGURED}")
    assert load(settings, *needed).key_ids[1:] == needed


def test_a_directory_in_place_of_the_key_file_stops_the_start(settings: Settings) -> None:
    key_file(settings.database_path).mkdir(parents=True)
    with pytest.raises(KeyUnusable, match="not a regular file"):
        load(settings)


def test_a_place_where_no_file_can_be_made_is_explained(settings: Settings) -> None:
    settings.database_path.parent.write_text("a file where the data directory should be")
    with pytest.raises(KeyUnusable, match="Not a directory") as refused:
        load(settings)
    assert str(key_file(settings.database_path)) in str(refused.value)


def test_a_file_that_cannot_be_written_is_explained(settings: Settings) -> None:
    settings.database_path = settings.database_path.with_name("n" * 240)
    with pytest.raises(KeyUnusable, match=r"cannot be made: File name too long\. Set HOSTER_NODES_ENCRYPTION_KEY"):
        load(settings)
