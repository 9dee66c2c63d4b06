"""The tables in `docs/compose.md`: what becomes of each compose key, and why a deployment can fail.

`python -m handlers.docker_reference PAGE` writes them into the page.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from engine.pages import fill, table
from handlers.docker.causes import CAUSES
from handlers.docker.verdicts import VERDICTS, Decision, Verdict


def parts() -> Iterator[tuple[str, str]]:
    """The made parts of the page: name and content."""
    yield "allowed keys", table(("below", "keys"), _allowed())
    yield "confined keys", table(("key", "bounds"), ((f"`{each.path}`", each.reason) for each in _with("confine")))
    yield "ignored keys", table(("key", "why it has no effect"), _grouped("ignore"))
    yield "refused keys", table(("key", "why", "instead"), _grouped("forbid"))
    yield (
        "failure causes",
        table(
            ("cause", "what it means", "what to do", "tried again"),
            ((f"`{each.code}`", each.description, each.hint, "yes" if each.passing else "no") for each in CAUSES.values()),
        ),
    )


def _with(decision: Decision) -> list[Verdict]:
    return [each for each in VERDICTS.values() if each.decision == decision]


def _allowed() -> Iterator[tuple[str, str]]:
    """Keys under the table that holds them, so that a reader finds a service's keys in one place."""
    below: dict[str, list[str]] = {}
    for each in _with("allow"):
        base, _, key = each.path.rpartition(".")
        below.setdefault(base, []).append(key)
    for base, keys in below.items():
        yield f"`{base}`" if base else "the file", ", ".join("any name" if key == "*" else f"`{key}`" for key in keys)


def _grouped(decision: Decision) -> Iterator[tuple[str, ...]]:
    """Keys that share their reason share a row."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for each in _with(decision):
        told: tuple[str, ...] = (each.reason,) if decision == "ignore" else (each.reason, each.instead or "")
        groups.setdefault(told, []).append(f"`{each.path}`")
    for told, paths in groups.items():
        yield ", ".join(paths), *told


if __name__ == "__main__":
    fill(Path(sys.argv[1]), parts())
