"""Transitions that nobody can ever fire, or not from a state that they name, and timers that are always refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine.check.moves import SOMEBODY, Moves
from engine.check.ways import Ways
from engine.loader.loading import Loaded
from engine.loader.node import Node
from engine.loader.problem import Problem
from engine.loader.structure import find
from engine.model import NOWHERE, Guard, Position, RuleText, Transition

_EVERY = "*"


def check_moves(loaded: Loaded, moves: Moves, ways: Ways) -> Iterator[Problem]:
    """Every transition and timer that is certain never to happen, with the way to where it would."""
    for transition in moves.lifecycle.transitions.values():
        found = tuple(_never(moves, ways, transition))
        yield from found
        if not found:
            yield from _sometimes_never(loaded, moves, ways, transition)
            yield from _refused_timers(moves, ways, transition)


def _never(moves: Moves, ways: Ways, transition: Transition) -> Iterator[Problem]:
    """Why a transition can be fired from none of its states."""
    states = ", ".join(transition.sources)
    way = ways.by(transition, transition.sources[0])
    by = transition.by
    if isinstance(by, RuleText) and not any(moves.allows(transition, source) for source in transition.sources):
        message = f"nobody may ever fire {transition.name}: this is never true of a row that is {states}; {way}"
        yield Problem(_place(by, transition), "by-never-holds", message, "write 'by: system' where only the system fires it")
        return
    for guard in transition.guards:
        if not any(moves.passes(transition, [guard], source) for source in transition.sources):
            message = f"{transition.name} is never possible: this is never true of a row that is {states}; {way}"
            yield Problem(guard.rule.position, "guard-never-holds", message)
            return
    against = _contradiction(moves, transition, SOMEBODY)
    if against is not None:
        message = f"{transition.name} is never possible: this contradicts what it needs before; {way}"
        yield Problem(against.rule.position, "guards-contradict", message)
    elif not any(moves.fires(transition, source) for source in transition.sources):
        yield _never_fires(moves, transition, way)


def _never_fires(moves: Moves, transition: Transition, way: str) -> Problem:
    if transition.by == "system":
        guard = _contradiction(moves, transition, "system")
        message = f"{transition.name} is never possible: rules know nothing of the system, for which this is never true; {way}"
        return Problem(guard.rule.position if guard is not None else transition.position, "never-fires", message)
    message = f"nobody can fire {transition.name}: who may, never sees such a row, or never meets its conditions; {way}"
    return Problem(transition.position, "never-fires", message)


def _contradiction(moves: Moves, transition: Transition, caller: str) -> Guard | None:
    """The first guard that leaves no case in which it and those before it hold, whatever the state."""
    for count, guard in enumerate(transition.guards, start=1):
        if not any(moves.passes(transition, transition.guards[:count], source, caller) for source in transition.sources):
            return guard
    return None


def _sometimes_never(loaded: Loaded, moves: Moves, ways: Ways, transition: Transition) -> Iterator[Problem]:
    """States that a transition names though it can never be fired from them; `*` names none."""
    for source, position in _named_sources(loaded, moves, transition).items():
        if not moves.fires(transition, source):
            message = f"{transition.name} can never be fired from {source}: {_reason(moves, transition, source)}"
            yield Problem(position, "source-never-fires", f"{message}; {ways.by(transition, source)}")


def _reason(moves: Moves, transition: Transition, source: str) -> str:
    if transition.by != "system" and not moves.allows(transition, source):
        return "nobody may do so then"
    for guard in transition.guards:
        if not moves.passes(transition, [guard], source):
            return f"it needs {guard.rule.text}"
    return "what it needs cannot all be true then"


def _named_sources(loaded: Loaded, moves: Moves, transition: Transition) -> Mapping[str, Position]:
    draft = loaded.drafts[moves.resource.name]
    written = find(draft.root, ("lifecycle", "transitions", transition.name, "from")) or Node(_EVERY, 1, 1)
    places = written.elements() or [written]
    if any(each.value == _EVERY for each in places):
        return {}
    return {str(each.value): draft.position(each) for each in places}


def _refused_timers(moves: Moves, ways: Ways, transition: Transition) -> Iterator[Problem]:
    for source in transition.sources:
        for timer in moves.lifecycle.states[source].after:
            if timer.transition == transition.name and not moves.rings(transition, source):
                message = (
                    f"this timer is always refused: {transition.name} needs what is never true without a caller and inputs; "
                    f"{ways.by(transition, source)}"
                )
                yield Problem(timer.position, "timer-never-fires", message)


def _place(rule: RuleText, transition: Transition) -> Position:
    return transition.position if rule.position == NOWHERE else rule.position
