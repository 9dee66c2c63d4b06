"""All checks of loaded definitions, in one list with what the loader found."""

from __future__ import annotations

from engine.check.examples import check_examples
from engine.check.functions import Known, check_functions
from engine.check.lifecycle import check_lifecycle
from engine.loader.loading import Loaded
from engine.loader.problem import Problem, in_order


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
    if known is not None:
        found += check_functions(loaded, known)
    return in_order(found)
