"""A tool that knows nothing but the OpenAPI document tries to catch the server out; `just fuzz` lets it try for longer."""

from __future__ import annotations

import re
from pathlib import Path

from tests.description.fuzz import fuzz
from tests.description.served import served

SECONDS = 45
SEED = "20260131"
"""Here the same cases each time, as far as the time reaches; `just fuzz` tries others."""
TAGS = ("tickets", "shelves", "events", "schema")


def test_schemathesis_finds_nothing(tmp_path: Path) -> None:
    """Every check, stateful, as two users who must not see each other's rows, on a type with one of everything."""
    with served(tmp_path) as running:
        chosen = [part for tag in TAGS for part in ("--include-tag", tag)]
        done = fuzz(running, tmp_path, SECONDS, "--seed", SEED, *chosen)
        faults = [line for line in running.log.read_text().splitlines() if '"level":"error"' in line]
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr
    generated = re.search(r"(\d+) generated", done.stdout)
    assert generated is not None
    assert int(generated[1]) > 500
    assert faults == []
