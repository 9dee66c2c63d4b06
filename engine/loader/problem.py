"""One finding in a definition file: where, what, and what to write instead."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from engine.model import Position

MAX_COMPARED = 200
"""Comparing the spelling of two words takes microseconds; thousands of names with thousands of others take minutes."""

MAX_WORD = 64


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem at `position`. `code` is stable; `hint` is what was probably meant, or what to write."""

    position: Position
    code: str
    message: str
    hint: str | None = None

    def __str__(self) -> str:
        return f"{self.position}: {self.code} {self.message}{_suffix(self.hint)}"


def _suffix(hint: str | None) -> str:
    if not hint:
        return ""
    return f" ({hint})" if " " in hint else f" (did you mean '{hint}'?)"


def in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Each problem once, by file, line and column."""
    return tuple(sorted(set(problems), key=lambda each: (each.position, each.code, each.message, each.hint or "")))


def closest(word: str, known: Iterable[str]) -> str | None:
    """The known word that `word` was probably meant to be; where there are very many, one that begins like it."""
    words = list(known)
    if len(words) > MAX_COMPARED:
        words = [each for each in words if each[:1] == word[:1]][:MAX_COMPARED]
    return next(iter(difflib.get_close_matches(word[:MAX_WORD], words, 1, 0.65)), None)
