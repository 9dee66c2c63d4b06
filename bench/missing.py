"""What a benchmark needs that is not there, in one sentence."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Iterable

INSTALL = "{} (python -m bench install)"


def sentence(wanted: Iterable[str | None]) -> str | None:
    """All that is missing, or None; each of `wanted` names a missing thing with the way to install it, or is None."""
    lacking = sorted({each for each in wanted if each})
    return f"This benchmark also needs {', '.join(lacking)}." if lacking else None


def program(name: str, install: str) -> str | None:
    """`name` when no such program is on the path."""
    return None if shutil.which(name) else f"{name} ({install})"


def module(name: str, package: str) -> str | None:
    """`package` when there is no module called `name`."""
    return None if importlib.util.find_spec(name) else INSTALL.format(package)
