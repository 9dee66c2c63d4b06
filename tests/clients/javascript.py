"""A script for node beside this file, and what it has seen of a server."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.description.served import Served

HERE = Path(__file__).parent
PATIENCE = 60.0


def seen(script: str, house: Served) -> dict[str, Any]:
    """What the script printed; it must end well and say nothing else."""
    told = json.dumps({"url": house.url, **house.tokens})
    ran = subprocess.run(["node", HERE / script], input=told, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert (ran.returncode, ran.stderr) == (0, ""), ran.stderr
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


def codes(errors: list[dict[str, Any]]) -> list[tuple[str, Any]]:
    """The code of each error, and where it points."""
    return [(each["code"], each.get("source", {}).get("pointer")) for each in errors]
