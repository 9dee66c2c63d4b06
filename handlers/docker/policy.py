"""Walks a compose file along the verdict table and says which keys are refused, unknown or ignored.

This looks at keys alone; what a confined key may hold is checked by the reader of that key. Pure.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field

from engine.commands.registry import Problem
from handlers.docker.document import Listing, Place, Table, Tree
from handlers.docker.verdicts import CLOSED, VERDICTS


@dataclass(slots=True)
class Examination:
    """What the table says about one file: problems refuse it, notices tell what has no effect."""

    problems: list[Problem] = field(default_factory=list)
    notices: list[Problem] = field(default_factory=list)


def examine(tree: Tree) -> Examination:
    """Hold every key of the tree against the verdict table."""
    result = Examination()
    _walk(tree, "", result)
    return result


def _walk(tree: Tree, path: str, result: Examination) -> None:
    if isinstance(tree, Listing):
        for item in tree.items:
            _walk(item, f"{path}.[]", result)
    elif isinstance(tree, Table) and path in CLOSED:
        for key, value in tree.entries.items():
            _key(key, value, tree.keys[key], path, result)


def _key(key: str, value: Tree, place: Place, path: str, result: Examination) -> None:
    base = f"{path}." if path else ""
    if key.startswith("x-") and f"{base}*" not in VERDICTS:
        return
    below = base + key if base + key in VERDICTS and key != "*" else f"{base}*"
    verdict = VERDICTS.get(below)
    where = dotted(place)
    if verdict is None:
        result.problems.append(place.problem(f"{where} is not a known key", _suggestion(key, base)))
    elif verdict.decision == "forbid":
        result.problems.append(place.problem(f"{where} is not allowed: {verdict.reason}", verdict.instead))
    elif verdict.decision == "ignore":
        result.notices.append(place.problem(f"{where} has no effect: {verdict.reason}"))
    else:
        _walk(value, below, result)


def dotted(place: Place) -> str:
    """The path of a place as people write it: `services.web.ports[0]`."""
    text = ""
    for step in place.path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text or "The file"


def _suggestion(key: str, base: str) -> str:
    known = [path.removeprefix(base) for path in VERDICTS if path.startswith(base) and "." not in path.removeprefix(base)]
    close = difflib.get_close_matches(key, known, n=1)
    return f"Did you mean `{close[0]}`?" if close else "Remove it, or begin its name with `x-` to keep it as a comment"
