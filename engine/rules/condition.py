"""A rule as a SQL condition: text with placeholders, and what to bind to them.

The text depends on the rule alone, so it is made once; who is asking and when enter through `parameters`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import orjson

PRINCIPALS = "principals"
"""The fact about a user that lists whom they act as."""


@dataclass(frozen=True, slots=True)
class Literal:
    """A value that the rule itself contains."""

    value: int | float | str


@dataclass(frozen=True, slots=True)
class Request:
    """A value that comes with the request: the fact `key` about the user, or the time where that is None.

    `group` is the fact that holds it among others, where it is not one by itself. Lists and records go `as_json`; of a list
    that has one item, that item can go `alone`.
    """

    key: str | None
    as_json: bool = False
    group: str | None = None
    alone: bool = False


Bind: TypeAlias = Literal | Request


@dataclass(frozen=True, slots=True)
class Condition:
    """An SQL expression. `booleans_as_integers` says that the database has no type for true and false.

    `narrow` is the same condition for users of whom the fact `principals` has one item, as most do: comparing with that
    item lets an index give rows in their order, where looking in a list does not.
    """

    text: str
    binds: tuple[Bind, ...]
    booleans_as_integers: bool = True
    narrow: Condition | None = None

    def fitting(self, user: Mapping[str, Any]) -> Condition:
        """The form of it that is best for this user."""
        return self.narrow if self.narrow is not None and len(user[PRINCIPALS]) == 1 else self

    def parameters(self, user: Mapping[str, Any], now: str) -> tuple[Any, ...]:
        """The values for the placeholders, in order."""
        return tuple([bind.value if isinstance(bind, Literal) else self._requested(bind, user, now) for bind in self.binds])

    def _requested(self, bind: Request, user: Mapping[str, Any], now: str) -> Any:
        if bind.key is None:
            return now
        facts = user if bind.group is None else user.get(bind.group) or {}
        value = facts.get(bind.key)
        if bind.alone and value is not None:
            (value,) = value
        if bind.as_json:
            return None if value is None else orjson.dumps(value, default=list).decode()
        if isinstance(value, bool):
            return int(value) if self.booleans_as_integers else value
        return value
