"""A record as somebody sees it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from engine.store import Record

NOTHING: frozenset[str] = frozenset()
NONE_MADE: Mapping[str, str] = MappingProxyType({})


class Seen(NamedTuple):
    """A record as an actor may see it: `hidden` names the attributes and relationships that are not for them.

    `made` are tokens that were made with the row, in clear: shown in the answer to its creation, and never again.
    """

    record: Record
    hidden: frozenset[str] = NOTHING
    made: Mapping[str, str] = NONE_MADE
