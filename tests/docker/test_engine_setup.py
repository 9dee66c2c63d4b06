"""Making sure that an engine answers, and leaving alone what does."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingUnixStreamServer
from typing import Any

import pytest
from docker import DockerClient

from engine.commands.registry import DEFAULT
from handlers.docker.engine import EngineFault, connect
from handlers.docker.engine_setup import DEFAULT_SOCKET, EngineMissing, answers, ensure_engine, forget_dead
from handlers.docker.local_image import HELLO, ensure_hello


class Stranger(BaseHTTPRequestHandler):
    """Something that speaks HTTP and is no engine."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"hello")

    def address_string(self) -> str:
        return "unix"

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 - the name is the base class's
        """Say nothing."""


@contextmanager
def stranger(path: Path) -> Iterator[None]:
    with ThreadingUnixStreamServer(str(path), Stranger) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()


def test_an_engine_that_answers_is_left_as_it_is(engine: DockerClient, tmp_path: Path) -> None:
    said: list[str] = []
    ensure_engine(DEFAULT_SOCKET, said.append, tmp_path / "unused")
    assert said == []
    assert not (tmp_path / "unused").exists()


def test_what_is_no_engine_does_not_answer(tmp_path: Path) -> None:
    assert not answers(str(tmp_path / "none.sock"))
    (tmp_path / "file").write_text("no socket")
    assert not answers(str(tmp_path / "file"))
    with stranger(tmp_path / "stranger.sock"):
        assert not answers(str(tmp_path / "stranger.sock"))
        with pytest.raises(EngineFault) as caught:
            connect(str(tmp_path / "stranger.sock"))
    assert caught.value.explanation.cause == "engine_unreachable"


def test_without_the_rights_to_start_one_it_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(EngineMissing, match="install Docker, start it, and give this user access"):
        ensure_engine(str(tmp_path / "none.sock"), lambda _: None, tmp_path)


def test_the_pid_file_of_a_dead_or_foreign_process_is_forgotten(tmp_path: Path) -> None:
    pid_file = tmp_path / "dockerd.pid"
    forget_dead(pid_file)
    for content in ("", "not a number", str(2**22 + 1), str(os.getpid())):
        pid_file.write_text(content)
        forget_dead(pid_file)
        assert not pid_file.exists(), content


def test_a_local_image_is_made_once(engine: DockerClient) -> None:
    before = engine.images.get(HELLO).id
    ensure_hello(engine)
    assert engine.images.get(HELLO).id == before


def test_importing_the_handlers_registers_them_and_loads_nothing_heavy() -> None:
    code = (
        "import handlers, sys\n"
        "from engine.commands.registry import DEFAULT\n"
        "print([name for name in ('docker', 'requests', 'ruamel.yaml', 'httpx', 'paramiko') if name in sys.modules])\n"
        "print(sorted(DEFAULT.handlers), sorted(DEFAULT.readers), sorted(DEFAULT.checkers))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        "[]",
        "['deployments.schedule', 'docker.remove', 'docker.start', 'docker.stop'] ['docker.health', 'docker.logs'] "
        "['docker.compose', 'docker.config_files', 'docker.secrets', 'docker.values', 'docker.variables']",
    ]


async def test_the_registered_functions_reach_their_modules() -> None:
    import handlers
    from engine.commands.registry import ReadContext
    from tests.docker.support import make_job

    assert handlers.__all__
    assert DEFAULT.checkers["docker.compose"]("services: {a: {image: x}}", {}) == []
    assert DEFAULT.checkers["docker.variables"]([], {}) == ()
    assert DEFAULT.checkers["docker.config_files"]([], {}) == ()
    assert (await DEFAULT.readers["docker.health"](ReadContext({"id": "x"}, {}, {})))["status"] == "unknown"
    assert await DEFAULT.readers["docker.logs"](ReadContext({"id": "x"}, {}, {})) == []
    assert await DEFAULT.handlers["docker.remove"](make_job({"id": "x"})) == {"containers": []}
    assert (await DEFAULT.handlers["docker.stop"](make_job({"id": "x"})) or {})["containers"] == []
