"""Setting values from text: durations, sizes, paths, keys. Each function takes the text and returns the value.

They raise `BadValue` with a sentence that goes on after the name of the setting. For secrets that sentence, like that of
anything that may hold a password, shows nothing of the text.
"""

from __future__ import annotations

import os
import re
import string
from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from engine.rates import Rate, parse_rate
from engine.secrets import Secret, parse_keys
from engine.types import HOSTNAME

Value = TypeVar("Value")

MIN_ADMIN_TOKEN = 32
MAX_ADMIN_TOKEN = 512
MAX_HOSTNAME = 253
MAX_LINE = 500

_PLACEHOLDERS = ("changeme", "replaceme", "placeholder", "youradmintoken", "yourtoken", "yoursecret", "inserttoken")
_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ns|us|µs|ms|s|m|h|d)")
_SIZES = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "kib": 2**10, "mib": 2**20}
_SIZE = re.compile(r"([0-9]{1,12})\s*([A-Za-z]*)")
_HOST = re.compile(r"[0-9A-Za-z.:%_-]{1,253}")


class BadValue(ValueError):
    """The text is no value of the setting; the message says what one is."""


def show(text: str) -> str:
    """`text` as it may stand in a message: quoted, and cut when long."""
    return repr(text if len(text) <= 60 else text[:57] + "...")


def seconds(text: str) -> float:
    """Go's duration syntax, and `d` for 24 hours: `1m30s`, `500ms`, `7d`, `0`."""
    if text == "0":
        return 0.0
    parts = _DURATION_PART.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        hint = f", such as {text}s" if text.isascii() and text.isdigit() else ", such as 30s, 1m30s, 500ms or 7d"
        raise BadValue(f"must be a duration with a unit{hint}, not {show(text)}")
    return float(sum(float(number) * _UNITS[unit] for number, unit in parts))


def duration(low: str, high: str) -> Callable[[str], float]:
    """A duration from `low` to `high`, in seconds."""

    def parse(text: str) -> float:
        value = seconds(text)
        if not seconds(low) <= value <= seconds(high):
            raise BadValue(f"must be from {low} to {high}, not {show(text)}")
        return value

    return parse


def whole(low: int, high: int) -> Callable[[str], int]:
    """A whole number from `low` to `high`."""

    def parse(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,18}", text) or not low <= int(text) <= high:
            raise BadValue(f"must be a whole number from {low} to {high}, not {show(text)}")
        return int(text)

    return parse


def size(low: str, high: str) -> Callable[[str], int]:
    """A number of bytes, plain or with kB, MB, KiB or MiB."""

    def read(text: str) -> int | None:
        match = _SIZE.fullmatch(text)
        unit = _SIZES.get(match[2].lower()) if match else None
        return int(match[1]) * unit if match and unit else None

    def parse(text: str) -> int:
        value = read(text)
        if value is None or not (read(low) or 0) <= value <= (read(high) or 0):
            raise BadValue(f"must be a size from {low} to {high}, such as 1MiB or 512KiB, not {show(text)}")
        return value

    return parse


def rate(text: str) -> Rate | None:
    """How often something may be done: `600/m`, `10/15m`; None for `off`."""
    try:
        return parse_rate(text)
    except ValueError:
        raise BadValue(f"must be a number of times in a time, such as 600/m, 10/15m or 5/s, or off, not {show(text)}") from None


def one_of(*values: str, **synonyms: str) -> Callable[[str], str]:
    """One of a few words, whatever their case."""

    def parse(text: str) -> str:
        word = synonyms.get(text.lower(), text.lower())
        if word not in values:
            raise BadValue(f"must be one of {', '.join(values)}, not {show(text)}")
        return word

    return parse


def path(text: str) -> Path:
    """A path, made absolute, with `~` for the home directory."""
    if "\0" in text:
        raise BadValue("must be a path, and a path has no null character")
    try:
        return Path(text).expanduser().absolute()
    except RuntimeError:
        raise BadValue(f"names a home directory that cannot be found: {show(text)}") from None


def paths(text: str) -> tuple[Path, ...]:
    """Paths separated as in PATH, a colon on Unix."""
    return tuple(path(each) for each in text.split(os.pathsep) if each)


def modules(text: str) -> tuple[str, ...]:
    """Names of Python modules, separated by commas."""
    names = tuple(each.strip() for each in text.split(",") if each.strip())
    for name in names:
        if not all(part.isidentifier() for part in name.split(".")):
            raise BadValue(f"must be names of Python modules, separated by commas; {show(name)} is none")
    return names


def host(text: str) -> str:
    """An address or a name to listen on."""
    bare = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    if not _HOST.fullmatch(bare):
        raise BadValue(f"must be an address or a host name without scheme and port, such as 127.0.0.1 or ::1, not {show(text)}")
    return bare


