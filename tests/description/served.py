"""A served system for tools that look at it from outside: the shipped definitions and those beside this file, two users."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx

HERE = Path(__file__).parent
PROJECT = HERE.parents[1]
HOSTER = Path(sys.executable).parent / "hoster"
PATIENCE = 30.0


@dataclass(frozen=True, slots=True)
class Served:
    """Where it is, and the tokens of two users who are strangers to each other."""

    url: str
    tokens: dict[str, str]
    log: Path


@contextlib.contextmanager
def served(folder: Path) -> Iterator[Served]:
    """Serve the API from an empty database in `folder` until the block ends."""
    port = _free_port()
    environment = {
        **os.environ,
        "PYTHONPATH": str(PROJECT),
        "HOSTER_DATA_DIR": str(folder / "data"),
        "HOSTER_RESOURCES_PATH": str(HERE / "resources"),
        "HOSTER_EXTENSIONS": "tests.description.extension",
        "HOSTER_SERVER_PORT": str(port),
        "HOSTER_RATES_WRITES": "off",
        "HOSTER_RATES_SIGN_IN": "off",
    }
    log = folder / "server.log"
    with log.open("w") as output:
        process = subprocess.Popen([HOSTER, "serve", "--role", "api"], env=environment, stderr=output, stdout=output)
        try:
            url = f"http://127.0.0.1:{port}"
            _wait(url, process, log)
            tokens = {name: _token(f"{name}@example.org", environment) for name in ("ann", "bob")}
            yield Served(f"{url}/api/v1", tokens, log)
        finally:
            process.terminate()
            process.wait(PATIENCE)


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Until it is ready; nothing but asking tells."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        assert process.poll() is None, log.read_text()
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(f"{url}/ready").status_code == 200:
                return
    raise AssertionError(log.read_text())


def _token(email: str, environment: dict[str, str]) -> str:
    made = subprocess.run(
        [HOSTER, "token", "create", "--user", email], env=environment, capture_output=True, text=True, check=True
    )
    return made.stdout.split()[-1]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
