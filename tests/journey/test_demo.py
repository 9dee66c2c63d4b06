"""`hoster demo`, the second thing that the README tells newcomers to do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def demo(tmp_path: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run it with a data directory of its own."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HOSTER_")}
    return subprocess.run(
        [sys.executable, "-m", "engine.cli", "demo", *options],
        env=environment | {"HOSTER_DATA_DIR": str(tmp_path)}, cwd=ROOT, capture_output=True, text=True, timeout=150,
    )  # fmt: skip


def test_the_whole_way_ends_with_nothing_left(tmp_path: Path) -> None:
    ended = demo(tmp_path, "--json")
    assert ended.returncode == 0, ended.stderr
    steps = [each["step"] for each in json.loads(ended.stdout)]
    for wanted in ("starting → running", "stopping → stopped", "→ deleted", "No container, network or volume is left"):
        assert wanted in steps
    assert any("answered 200 with the greeting" in step for step in steps)


def test_a_server_that_cannot_be_had_is_a_sentence(tmp_path: Path) -> None:
    for options, sentence in (
        (("--url", "http://127.0.0.1:1", "--token", "x"), "cannot be reached"),
        (("--url", "http://127.0.0.1:1"), "Give a token"),
    ):
        ended = demo(tmp_path, *options)
        assert ended.returncode == 1
        assert sentence in ended.stderr
        assert "Traceback" not in ended.stderr
