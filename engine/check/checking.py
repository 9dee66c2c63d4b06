"""All checks of loaded definitions, in one list with what the loader found."""

from __future__ import annotations

from collections.abc import Iterator

from engine.check.access import check_access
from engine.check.comparisons import check_comparisons
from engine.check.examples import check_examples
from engine.check.functions import Known, check_functions
from engine.check.lifecycle import check_lifecycle
from engine.check.moves import Moves
from engine.check.never import check_moves
from engine.check.stuck import check_deletion, check_stuck
from engine.check.understood import Understood
from engine.check.validity import check_validity
from engine.check.ways import Ways
from engine.loader.loading import Loaded
from engine.loader.problem import Problem, in_order
from engine.model import ResourceType
from engine.rules import RuleError


def check(loaded: Loaded, known: Known | None = None) -> tuple[Problem, ...]:
    """Every problem, in the order of the files; none means that the definitions can be served.

    Without `known`, the names of functions are not checked.
    """
    found = list(loaded.problems)
    for resource in loaded.understood.types.values():
        if loaded.sound(resource.name, "lifecycle"):
            found += check_lifecycle(resource)
        if loaded.whole(resource.name):
            found += check_examples(loaded, resource)
            found += _possibilities(loaded, resource)
    if known is not None:
        found += check_functions(loaded, known)
    return in_order(found)


def _possibilities(loaded: Loaded, resource: ResourceType) -> list[Problem]:
    """What can never happen, or never be true, by the rules of a type."""
    rules, lifecycle = Understood(loaded.understood, resource), resource.lifecycle
    ways = Ways(lifecycle) if lifecycle is not None else None
    found: list[Problem] = []
    try:
        if lifecycle is not None and ways is not None:
            found += _movements(loaded, Moves(rules, lifecycle), ways)
        found += check_access(rules)
        found += check_validity(loaded, rules, ways)
        found += check_comparisons(loaded, rules, {problem.position for problem in found})
    except RuleError:
        return []  # a rule of another file is wrong, which is reported there
    return found


def _movements(loaded: Loaded, moves: Moves, ways: Ways) -> Iterator[Problem]:
    yield from check_moves(loaded, moves, ways)
    yield from check_stuck(moves, ways)
    yield from check_deletion(moves, ways)
