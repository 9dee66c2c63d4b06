"""What is encrypted opens where it belongs, with the right key, and nowhere else."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.ambient import Ambient
from engine.secrets import KeyMissing, Keyring, SecretDamaged, parse_keys

PLACE = "things/thing_1/password"
OLD, NEW = bytes(range(32)), bytes(range(32, 64))


def keyring(*keys: bytes) -> Keyring:
    return Keyring(keys or (OLD,), Ambient())


@given(st.text(alphabet=st.characters(exclude_categories=())))
def test_every_text_comes_back(text: str) -> None:
    ring = keyring()
    assert ring.decrypt(ring.encrypt(text, PLACE), PLACE).reveal() == text


def test_a_ciphertext_names_its_key_and_shows_nothing_of_the_text() -> None:
    ring = keyring()
    version, key_id, sealed = ring.encrypt("hunter2", PLACE).split(":")
    assert (version, key_id) == ("v1", ring.key_ids[0])
    assert b"hunter2" not in base64.b64decode(sealed)
    assert OLD.hex()[:12] != key_id


def test_the_same_text_is_never_encrypted_to_the_same_ciphertext() -> None:
    ring = keyring()
    assert len({ring.encrypt("hunter2", PLACE) for _ in range(100)}) == 100


@pytest.mark.parametrize("elsewhere", ["things/thing_2/password", "others/thing_1/password", "things/thing_1/token", ""])
def test_a_ciphertext_does_not_open_in_another_place(elsewhere: str) -> None:
    ring = keyring()
    ciphertext = ring.encrypt("hunter2", PLACE)
    with pytest.raises(SecretDamaged) as refused:
        ring.decrypt(ciphertext, elsewhere)
    assert "hunter2" not in str(refused.value)


def test_every_changed_bit_is_noticed() -> None:
    ring = keyring()
    prefix, _, encoded = ring.encrypt("hunter2", PLACE).rpartition(":")
    sealed = base64.b64decode(encoded)
    for position in range(len(sealed) * 8):
        changed = bytearray(sealed)
        changed[position // 8] ^= 1 << position % 8
        with pytest.raises(SecretDamaged):
            ring.decrypt(f"{prefix}:{base64.b64encode(changed).decode()}", PLACE)


@pytest.mark.parametrize(
    "text", ["", "hunter2", "v1:", "v1::", "v1:{id}:", "v1:{id}:AAAA", "v2:{id}:AAAA", "v1:{id}:%%%", "v1:{id}:é", ":::"]
)
def test_what_is_no_ciphertext_is_refused(text: str) -> None:
    ring = keyring()
    with pytest.raises((SecretDamaged, KeyMissing)):
        ring.decrypt(text.replace("{id}", ring.key_ids[0]), PLACE)


def test_a_new_key_in_front_encrypts_and_the_old_one_still_opens() -> None:
    before = keyring(OLD).encrypt("hunter2", PLACE)
    both = keyring(NEW, OLD)
    after = both.encrypt("hunter2", PLACE)
    assert both.decrypt(before, PLACE).reveal() == both.decrypt(after, PLACE).reveal() == "hunter2"
    assert keyring(NEW).decrypt(after, PLACE).reveal() == "hunter2"


def test_a_missing_key_is_named_by_its_id() -> None:
    ciphertext = keyring(OLD).encrypt("hunter2", PLACE)
    with pytest.raises(KeyMissing) as refused:
        keyring(NEW).decrypt(ciphertext, PLACE)
    assert refused.value.key_id == keyring(OLD).key_ids[0]
    assert refused.value.key_id in str(refused.value)
    assert PLACE in str(refused.value)
    assert OLD.hex() not in str(refused.value)


def test_a_keyring_shows_ids_and_no_keys() -> None:
    ring = keyring(OLD, NEW)
    assert repr(ring) == f"Keyring({ring.key_ids[0]}, {ring.key_ids[1]})"


@pytest.mark.parametrize("keys", [(), (b"short",), (OLD, b"short")])
def test_a_keyring_takes_only_whole_keys(keys: tuple[bytes, ...]) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Keyring(keys, Ambient())


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        (OLD.hex(), (OLD,)),
        (OLD.hex().upper(), (OLD,)),
        (base64.b64encode(NEW).decode(), (NEW,)),
        (base64.urlsafe_b64encode(bytes([255] * 32)).decode().rstrip("="), (bytes([255] * 32),)),
        ("exactly-32-characters,also-commas", None),
        ("exactly32characters,with,a,comma", (b"exactly32characters,with,a,comma",)),
        (f"{NEW.hex()}, {OLD.hex()}", (NEW, OLD)),
        ("0" * 63, None),
        ("g" * 64, None),
        ("é" * 32, None),
        (f"{OLD.hex()},", None),
        ("", None),
    ],
)
def test_keys_are_read_from_their_three_forms(text: str, keys: tuple[bytes, ...] | None) -> None:
    if keys is not None:
        assert parse_keys(text) == keys
        return
    with pytest.raises(ValueError, match="64 hexadecimal digits") as refused:
        parse_keys(text)
    assert not text or text not in str(refused.value)
