"""Schemathesis against a served system, as two users: every check, stateful, for so many seconds.

`just fuzz` runs it for ten minutes; `tests/description/test_schemathesis.py` for as long as one can wait.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.description.served import PROJECT, Served, served

SCHEMATHESIS = Path(sys.executable).parent / "schemathesis"

CONFIG = """
hooks = "tests.description.fuzz_hooks"
request-timeout = 60
continue-on-failure = true
warnings = false

[generation]
allow-x00 = false

[auth.wfc]
path = "{users}"
peers = ["ann", "bob"]

[checks.negative_data_rejection]
expected-statuses = ["400", "401", "403", "404", "405", "406", "409", "410", "412", "413", "415", "422", "429"]

[checks.missing_required_header]
expected-statuses = ["400", "401", "403", "404", "406", "409", "412", "415", "422"]

# DELETE fires the transition `delete` here: the resource is there until its command has ended.
[[operations]]
include-path-regex = "^/deployments/"
checks.use_after_free.enabled = false
"""


def fuzz(running: Served, folder: Path, seconds: int, *more: str) -> subprocess.CompletedProcess[str]:
    """Run it; whatever it finds is in the output, and its status is not 0 then."""
    users = folder / "users.json"
    entries = [
        {"name": name, "fixedHeaders": [{"name": "Authorization", "value": f"Bearer {token}"}]}
        for name, token in running.tokens.items()
    ]
    users.write_text(json.dumps({"auth": entries}))
    config = folder / "schemathesis.toml"
    config.write_text(CONFIG.format(users=users))
    command = [
        str(SCHEMATHESIS),
        "--config-file",
        str(config),
        "run",
        f"{running.url}/openapi.json",
        "--max-time",
        str(seconds),
        *more,
    ]
    environment = {**os.environ, "PYTHONPATH": str(PROJECT), "NO_COLOR": "1", "COLUMNS": "150"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


def main() -> int:
    """The long run; arguments are the seconds, and what else schemathesis is to be told."""
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 600
    with tempfile.TemporaryDirectory() as name, served(Path(name)) as running:
        done = fuzz(running, Path(name), seconds, *sys.argv[2:])
        sys.stdout.write(done.stdout + done.stderr)
        faults = [line for line in running.log.read_text().splitlines() if '"error"' in line]
        sys.stdout.write("\n".join(["", f"{len(faults)} errors in the server's log", *faults[:5], ""]))
        return done.returncode or bool(faults)


if __name__ == "__main__":
    sys.exit(main())
