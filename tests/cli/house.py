"""A real server for the command line to talk to, which can be ended and started again, and the command line itself."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import httpx
from click.testing import CliRunner

from engine.cli import main

HERE = Path(__file__).parent
HOSTER = Path(sys.executable).parent / "hoster"
PATIENCE = 30.0


class Ran(NamedTuple):
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """What it said, as JSON."""
        found: dict[str, Any] = json.loads(self.out)
        return found

    @property
    def attributes(self) -> dict[str, Any]:
        """Those of the resource that it answered with."""
        found: dict[str, Any] = self.document["data"]["attributes"]
        return found


@dataclass
class House:
    """See the module."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None
    tokens: dict[str, str] = field(default_factory=dict)
    definitions: Path = HERE / "resources"

    @property
    def environment(self) -> dict[str, str]:
        """That of the server, and of commands on the same machine."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("HOSTER_")}
        return {
            **kept,
            "PYTHONPATH": str(HERE.parents[1]),
            "HOSTER_DATA_DIR": str(self.folder / "data"),
            "HOSTER_RESOURCES_PATH": str(self.definitions),
            "HOSTER_EXTENSIONS": "tests.cli.extension",
            "HOSTER_SERVER_PORT": str(self.port),
            "HOSTER_NODES_LOCAL_SOCKET": "",
            "HOSTER_RATES_WRITES": "off",
            "HOSTER_LOG_LEVEL": "error",
        }

    def start(self) -> None:
        """Serve, and return when it is ready."""
        log = (self.folder / "server.log").open("ab")
        with log:
            self.process = subprocess.Popen([HOSTER, "serve"], env=self.environment, stdout=log, stderr=log)
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            assert self.process.poll() is None, (self.folder / "server.log").read_text()
            with contextlib.suppress(httpx.TransportError):
                if httpx.get(f"http://127.0.0.1:{self.port}/ready").status_code == 200:
                    return
        raise AssertionError((self.folder / "server.log").read_text())

    def stop(self, *, kill: bool = False) -> None:
        """End it."""
        if self.process is not None:
            self.process.kill() if kill else self.process.terminate()
            self.process.wait(PATIENCE)
            self.process = None

    def token(self, name: str) -> str:
        """The token of somebody."""
        if name not in self.tokens:
            made = self.raw("token", "create", "--user", f"{name}@example.org", token=None)
            assert made.code == 0, made.err
            self.tokens[name] = made.out.split()[-1]
        return self.tokens[name]

    def variables(self, token: str | None) -> dict[str, str]:
        """The environment of a command."""
        return self.environment | ({"HOSTER_TOKEN": token} if token else {})

    def raw(self, *words: str, token: str | None, stdin: str = "", **more: str) -> Ran:
        """Run `hoster` with these words, in a process of its own."""
        environment = self.variables(token) | more
        ran = subprocess.run(
            [HOSTER, *words], env=environment, input=stdin, capture_output=True, text=True, timeout=PATIENCE * 2, check=False
        )
        assert "Traceback" not in ran.stderr, ran.stderr
        return Ran(ran.returncode, ran.stdout, ran.stderr)

    def run(self, *words: str, who: str = "ann", stdin: str = "") -> Ran:
        """As somebody, against the server; in this process, which spares the time to start one."""
        given = self.variables(self.token(who))
        others: dict[str, str | None] = {name: None for name in os.environ if name.startswith("HOSTER_")}
        ran = CliRunner().invoke(main, words, input=stdin, env=others | given, prog_name="hoster")
        assert ran.exception is None or isinstance(ran.exception, SystemExit), ran.exc_info
        return Ran(ran.exit_code, ran.stdout, ran.stderr)

    def done(self, *words: str, who: str = "ann", stdin: str = "") -> Ran:
        """As `run`; it must end well."""
        ran = self.run(*words, who=who, stdin=stdin)
        assert ran.code == 0, ran
        return ran

    def make(self, type_name: str, *values: str, who: str = "ann") -> str:
        """Create something; its id."""
        made: str = self.done("create", type_name, *values, "--json", who=who).document["data"]["id"]
        return made


@contextlib.contextmanager
def house(folder: Path, definitions: Path = HERE / "resources") -> Iterator[House]:
    """One, which is ended with the block."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    made = House(folder, port, definitions=definitions)
    made.start()
    try:
        yield made
    finally:
        made.stop()