def domain(text: str) -> str:
    """A DNS name in lower case, without the dot at the end."""
    name = text.lower().removesuffix(".")
    if len(name) > MAX_HOSTNAME or not re.fullmatch(HOSTNAME, name):
        raise BadValue(f"must be a domain name such as apps.example.org, without scheme, port and '*', not {show(text)}")
    return name


def socket_path(text: str) -> Path | None:
    """An absolute path of a unix socket; None when empty."""
    bare = text.removeprefix("unix://")
    if not bare:
        return None
    if not bare.startswith("/") or "\0" in bare:
        raise BadValue(f"must be the absolute path of a unix socket, or empty, not {show(text)}")
    return Path(bare)


def database(text: str) -> Path:
    """A path of an SQLite file, plain or as `sqlite:///`."""
    scheme, separator, rest = text.partition("://")
    if not separator:
        if text.startswith((":", "file:")):
            raise BadValue("must be the path of a file; a database in memory would lose what was promised to be kept")
        return path(text)
    if scheme.lower() != "sqlite":
        raise BadValue("must be the path of an SQLite file or sqlite:///PATH; no other database is supported yet")
    if not rest.startswith("/") or len(rest) < 2 or "?" in rest:
        raise BadValue("must be sqlite:/// and then a path, with four slashes for an absolute one, and without parameters")
    return path(rest[1:])


def switch(text: str) -> bool:
    """on or off, and the words that people use for them."""
    word = {"true": "on", "yes": "on", "1": "on", "false": "off", "no": "off", "0": "off"}.get(text.lower(), text.lower())
    if word not in ("on", "off"):
        raise BadValue(f"must be on or off, not {show(text)}")
    return word == "on"


def networks(text: str) -> tuple[IPv4Network | IPv6Network, ...]:
    """Addresses and networks, separated by commas."""
    found = []
    for part in (each.strip() for each in text.split(",")):
        try:
            found += [ip_network(part)] if part else []
        except ValueError:
            raise BadValue(f"must be addresses or networks such as 10.0.0.0/8 or ::1, with commas, not {show(part)}") from None
    return tuple(found)


def line(text: str) -> str:
    """A line of text without spaces around it."""
    if not text.isprintable() or text != text.strip() or len(text) > MAX_LINE:
        raise BadValue(f"must be one line of at most {MAX_LINE} characters, without spaces around it")
    return text


def word(text: str) -> str:
    """Lower-case letters, digits and hyphens."""
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,31}", text):
        raise BadValue(f"must be a word of lower-case letters, digits and hyphens, not {show(text)}")
    return text


def key_set(text: str) -> str:
    """A path, or an https address; http only on this machine, since keys that come in clear can be exchanged on the way."""
    if "://" not in text:
        return str(path(text))
    parts = urlsplit(line(text))
    local = parts.hostname in ("localhost", "127.0.0.1", "::1")
    if parts.hostname and (parts.scheme == "https" or (parts.scheme == "http" and local)) and parts.username is None:
        return text
    raise BadValue("must be an https address without a password in it, or the path of a file")


def secret_text(text: str) -> Secret:
    """A secret that is shared with somebody; the message shows nothing of it."""
    if not all(character in string.ascii_letters + string.digits + string.punctuation for character in text):
        raise BadValue("must be ASCII without spaces; make one with: openssl rand -hex 32")
    return Secret(text)


def admin_token(text: str) -> Secret:
    """The first operator's token; the message shows nothing of it."""
    if not MIN_ADMIN_TOKEN <= len(text) <= MAX_ADMIN_TOKEN:
        raise BadValue(
            f"must have {MIN_ADMIN_TOKEN} to {MAX_ADMIN_TOKEN} characters, and this one has {len(text)}; "
            "make one with: openssl rand -hex 32"
        )
    if not all(character in string.ascii_letters + string.digits + string.punctuation for character in text):
        raise BadValue("must be ASCII without spaces, since it is sent in an HTTP header")
    if is_placeholder(text):
        raise BadValue("is a placeholder from an example; make a token with: openssl rand -hex 32")
    return Secret(text)


def is_placeholder(text: str) -> bool:
    """Whether a secret is one that an example shows, where somebody was meant to put one of their own."""
    letters = "".join(character for character in text.lower() if character.isalnum())
    return any(word in letters for word in _PLACEHOLDERS)


def encryption_key(text: str) -> Secret:
    """One key or several; the message shows nothing of them."""
    try:
        parse_keys(text)
    except ValueError as error:
        raise BadValue(f"cannot be used: {error}") from None
    return Secret(text)
