"""The structure of a lifecycle: every state is reached, none is a trap, and whatever happens a row comes to rest.

A state is at rest when nothing happens in it by itself: it runs no command and has no timer. These checks come first, with
the place of every state; the same lifecycle is then handed to python-statemachine as a second, independent proof.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from engine.check.proof import prove
from engine.loader.problem import Problem
from engine.model import Lifecycle, ResourceType, State

Edges: TypeAlias = Mapping[str, frozenset[str]]


def check_lifecycle(resource: ResourceType) -> list[Problem]:
    """Everything that is wrong with the structure of a type's lifecycle."""
    lifecycle = resource.lifecycle
    if lifecycle is None:
        return []
    found = [*_unreachable(lifecycle), *_traps(lifecycle), *_restless(lifecycle), *_endless(lifecycle)]
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
        leads[state.name] |= outcomes(state)
    return {name: frozenset(targets) for name, targets in leads.items()}


def outcomes(state: State) -> set[str]:
    """Where the command of a state leads."""
    return {target for target in (state.then, state.otherwise) if target is not None}


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


def _unreachable(lifecycle: Lifecycle) -> list[Problem]:
    reached = _reached([lifecycle.initial], edges(lifecycle))
    message = "no row can ever be {}: nothing leads to it from the initial state " + lifecycle.initial
    return [
        Problem(state.position, "unreachable-state", message.format(state.name))
        for state in lifecycle.states.values()
        if state.name not in reached
    ]


def _traps(lifecycle: Lifecycle) -> list[Problem]:
    leads = edges(lifecycle)
    message = "nothing leads out of {}; mark it 'final: true', or add a transition"
    return [
        Problem(state.position, "trap-state", message.format(state.name))
        for state in lifecycle.states.values()
        if not state.final and not leads[state.name]
    ]


def _restless(lifecycle: Lifecycle) -> list[Problem]:
    """States from which no state of rest can be reached."""
    back: dict[str, set[str]] = {name: set() for name in lifecycle.states}
    for source, targets in edges(lifecycle).items():
        for target in targets:
            back[target].add(source)
    resting = [state.name for state in lifecycle.states.values() if at_rest(state)]
    calm = _reached(resting, {name: frozenset(sources) for name, sources in back.items()})
    message = "from {} no row ever comes to rest: every way leads to another command or timer"
    return [
        Problem(state.position, "never-rests", message.format(state.name))
        for state in lifecycle.states.values()
        if state.name not in calm
    ]


def _endless(lifecycle: Lifecycle) -> list[Problem]:
    """States whose outcomes alone lead back to them: commands that could follow each other without an end."""
    leads: Edges = {state.name: frozenset(outcomes(state)) for state in lifecycle.states.values()}
    message = "the outcomes of commands alone lead from {} back to it, so commands could follow each other for ever"
    return [
        Problem(state.position, "endless-commands", message.format(state.name))
        for state in lifecycle.states.values()
        if state.name in _reached(leads[state.name], leads)
    ]
