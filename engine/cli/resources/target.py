"""Which server a command talks to: the one that is named, the one of this machine, or the application in this process."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from engine.cli.resources.failures import NoServer, Usage

if TYPE_CHECKING:
    import httpx

    from engine.cli.resources.server import Server
    from engine.settings import Settings

TOKEN = "HOSTER_TOKEN"  # noqa: S105  the name of a variable

PATIENCE = 65.0
"""Seconds until an answer must come; the server holds some back for a minute when asked to."""

_HERE = ("localhost", "127.0.0.1", "::1")
"""Hosts that are never reached through a proxy of the environment."""

CONNECT = 10.0
"""Seconds for a connection to be made."""

GLANCE = 2.0
"""Seconds to find out whether anybody listens."""


@dataclass(frozen=True, slots=True)
class Target:
    """What was said about the server."""

    url: str | None
    token_file: Path | None
    local: bool


@contextlib.contextmanager
def reach(target: Target, *, works: bool = False, patience: float = PATIENCE, or_local: bool = True) -> Iterator[Server]:
    """The server, for as long as the block lasts.

    `works`: a local one also runs commands. `or_local`: where nobody answers and nobody was named, this process does.
    """
    from engine.cli.resources.server import Server

    token = _token(target)
    if not target.local:
        url = target.url or _usual()
        if target.url is not None or token is not None or not or_local or _listens(url):
            with _client(url, token, patience) as client:
                yield Server(client, url, anonymous=token is None)
            return
    from engine.cli.resources.local import application

    with application(_settings(target), works=works) as client:
        yield Server(client, "the application in this process", anonymous=False)


def _token(target: Target) -> str | None:
    if target.local and target.token_file is not None:
        raise Usage("--local acts as the operator; it takes no token")
    text = target.token_file.read_text() if target.token_file is not None else os.environ.get(TOKEN, "")
    token = text.strip()
    if not token.isascii() or len(token.split()) > 1:
        raise Usage("A token is one word of ASCII characters")
    return token or None


def _usual() -> str:
    from engine.settings import load_settings

    settings = load_settings()
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.server_host, settings.server_host)  # noqa: S104  where it listens
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.server_port}"


def _listens(url: str) -> bool:
    """Whether anybody takes connections there."""
    import socket

    parts = urlsplit(url)
    try:
        socket.create_connection((parts.hostname or "", parts.port or 80), GLANCE).close()
    except OSError:
        return False
    return True


def _client(url: str, token: str | None, patience: float) -> httpx.Client:
    import httpx

    headers = {} if token is None else {"authorization": f"Bearer {token}"}
    base = url.rstrip("/").removesuffix("/api/v1")
    timeout = httpx.Timeout(patience, connect=min(patience, CONNECT))
    return httpx.Client(base_url=base, headers=headers, timeout=timeout, trust_env=_host(url) not in _HERE)


def _host(url: str) -> str:
    """The host of an address; raises `Usage` where it is none of a server."""
    try:
        parts = urlsplit(url)
        _, host = parts.port, parts.hostname  # asking for the port finds out whether it is one
    except ValueError:
        host = None
    if not host or not host.isprintable() or " " in host or parts.scheme not in ("http", "https"):
        raise Usage(f"{url!r} is no address of a server: it begins with http:// or https://")
    return host


def _settings(target: Target) -> Settings:
    from engine.settings import load_settings

    settings = load_settings()
    if not settings.database_path.exists():
        no_server = "" if target.local else f"No server answers at {_usual()}, and there"
        raise NoServer(
            f"{no_server or 'There'} is no database at {settings.database_path}",
            code="no_server",
            hint="Start one with hoster serve, name it with --url or HOSTER_URL, or say by HOSTER_DATA_DIR where the data is",
        )
    return settings
