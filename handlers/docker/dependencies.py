"""The order in which services start: a service after everything it depends on, ties as in the file.

A service's rank is the length of the longest chain below it. Services of one rank do not need each other, so they are
stopped together; ranks are stopped from the highest to the lowest. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from handlers.docker.model import Service


class Cycle(Exception):
    """Services that wait for each other; `path` begins and ends with the same name."""

    def __init__(self, path: Sequence[str]) -> None:
        super().__init__(" → ".join(path))
        self.path = tuple(path)


def ranks(services: Sequence[Service]) -> dict[str, int]:
    """The rank of every service by name; raises `Cycle`. Dependencies on services that are not there do not count."""
    by_name = {service.name: service for service in services}
    found: dict[str, int] = {}
    for service in services:
        _rank(service.name, by_name, found, [])
    return found


def start_order(services: Sequence[Service]) -> tuple[Service, ...]:
    """The services by rank, ties in file order."""
    rank = ranks(services)
    return tuple(sorted(services, key=lambda service: rank[service.name]))


def _rank(name: str, by_name: Mapping[str, Service], found: dict[str, int], above: list[str]) -> int:
    if name in above:
        raise Cycle([*above[above.index(name) :], name])
    if name not in found:
        below = [each.service for each in by_name[name].depends_on if each.service in by_name]
        found[name] = max((_rank(each, by_name, found, [*above, name]) + 1 for each in below), default=0)
    return found[name]
