"""The start of a process beside one that serves already."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path


def test_who_finds_the_address_taken_has_not_touched_the_database(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        environment = {
            **os.environ,
            "HOSTER_DATA_DIR": str(tmp_path / "data"),
            "HOSTER_SERVER_HOST": "127.0.0.1",
            "HOSTER_SERVER_PORT": str(taken.getsockname()[1]),
        }
        program = [sys.executable, "-c", "from engine.cli import main; main()", "serve"]
        ended = subprocess.run(program, env=environment, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 1
    assert "Cannot listen on 127.0.0.1" in ended.stderr
    assert not (tmp_path / "data").exists()
