"""Values that can be recognised: every text that the tests store has a mark in it that is nowhere else.

Whatever comes back is searched for marks. A mark says by itself which attribute of which row it comes from, so that a trace
of somebody else's data is found wherever it turns up: in a message, a header, a cursor.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from typing import Any

import jsonschema_rs

from engine.api.description.samples import NOTHING, fitting, of_schema, sample
from engine.model import Attribute
from engine.types import TYPES

MARK = re.compile(r"qz[a-z]{6}zq")
PAST, FUTURE = "2020-01-31T09:30:00.000Z", "2040-01-31T09:30:00.000Z"
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_NO_TEXT = frozenset({"integer", "number", "boolean", "timestamp", "enum", "money"})


class Values:
    """Makes values for attributes, each with a mark where its type and bounds have room for one."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self._count = 0

    def mark(self) -> str:
        """A text that was never there before."""
        self._count += 1
        number, word = self._count, ""
        for _ in range(6):
            number, digit = divmod(number, len(_LETTERS))
            word = _LETTERS[digit] + word
        return f"qz{word}zq"

    def value(self, attribute: Attribute) -> Any:
        """A value that the attribute may have; None where this does not know any."""
        if attribute.type in _NO_TEXT:
            return self._plain(attribute)
        schema = TYPES[attribute.type].schema(attribute)
        validator = jsonschema_rs.Draft202012Validator(schema, validate_formats=True)
        mark = self.mark()
        for candidate in (*_candidates(attribute, schema, mark), sample(attribute)):
            if candidate is not None and candidate is not NOTHING and validator.is_valid(candidate):
                return candidate
        return None

    def _plain(self, attribute: Attribute) -> Any:
        self._count += 1
        if attribute.type == "boolean":
            return self.chance.random() < 0.5
        if attribute.type == "timestamp":
            return self.chance.choice((PAST, FUTURE))
        if attribute.type == "enum":
            return self.chance.choice(attribute.values)
        number = self._number(attribute)
        return {"amount": number, "currency": attribute.currency or "USD"} if attribute.type == "money" else number

    def _number(self, attribute: Attribute) -> int:
        low = int(attribute.minimum) if attribute.minimum is not None else 0
        high = int(attribute.maximum) if attribute.maximum is not None else low + 1_000_000
        return low + self._count % (high - low + 1)


def _candidates(attribute: Attribute, schema: Any, mark: str) -> Iterator[Any]:
    """Texts and JSON that hold the mark, the likeliest first."""
    if attribute.type == "json":
        yield from ([mark], {"word": mark}, {mark.upper(): mark}, mark)
        yield _marked(of_schema(schema), mark)
        return
    pattern = attribute.pattern or ""
    yield from (mark, f"/{mark}", f"A{mark}", f"{mark}@example.org", f"https://{mark}.example.org/", f"1.4.0-{mark}")
    yield from (f"{fitting(pattern)}{mark}", f"{mark}{fitting(pattern)}")


def _marked(value: Any, mark: str) -> Any:
    """The same value with the mark for each of its texts."""
    if isinstance(value, str):
        return mark
    if isinstance(value, list):
        return [_marked(each, mark) for each in value]
    if isinstance(value, dict):
        return {name: _marked(each, mark) for name, each in value.items()}
    return value
