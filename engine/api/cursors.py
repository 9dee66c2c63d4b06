"""Cursors: the place of a row in an order, as an opaque text for links.

A cursor says which order it is of, so that one of another order is noticed. It needs no signature: it can only say where
a page begins, in a list that shows nothing the caller may not see.
"""

from __future__ import annotations

import base64
import binascii
from functools import lru_cache
from typing import Any

import orjson

from engine.store import Order, Record, place_of, unique_order

MAX_LENGTH = 4096


def write(record: Record, order: tuple[Order, ...]) -> str:
    """The cursor for the place of `record`."""
    return base64.urlsafe_b64encode(orjson.dumps([_name(order), *place_of(record, order)])).rstrip(b"=").decode()


def read(text: str, order: tuple[Order, ...]) -> tuple[Any, ...] | None:
    """The values of a place in this order; None where `text` is no cursor of it."""
    if len(text) > MAX_LENGTH:
        return None
    try:
        found = orjson.loads(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
    except (ValueError, binascii.Error):
        return None
    keys = unique_order(order)
    if not isinstance(found, list) or len(found) != len(keys) + 1 or found[0] != _name(order):
        return None
    values = tuple(found[1:])
    plain = all(value is None or (isinstance(value, (str, int, float)) and not _too_large(value)) for value in values)
    return values if plain and isinstance(values[-1], str) else None


@lru_cache(maxsize=256)
def _name(order: tuple[Order, ...]) -> str:
    return ",".join(f"{'-' if key.descending else ''}{key.name}" for key in unique_order(order))


def _too_large(value: str | int | float) -> bool:
    """Whether the database has no such number."""
    return isinstance(value, int) and not -(2**63) <= value < 2**63
