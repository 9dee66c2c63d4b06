"""Reading typed values out of a tree whose shape has been checked: what is missing or was taken out reads as absent."""

from __future__ import annotations

import re

from engine.loader.node import Node

_DURATION = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,3})?)(ms|s|m|h|d)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def text(node: Node, key: str) -> str | None:
    """The text under `key`."""
    found = node.get(key)
    return found.value if found is not None and isinstance(found.value, str) else None


def flag(node: Node, key: str) -> bool:
    """The truth value under `key`, false when absent."""
    found = node.get(key)
    return found is not None and found.value is True


def number(node: Node, key: str) -> float | None:
    """The number under `key`; a whole one stays whole."""
    found = node.get(key)
    return found.value if found is not None and isinstance(found.value, int | float) else None


def whole(node: Node, key: str) -> int | None:
    """The whole number under `key`."""
    found = number(node, key)
    return None if found is None else int(found)


def names(node: Node | None) -> list[tuple[str, Node]]:
    """One text or a list of texts, each with its node."""
    if node is None:
        return []
    elements = [node] if isinstance(node.value, str) else node.elements()
    return [(each.value, each) for each in elements if isinstance(each.value, str)]


def duration(written: str) -> float:
    """A duration such as 500ms, 30s, 15m, 2h or 7d in seconds."""
    match = _DURATION.fullmatch(written)
    if match is None:
        raise ValueError(f"{written!r} is no duration")
    return round(float(match[1]) * _SECONDS[match[2]], 3)
