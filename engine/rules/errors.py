"""What is wrong with a rule, and where: every error of this room is a `RuleError` with exact character offsets."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

MAX_COMPARED = 200
"""Words whose spelling is compared; where there are more, only those that begin alike."""


class RuleError(ValueError):
    """A rule cannot be used. `offset` and `end` count characters of its text; `hint` says what to write instead."""

    def __init__(self, message: str, offset: int, end: int, hint: str | None = None) -> None:
        super().__init__(f"{message}; {hint}" if hint else message)
        self.message, self.offset, self.end, self.hint = message, offset, end, hint


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """A hint when `word` looks like a slip for one of the `known` words."""
    spelled = {each.lower(): each for each in known}
    if len(spelled) > MAX_COMPARED:
        alike = [each for each in spelled if each[:1] == word[:1].lower()]
        spelled = {each: spelled[each] for each in alike[:MAX_COMPARED]}
    close = difflib.get_close_matches(word[:60].lower(), spelled, 1)
    return f"did you mean '{spelled[close[0]]}'?" if close else None
