"""`python -m bench http|bus|streams|rows|install`: runs a benchmark in an environment of its own.

The peers bring many packages that the product does without, so they live in `build/bench`, which is made when it is first
needed. This module itself wants nothing but Python.
"""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).parent.parent
ENVIRONMENT = ROOT / "build" / "bench"
PYTHON = ENVIRONMENT / "bin" / "python"
COMPLETE = ENVIRONMENT / "complete"
BENCHMARKS = ("http", "bus")

ALONE = ("streams", "rows")
"""Those that compare with nobody, and run where the product runs."""

USAGE = "Say which benchmark: python -m bench http|bus|streams|rows [--help], or python -m bench install"


def install() -> int:
    """Make the environment with Hoster and its peers in it; returns pip's exit code."""
    print(f"Installing Hoster and its peers into {ENVIRONMENT.relative_to(ROOT)}", file=sys.stderr, flush=True)
    venv.create(ENVIRONMENT, with_pip=True, symlinks=True)
    command = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-e", f"{ROOT}[bench]"]
    code = subprocess.run(command, check=False).returncode
    if code == 0:
        COMPLETE.touch()
    return code


def main(arguments: list[str]) -> int:
    """Run what `arguments` name."""
    if arguments == ["install"]:
        return install()
    if arguments and arguments[0] in ALONE:
        return subprocess.run([sys.executable, "-m", f"bench.{arguments[0]}", *arguments[1:]], cwd=ROOT, check=False).returncode
    if not arguments or arguments[0] not in BENCHMARKS:
        print(USAGE, file=sys.stderr)
        return 2
    if not COMPLETE.exists() and (code := install()):
        print("The benchmark's environment could not be made; see above.", file=sys.stderr)
        return code
    return subprocess.run([str(PYTHON), "-m", f"bench.{arguments[0]}", *arguments[1:]], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
