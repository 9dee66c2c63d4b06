"""Pieces of SQL that carry their binds with them, so that text and values cannot come apart.

A piece also knows its height: how many symbols a parser has to remember while it reads it. SQLite gives up at 100, so a
rule that comes near is refused when it is loaded, and not by an error when it is used.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from engine.rules.condition import Bind

_SYMBOL = re.compile(r"\{\}|[(),]|'[^']*'|[^\s(),{}']+")
_LEAF, _SEPARATOR = 5, 2


@dataclass(frozen=True, slots=True)
class Fragment:
    """A piece of SQL with the binds of its placeholders, in order."""

    text: str
    binds: tuple[Bind, ...] = ()
    height: int = _LEAF


def sql(template: str, *parts: Fragment) -> Fragment:
    """`template` with `parts` in its `{}`, which must stand in that order, each once."""
    own, before = _heights(template)
    heights = [waiting + part.height for waiting, part in zip(before, parts, strict=True)]
    text = template.format(*[part.text for part in parts])
    return Fragment(text, _binds(parts), max([own, *heights]))


def joined(separator: str, parts: list[Fragment]) -> Fragment:
    """`parts` with `separator` between them."""
    height = _SEPARATOR + max(part.height for part in parts)
    return Fragment(separator.join(part.text for part in parts), _binds(parts), height)


def _binds(parts: tuple[Fragment, ...] | list[Fragment]) -> tuple[Bind, ...]:
    return tuple(bind for part in parts for bind in part.binds)


@lru_cache(maxsize=1_000)
def _heights(template: str) -> tuple[int, tuple[int, ...]]:
    """The height of a template by itself, and how many symbols wait before each of its slots; never too low."""
    open_groups = [0]
    highest, before = 1, []
    for symbol in _SYMBOL.findall(template):
        if symbol == "{}":
            before.append(sum(open_groups))
        if symbol == ")":
            open_groups.pop()
        elif symbol == ",":
            open_groups[-1] = _SEPARATOR
        else:
            # A parser also remembers empty parts, such as the DISTINCT that may follow a parenthesis or a SELECT.
            open_groups[-1] += 3 if symbol == "SELECT" else 2 if symbol in ("(", "CASE") else 1
        if symbol == "(":
            open_groups.append(0)
        highest = max(highest, sum(open_groups))
    return highest, tuple(before)
