"""What was there and what is to be there, thing by thing: by their names, or by `was`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Generic, NamedTuple, Protocol, TypeVar


class Named(Protocol):
    """Something of a definition that has a name, and perhaps had another."""

    @property
    def name(self) -> str: ...

    @property
    def was(self) -> str | None: ...


Thing = TypeVar("Thing", bound=Named)


class Pairs(NamedTuple, Generic[Thing]):
    """`kept` are those of both sides, the old one first."""

    added: list[Thing]
    removed: list[Thing]
    kept: list[tuple[Thing, Thing]]


def pairs(old: Mapping[str, Thing], new: Mapping[str, Thing]) -> Pairs[Thing]:
    """Each new thing with the old one that it was."""
    found = Pairs[Thing]([], [], [])
    taken: set[str] = set()
    for thing in new.values():
        former = thing.name if thing.name in old else thing.was
        if former is not None and former in old and (former == thing.name or former not in new):
            found.kept.append((old[former], thing))
            taken.add(former)
        else:
            found.added.append(thing)
    found.removed.extend(thing for name, thing in old.items() if name not in taken)
    return found
