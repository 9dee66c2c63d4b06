"""Settings with which a start is refused, and what the refusal says."""

from __future__ import annotations

import os
import subprocess
import sys
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from engine.rates import Rate
from engine.secrets import Secret
from engine.settings import SettingsInvalid, load_settings
from engine.settings.safety import find_problems, is_loopback

ROOT = Path(__file__).parents[2]
GOOD = Secret("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")
OTHER = Secret("2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae")
PUBLIC = {"server.host": "0.0.0.0"}  # noqa: S104  it is what is refused
LOCAL = {"server.host": "127.0.0.1"}


def refused(*words: str, **values: Any) -> None:
    """Exactly one problem, which names all `words` and shows no secret."""
    keyed = {name.replace("__", "."): value for name, value in values.items()}
    (problem,) = find_problems(keyed)
    for word in words:
        assert word in problem
    for value in keyed.values():
        if isinstance(value, Secret):
            assert value.reveal() not in problem


def test_a_gateway_that_anybody_could_be_is_refused_on_a_public_address() -> None:
    gateway = {**PUBLIC, "auth.gateway": True}
    (problem,) = find_problems(gateway)
    for word in ("HOSTER_SERVER_HOST", "HOSTER_AUTH_SHARED_SECRET", "HOSTER_AUTH_TRUSTED_PROXIES", "127.0.0.1"):
        assert word in problem
    assert find_problems({**gateway, "auth.shared_secret": GOOD}) == []
    assert find_problems({**gateway, "auth.trusted_proxies": (ip_network("10.1.0.0/16"),)}) == []
    assert find_problems({**gateway, **LOCAL}) == []
    assert find_problems({**gateway, "auth.gateway": False}) == []


@pytest.mark.parametrize("key", ["auth__shared_secret", "auth__jwt_secret", "admin_token"])
@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("short", "5 characters"),
        ("", "0 characters"),
        ("x" * 31, "31 characters"),
        ("ab" * 16, "guessed"),
        ("change-me-" * 4, "placeholder"),
        ("Your_Secret_" * 4, "placeholder"),
    ],
)
def test_a_secret_that_can_be_guessed_is_refused(key: str, text: str, word: str) -> None:
    variable = "HOSTER_" + key.upper().replace("__", "_")
    (problem,) = find_problems({**LOCAL, key.replace("__", "."): Secret(text)})
    assert problem.startswith(variable)
    assert word in problem
    assert "openssl rand -hex 32" in problem


def test_a_secret_for_two_ends_is_refused() -> None:
    refused("HOSTER_ADMIN_TOKEN", "HOSTER_AUTH_SHARED_SECRET", server__host="::1", admin_token=GOOD, auth__shared_secret=GOOD)
    assert find_problems({**LOCAL, "admin_token": GOOD, "auth.shared_secret": OTHER}) == []


@pytest.mark.parametrize(
    "key", ["00" * 32, "a" * 32, "ab" * 32, "0" * 43, "change-me-change-me-change-me-00", f"{'0' * 64},{OTHER.reveal()}"]
)
def test_a_key_that_can_be_guessed_encrypts_nothing(key: str) -> None:
    refused("HOSTER_NODES_ENCRYPTION_KEY", "in front", server__host="127.0.0.1", nodes__encryption_key=Secret(key))


def test_a_weak_key_still_decrypts_behind_a_good_one() -> None:
    assert find_problems({**LOCAL, "nodes.encryption_key": Secret(f"{GOOD.reveal()},{'0' * 64}")}) == []


@pytest.mark.parametrize(
    "networks", [["0.0.0.0/0"], ["::/0"], ["0.0.0.0/1", "128.0.0.0/1"], ["10.0.0.0/8", "64.0.0.0/2"], ["8000::/1"]]
)
def test_proxies_that_are_nearly_everybody_are_refused(networks: list[str]) -> None:
    listed = tuple(ip_network(each) for each in networks)
    refused("HOSTER_AUTH_TRUSTED_PROXIES", networks[-1], server__host="127.0.0.1", auth__trusted_proxies=listed)


@pytest.mark.parametrize("network", ["10.0.0.0/8", "172.16.0.0/12", "fc00::/7", "192.0.2.7", "::1"])
def test_networks_of_ones_own_may_be_trusted(network: str) -> None:
    assert find_problems({**PUBLIC, "auth.trusted_proxies": (ip_network(network),), "auth.gateway": True}) == []


