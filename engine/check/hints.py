"""What is worth a thought and no problem: rules that no example shows, states left to workers, attempts that have no time."""

from __future__ import annotations

from collections.abc import Iterator

from engine.check.coverage import uncovered
from engine.check.moves import Moves
from engine.check.stuck import left_to_workers
from engine.check.understood import Understood
from engine.check.ways import Ways
from engine.loader.loading import Loaded
from engine.loader.problem import Problem, in_order
from engine.model import Lifecycle, ResourceType, State


def hints(loaded: Loaded) -> tuple[Problem, ...]:
    """Every hint about the types whose files have no problem."""
    whole = [each for each in loaded.understood.types.values() if loaded.whole(each.name)] if loaded.definitions else []
    return in_order(hint for each in whole for hint in _hints(loaded, each))


def _hints(loaded: Loaded, resource: ResourceType) -> Iterator[Problem]:
    yield from uncovered(loaded, resource)
    if resource.lifecycle is not None:
        yield from left_to_workers(Moves(Understood(loaded.understood, resource), resource.lifecycle), Ways(resource.lifecycle))
        yield from _without_time(loaded, resource, resource.lifecycle)


def _without_time(loaded: Loaded, resource: ResourceType, lifecycle: Lifecycle) -> Iterator[Problem]:
    """Attempts that come after the deadline, with the shortest pauses that the declared back-off makes."""
    for state in lifecycle.states.values():
        possible = _attempts(state)
        if possible < state.retry.attempts:
            message = f"{state.run} is tried {possible} times at most, not {state.retry.attempts}: the pauses outlast 'within'"
            position = loaded.place(resource.name, "lifecycle", "states", state.name, "retry")
            yield Problem(position, "attempts-without-time", message)


def _attempts(state: State) -> int:
    """How many attempts can begin before the deadline; a pause is half as long as declared at the least."""
    retry, passed = state.retry, 0.0
    for attempt in range(1, retry.attempts):
        passed += min(retry.max_delay, retry.delay * 2 ** (attempt - 1)) / 2
        if state.within is not None and passed >= state.within:
            return attempt
    return retry.attempts
