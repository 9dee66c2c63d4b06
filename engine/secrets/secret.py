"""Text that must not be seen: it comes out by `reveal` alone, never by printing, formatting, logging or serialising."""

from __future__ import annotations

import hmac
from typing import NoReturn

MASK = "••••••"


class Secret:
    """A text that nothing prints. Equality takes the same time wherever two secrets differ."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text. Call it where the text is used, and keep the result in no object that outlives the call."""
        return self._text

    def __repr__(self) -> str:
        return MASK

    __str__ = __repr__

    def __format__(self, specification: str) -> str:
        # Not format(MASK, specification): a precision or a width taken from the text's length would tell something.
        return MASK

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(_bytes(self._text), _bytes(other._text))

    def __hash__(self) -> int:
        return hash((Secret, self._text))

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret is not serialised; reveal it where it is used")

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: object) -> Secret:
        return self


def _bytes(text: str) -> bytes:
    # Lone surrogates reach us from JSON; refusing them would put the text into a UnicodeEncodeError.
    return text.encode("utf-8", "surrogatepass")
