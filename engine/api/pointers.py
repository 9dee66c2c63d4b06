"""Errors of a change point into the body that it came in, whatever shape that body has.

A change speaks of a resource object at `/data`. It may have come in another document: as the linkage of one relationship,
or as one of many operations.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

from engine.errors import HosterError, Many
from engine.service import Seen
from engine.service.changes import Change
from engine.store import Unit

Place: TypeAlias = "Callable[[str | None], str | None]"
"""From where an error is in a resource document, if it is anywhere, to where that is in the body."""


class Pointed:
    """A change whose errors are told with pointers into another document."""

    def __init__(self, change: Change, place: Place) -> None:
        self._change, self._place = change, place

    async def prepare(self) -> None:
        with placed(self._place):
            await self._change.prepare()

    def apply(self, unit: Unit) -> Seen | None:
        with placed(self._place):
            return self._change.apply(unit)


@contextmanager
def placed(place: Place) -> Iterator[None]:
    """What is raised in here gets its pointers from `place`."""
    try:
        yield
    except HosterError as error:
        for problem in error.problems if isinstance(error, Many) else (error,):
            problem.pointer = place(problem.pointer)
            problem.parameter = None
        raise


def linkage(pointer: str | None) -> str | None:
    """Where an error is in a body that is the linkage of one relationship."""
    return None if pointer is None else "/data"
