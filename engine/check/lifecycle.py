"""The structure of a lifecycle: every state is reached, none is a trap, and whatever happens a row comes to rest.

A state is at rest when nothing happens in it by itself: it runs no command and has no timer. These checks come first, with
the place of every state; the same lifecycle is then handed to python-statemachine as a second, independent proof.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from typing import TypeAlias

from engine.check.proof import prove
from engine.check.ways import Step, Ways, round_trip
from engine.check.ways import outcomes as outcome_steps
from engine.loader.problem import Problem
from engine.model import Lifecycle, ResourceType, State

Edges: TypeAlias = Mapping[str, Set[str]]


def check_lifecycle(resource: ResourceType) -> list[Problem]:
    """Everything that is wrong with the structure of a type's lifecycle."""
    lifecycle = resource.lifecycle
    if lifecycle is None:
        return []
    ways = Ways(lifecycle)
    found = [*_unreachable(lifecycle), *_traps(lifecycle, ways), *_restless(lifecycle, ways), *_endless(lifecycle, ways)]
    if not found and (refusal := prove(lifecycle)) is not None:
        found.append(Problem(lifecycle.position, "lifecycle-unsound", refusal))
    return found


def edges(lifecycle: Lifecycle) -> Edges:
    """From each state, the states it can lead to: by a transition, by an outcome, by a timer."""
    leads: dict[str, set[str]] = {name: set() for name in lifecycle.states}
    for transition in lifecycle.transitions.values():
        for source in transition.sources:
            leads[source].add(transition.target)
    for state in lifecycle.states.values():
        leads[state.name] |= {step.target for step in outcome_steps(state)}
    return {name: frozenset(targets) for name, targets in leads.items()}


def at_rest(state: State) -> bool:
    """Whether a row can stay in this state for good."""
    return state.run is None and not state.after


def _reached(starts: Iterable[str], leads: Edges) -> set[str]:
    seen: set[str] = set()
    waiting = list(starts)
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += leads[name]
    return seen


def _unreachable(lifecycle: Lifecycle) -> Iterator[Problem]:
    leads = edges(lifecycle)
    reached = _reached([lifecycle.initial], leads)
    for state in lifecycle.states.values():
        if state.name not in reached:
            before = [source for source, targets in leads.items() if state.name in targets and source != state.name]
            why = f"only {', '.join(before)} leads to it, and no row can be that" if before else "nothing leads to it"
            message = f"no row can ever be {state.name}: {why}; rows begin as {lifecycle.initial}"
            yield Problem(state.position, "unreachable-state", message)


def _traps(lifecycle: Lifecycle, ways: Ways) -> Iterator[Problem]:
    leads = edges(lifecycle)
    for state in lifecycle.states.values():
        if not state.final and not leads[state.name]:
            message = f"nothing leads out of {state.name}; mark it 'final: true', or add a transition; {ways.to(state.name)}"
            yield Problem(state.position, "trap-state", message)


def _restless(lifecycle: Lifecycle, ways: Ways) -> Iterator[Problem]:
    """States from which no state of rest can be reached."""
    back: dict[str, set[str]] = {name: set() for name in lifecycle.states}
    for source, targets in edges(lifecycle).items():
        for target in targets:
            back[target].add(source)
    resting = [state.name for state in lifecycle.states.values() if at_rest(state)]
    calm = _reached(resting, {name: frozenset(sources) for name, sources in back.items()})
    for state in lifecycle.states.values():
        if state.name not in calm:
            message = f"from {state.name} no row ever comes to rest: every way leads to another command or timer"
            yield Problem(state.position, "never-rests", f"{message}; {ways.to(state.name)}")


def _endless(lifecycle: Lifecycle, ways: Ways) -> Iterator[Problem]:
    """States that moves without a delay lead out of and back to: outcomes, and timers that fire at once."""
    steps = [step for state in lifecycle.states.values() for step in _at_once(lifecycle, state)]
    leads: dict[str, set[str]] = {name: set() for name in lifecycle.states}
    for step in steps:
        leads[step.source].add(step.target)
    for state in lifecycle.states.values():
        if state.name in _reached(leads[state.name], leads):
            message = f"commands could follow each other for ever, without a delay: {round_trip(state.name, steps)}"
            yield Problem(state.position, "endless-commands", f"{message}; {ways.to(state.name)}")


def _at_once(lifecycle: Lifecycle, state: State) -> Iterator[Step]:
    """What moves a row out of a state by itself, with no time between that is given to anything but a command."""
    yield from outcome_steps(state)
    for timer in state.after:
        transition = lifecycle.transitions.get(timer.transition)
        if timer.seconds <= 0 and transition is not None:
            yield Step(state.name, f"({transition.name} at once)", transition.target)