def test_passwords_that_may_be_guessed_without_end_are_refused_on_a_public_address() -> None:
    refused("HOSTER_RATES_SIGN_IN", "10/m", server__host="192.0.2.1", auth__local=True, rates__sign_in=None)
    assert find_problems({**PUBLIC, "auth.local": True, "rates.sign_in": Rate(10, 60)}) == []
    assert find_problems({**PUBLIC, "auth.local": False, "rates.sign_in": None}) == []
    assert find_problems({**LOCAL, "auth.local": True, "rates.sign_in": None}) == []


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("localhost", True), ("LocalHost", True), ("0.0.0.0", False),  # noqa: S104
     ("::", False), ("10.0.0.1", False), ("example.org", False), ("localhost.example.org", False), ("fe80::1%eth0", False)],
)  # fmt: skip
def test_only_addresses_of_this_machine_are_loopback(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


def test_the_defaults_are_safe_and_so_is_a_public_address_with_them() -> None:
    load_settings({})
    load_settings({"HOSTER_SERVER_HOST": "0.0.0.0"})  # noqa: S104


def test_a_start_is_refused_with_the_sentence() -> None:
    key = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
    with pytest.raises(SettingsInvalid) as raised:
        load_settings({"HOSTER_ADMIN_TOKEN": key, "HOSTER_NODES_ENCRYPTION_KEY": key})
    assert "the same secret" in raised.value.detail
    assert key not in raised.value.detail


@pytest.mark.parametrize(("mode", "refused"), [(0o600, False), (0o640, False), (0o644, True), (0o602, True)])
def test_a_file_with_a_secret_that_everybody_may_open_is_refused(tmp_path: Path, mode: int, refused: bool) -> None:
    file = tmp_path / "hoster.yaml"
    file.write_text(f"admin_token: '{GOOD.reveal()}'\n")
    file.chmod(mode)
    if not refused:
        assert load_settings({}, file).admin_token == GOOD
        return
    with pytest.raises(SettingsInvalid) as raised:
        load_settings({}, file)
    assert f"chmod 600 {file}" in raised.value.detail


WEAK = "ab" * 16
UNSAFE = {
    "a gateway without proof": (
        {"HOSTER_SERVER_HOST": "0.0.0.0", "HOSTER_AUTH_GATEWAY": "on", "HOSTER_AUTH_SHARED_SECRET": ""},  # noqa: S104
        "HOSTER_AUTH_SHARED_SECRET",
    ),
    "a short secret of a gateway": ({"HOSTER_AUTH_SHARED_SECRET": "swordfish"}, "9 characters, and 32 are needed"),
    "a short secret of signed tokens": ({"HOSTER_AUTH_JWT_SECRET": "swordfish"}, "9 characters, and 32 are needed"),
    "a short token of the operator": ({"HOSTER_ADMIN_TOKEN": "swordfish"}, "must have 32 to 512 characters"),
    "a token that can be guessed": ({"HOSTER_ADMIN_TOKEN": WEAK}, "repeats a few characters"),
    "a token of an example": ({"HOSTER_ADMIN_TOKEN": "<your-admin-token>-0123456789abcdef"}, "placeholder"),
    "a key that can be guessed": ({"HOSTER_NODES_ENCRYPTION_KEY": WEAK}, "can be guessed"),
    "everybody as proxies": ({"HOSTER_AUTH_TRUSTED_PROXIES": "0.0.0.0/0"}, "lists 0.0.0.0/0"),
    "cookies in clear": (
        {"HOSTER_SERVER_HOST": "0.0.0.0", "HOSTER_AUTH_COOKIE_SECURE": "off"},  # noqa: S104
        "HOSTER_AUTH_COOKIE_SECURE must be one of auto, always",
    ),
    "keys that come in clear": ({"HOSTER_AUTH_JWT_KEY_SET": "http://192.0.2.1/keys"}, "must be an https address"),
    "guessing without end": (
        {"HOSTER_SERVER_HOST": "0.0.0.0", "HOSTER_RATES_SIGN_IN": "off"}, "passwords could be guessed without end",  # noqa: S104
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", UNSAFE)
def test_what_is_unsafe_does_not_load(name: str) -> None:
    environment, sentence = UNSAFE[name]
    with pytest.raises(SettingsInvalid) as raised:
        load_settings(environment)
    (problem,) = raised.value.problems
    assert sentence in problem
    assert not any(secret in problem for secret in ("swordfish", WEAK))


@pytest.mark.parametrize("name", ["a gateway without proof", "a token that can be guessed", "everybody as proxies"])
def test_a_server_does_not_start_and_makes_nothing(tmp_path: Path, name: str) -> None:
    environment, sentence = UNSAFE[name]
    own = {key: value for key, value in os.environ.items() if not key.startswith("HOSTER_")}
    command = [sys.executable, "-m", "engine.cli", "serve"]
    ran = subprocess.run(
        command, cwd=ROOT, env=own | environment | {"HOSTER_DATA_DIR": str(tmp_path / "data")},
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert (ran.returncode, ran.stdout) == (1, "")
    assert sentence in ran.stderr
    assert "Traceback" not in ran.stderr
    assert WEAK not in ran.stderr
    assert list(tmp_path.iterdir()) == [], "no database, no key"
