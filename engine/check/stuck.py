"""Rows that nobody can move on, and rows at rest that nobody can delete.

A state is at rest when it runs no command and has no timer. What only the system moves is in order where somebody can at
least remove the row; a worker that moves it cannot be seen from here.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.check.lifecycle import at_rest
from engine.check.moves import Moves
from engine.check.ways import Ways
from engine.loader.problem import Problem
from engine.model import ResourceType, State, Transition

DELETE = "delete"
_RESPONSIBLE = ("owner", "operator")


def check_stuck(moves: Moves, ways: Ways) -> Iterator[Problem]:
    """States at rest from which nobody can move a row, or only a worker that may never do so."""
    for state in _resting(moves):
        leaving = _leaving(moves, state)
        if not leaving or any(moves.offered(each, state.name) for each in leaving):
            continue
        if not any(each.by == "system" and moves.fires(each, state.name) for each in leaving):
            message = f"nobody can move a row on that is {state.name}: none of {_names(leaving)} can be fired by anybody"
            yield Problem(state.position, "stuck-state", f"{message}; {ways.to(state.name)}")
        elif not moves.removable(state.name):
            yield Problem(state.position, "only-system-moves", f"{_only_system(state, leaving)}; {ways.to(state.name)}")


def left_to_workers(moves: Moves, ways: Ways) -> Iterator[Problem]:
    """States at rest that only a worker moves on, though people can remove the row: worth a thought, and no problem."""
    for state in _resting(moves):
        leaving = _leaving(moves, state)
        by_system = any(each.by == "system" and moves.fires(each, state.name) for each in leaving)
        if by_system and moves.removable(state.name) and not any(moves.offered(each, state.name) for each in leaving):
            yield Problem(state.position, "left-to-workers", f"{_only_system(state, leaving)}; {ways.to(state.name)}")


def check_deletion(moves: Moves, ways: Ways) -> Iterator[Problem]:
    """States at rest in which nobody can delete a row, where the type has a transition for it.

    That it is on purpose, an example says with `cannot: [delete]` for the owner or an operator in that state, or
    `access.delete` with a rule that is never true there.
    """
    delete = moves.lifecycle.transitions.get(DELETE)
    if delete is None or delete.by == "system":
        return
    for state in _resting(moves):
        possible = state.name in delete.sources and moves.offered(delete, state.name)
        if not possible and not on_purpose(moves, state):
            message = (
                f"nobody can delete a row that is {state.name}: delete starts from {', '.join(delete.sources)}; "
                f"{ways.to(state.name)}"
            )
            hint = f"add it to 'from', or an example: {{as: owner, when: {{{moves.lifecycle.attribute}: {state.name}}}, "
            yield Problem(state.position, "delete-impossible", message, f"{hint}cannot: [delete]}}")


def on_purpose(moves: Moves, state: State) -> bool:
    """Whether the definition says that a row is not to be deleted in a state."""
    return _shown(moves.resource, state.name) or not moves.deletion_allowed(state.name)


def _shown(resource: ResourceType, state: str) -> bool:
    """Whether an example says so of somebody who could be expected to."""
    lifecycle = resource.lifecycle
    return lifecycle is not None and any(
        each.actor in _RESPONSIBLE and DELETE in each.cannot and each.when.get(lifecycle.attribute, lifecycle.initial) == state
        for each in resource.examples
    )


def _resting(moves: Moves) -> Iterator[State]:
    return (state for state in moves.lifecycle.states.values() if at_rest(state) and not state.final)


def _leaving(moves: Moves, state: State) -> list[Transition]:
    return [each for each in moves.lifecycle.transitions.values() if state.name in each.sources]


def _only_system(state: State, leaving: list[Transition]) -> str:
    return (
        f"only the system moves a row on that is {state.name}, by {_names(leaving)}, and no timer or command makes it do so: "
        "when no worker does, nobody can help"
    )


def _names(transitions: list[Transition]) -> str:
    return ", ".join(each.name for each in transitions)
