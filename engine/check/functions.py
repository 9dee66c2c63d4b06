"""Functions by name, held against the definitions in both directions: every name that is used is registered, every
registered name is used."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass

from engine.loader.loading import Loaded
from engine.loader.problem import Problem, closest
from engine.model import Position, ResourceType

#: Where a problem is that concerns registered functions and no file.
FUNCTIONS = Position("<functions>", 1, 1)


@dataclass(frozen=True, slots=True)
class Known:
    """The names of the registered handlers of commands, served reads and checkers.

    `spare` are those, as kind and name, that need no use: files use them that others have replaced.
    """

    commands: frozenset[str] = frozenset()
    reads: frozenset[str] = frozenset()
    checks: frozenset[str] = frozenset()
    spare: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True, slots=True)
class _Use:
    kind: str
    name: str
    position: Position


def check_functions(loaded: Loaded, known: Known) -> list[Problem]:
    """Names without a function, and, when every file could be understood, functions without a use."""
    uses = [use for resource in loaded.understood.types.values() for use in _uses(loaded, resource)]
    registered = {"command": known.commands, "read": known.reads, "check": known.checks}
    found = [
        Problem(use.position, f"unknown-{use.kind}", _missing(use), closest(use.name, registered[use.kind]))
        for use in uses
        if use.name not in registered[use.kind]
    ]
    used = {(use.kind, use.name) for use in uses} | known.spare
    return found if loaded.definitions is None else found + _unused(used, registered)


def used_functions(loaded: Loaded) -> frozenset[tuple[str, str]]:
    """The functions that definitions name, each as its kind and name."""
    return frozenset((use.kind, use.name) for resource in loaded.understood.types.values() for use in _uses(loaded, resource))


def _missing(use: _Use) -> str:
    return f"no function is registered for the {use.kind} {use.name!r}"


def _unused(used: Set[tuple[str, str]], registered: Mapping[str, frozenset[str]]) -> list[Problem]:
    return [
        Problem(FUNCTIONS, f"unused-{kind}", f"the function registered for the {kind} {name!r} is used by no definition")
        for kind, names in registered.items()
        for name in sorted(names)
        if (kind, name) not in used
    ]


def _uses(loaded: Loaded, resource: ResourceType) -> Iterator[_Use]:
    name = resource.name
    for attribute in resource.attributes.values():
        if attribute.check is not None:
            yield _Use("check", attribute.check, loaded.place(name, "attributes", attribute.name, "check"))
    for read in resource.reads.values():
        if read.source:
            yield _Use("read", read.source, loaded.place(name, "reads", read.name, "from"))
    if resource.lifecycle is None:
        return
    for state in resource.lifecycle.states.values():
        if state.run is not None:
            yield _Use("command", state.run, loaded.place(name, "lifecycle", "states", state.name, "run"))
    for transition in resource.lifecycle.transitions.values():
        if transition.run is not None:
            yield _Use("command", transition.run, loaded.place(name, "lifecycle", "transitions", transition.name, "run"))
