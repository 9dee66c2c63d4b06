"""Settings that are each fine and together are not: with them a start is refused, in sentences that say what to do.

Values of secrets are compared here and never shown.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from engine.secrets import Secret, parse_keys
from engine.settings.declaration import PREFIX, settings_of
from engine.settings.declared import Settings
from engine.settings.values import is_placeholder

SHORTEST = 32
FEWEST_CHARACTERS = 8

GATEWAY, GATEWAY_SECRET, PROXIES = "auth.gateway", "auth.shared_secret", "auth.trusted_proxies"
LOCAL, SIGN_IN = "auth.local", "rates.sign_in"
ADMIN_TOKEN, ENCRYPTION_KEY = "admin_token", "nodes.encryption_key"

WIDEST = {4: 8, 6: 7}
"""The shortest prefixes of networks that may be trusted: those of 10.0.0.0/8 and fc00::/7, the largest private ones."""

CHOSEN = (GATEWAY_SECRET, "auth.jwt_secret", ADMIN_TOKEN)
"""Secrets that somebody chooses, so that they can be chosen badly."""

MAKE = "with: openssl rand -hex 32"

Values = Mapping[str, Any]


def problems(settings: Settings) -> list[str]:
    """What makes `settings` unsafe, one sentence or two each; empty when nothing does."""
    return find_problems({setting.key: getattr(settings, name) for name, setting in settings_of(Settings).items()})


def find_problems(values: Values) -> list[str]:
    """As `problems`, of settings by their keys; one that is missing counts as not set."""
    public = not is_loopback(values["server.host"])
    found = [*_secrets(values), *_weak_key(values), *_reused(values), *_everyone_trusted(values)]
    if public:
        found += [*_open_gateway(values), *_endless_guessing(values)]
    return found


def is_loopback(host: str) -> bool:
    """Whether only programs of this machine can reach the address. Of names only `localhost` is known to be so."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False


def _variable(key: str) -> str:
    return PREFIX + key.upper().replace(".", "_")


def _secrets(values: Values) -> Iterator[str]:
    for key in CHOSEN:
        secret = values.get(key)
        if secret is None:
            continue
        text, name = secret.reveal(), _variable(key)
        if is_placeholder(text):
            yield f"{name} is a placeholder from an example; make a secret {MAKE}"
        elif len(text) < SHORTEST:
            yield f"{name} has {len(text)} characters, and {SHORTEST} are needed; make a secret {MAKE}"
        elif len(set(text)) < FEWEST_CHARACTERS:
            yield f"{name} repeats a few characters and can be guessed; make a secret {MAKE}"


def _weak_key(values: Values) -> Iterator[str]:
    """Only of the key that encrypts: those after it are there to read what was written with them."""
    secret = values.get(ENCRYPTION_KEY)
    if secret is None:
        return
    first = parse_keys(secret.reveal())[0]
    if len(set(first)) < FEWEST_CHARACTERS or is_placeholder(first.decode("latin-1")):
        yield (
            f"{_variable(ENCRYPTION_KEY)} begins with a key that can be guessed; make another {MAKE}, "
            "and put it in front of the others, with a comma between them"
        )


def _reused(values: Values) -> Iterator[str]:
    first: dict[str, str] = {}
    for key, secret in values.items():
        if not isinstance(secret, Secret):
            continue
        other = first.setdefault(secret.reveal(), key)
        if other != key:
            yield (
                f"{_variable(key)} and {_variable(other)} are the same secret, so that whoever learns one has both; "
                f"make another {MAKE}"
            )


def _everyone_trusted(values: Values) -> Iterator[str]:
    wide = [str(network) for network in _networks(values) if network.prefixlen < WIDEST[network.version]]
    if wide:
        yield (
            f"{_variable(PROXIES)} lists {', '.join(wide)}, so that nearly anybody may say who they are; "
            "list only the addresses of your proxies"
        )


def _open_gateway(values: Values) -> Iterator[str]:
    if values.get(GATEWAY) and values.get(GATEWAY_SECRET) is None and not any(_networks(values)):
        yield (
            f"{_variable('server.host')} opens the server to a network while {_variable(GATEWAY)} is on with neither "
            f"{_variable(GATEWAY_SECRET)} nor {_variable(PROXIES)}: set the secret that the gateway sends, or list the "
            f"gateway's addresses, or listen on 127.0.0.1, or switch {_variable(GATEWAY)} off"
        )


def _endless_guessing(values: Values) -> Iterator[str]:
    if values.get(LOCAL) and SIGN_IN in values and values[SIGN_IN] is None:
        yield (
            f"{_variable('server.host')} opens the server to a network while {_variable(SIGN_IN)} is off, so that passwords "
            f"could be guessed without end: give it a rate such as 10/m, or switch {_variable(LOCAL)} off"
        )


def _networks(values: Values) -> Iterable[Any]:
    return values.get(PROXIES) or ()
