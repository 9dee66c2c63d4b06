"""A rule as a SQL condition: text with placeholders, and what to bind to them.

The text depends on the rule alone, so it is made once; who is asking and when enter through `parameters`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import orjson


@dataclass(frozen=True, slots=True)
class Literal:
    """A value that the rule itself contains."""

    value: int | float | str


@dataclass(frozen=True, slots=True)
class Request:
    """A value that comes with the request: the fact `key` about the user, or the time where that is None."""

    key: str | None
    is_list: bool = False


Bind: TypeAlias = Literal | Request


@dataclass(frozen=True, slots=True)
class Condition:
    """An SQL expression. `booleans_as_integers` says that the database has no type for true and false."""

    text: str
    binds: tuple[Bind, ...]
    booleans_as_integers: bool = True

    def parameters(self, user: Mapping[str, Any], now: str) -> tuple[Any, ...]:
        """The values for the placeholders, in order. A list goes as one JSON text."""
        return tuple([bind.value if isinstance(bind, Literal) else self._requested(bind, user, now) for bind in self.binds])

    def _requested(self, bind: Request, user: Mapping[str, Any], now: str) -> Any:
        if bind.key is None:
            return now
        value = user.get(bind.key)
        if isinstance(value, bool):
            return int(value) if self.booleans_as_integers else value
        return orjson.dumps(list(value)).decode() if bind.is_list and value is not None else value
