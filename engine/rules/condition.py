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

    value: bool | int | float | str


@dataclass(frozen=True, slots=True)
class Request:
    """A value that comes with the request: `now`, or `user.` and the `key` of the user's facts."""

    name: str
    type: str

    @property
    def key(self) -> str:
        return self.name.partition(".")[2]


Bind: TypeAlias = Literal | Request


@dataclass(frozen=True, slots=True)
class Condition:
    """An SQL expression. `booleans_as_integers` says that the database has no type for true and false."""

    text: str
    binds: tuple[Bind, ...]
    booleans_as_integers: bool = True

    def parameters(self, user: Mapping[str, Any], now: str) -> tuple[Any, ...]:
        """The values for the placeholders, in order. A list goes as one JSON text."""
        return tuple(
            [self._bound(bind.value if isinstance(bind, Literal) else _requested(bind, user, now)) for bind in self.binds]
        )

    def _bound(self, value: Any) -> Any:
        return int(value) if isinstance(value, bool) and self.booleans_as_integers else value


def _requested(bind: Request, user: Mapping[str, Any], now: str) -> Any:
    if bind.name == "now":
        return now
    value = user.get(bind.key)
    if value is not None and bind.type.startswith("list<"):
        return orjson.dumps(list(value)).decode()
    return value
