"""The ways through a lifecycle as people read them: created → pending –start→ scheduled –(the command failed)→ failed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from engine.check.durations import duration
from engine.model import Lifecycle, State, Transition


@dataclass(frozen=True, slots=True)
class Step:
    """A move from one state to another; `event` is what causes it, in brackets where nobody fires it by name."""

    source: str
    event: str
    target: str

    def __str__(self) -> str:
        return f" –{self.event}→ {self.target}"


class Ways:
    """The shortest way to each state from the creation of a row."""

    def __init__(self, lifecycle: Lifecycle) -> None:
        self.initial = lifecycle.initial
        self.steps = tuple(_steps(lifecycle))
        self._last = _shortest(lifecycle.initial, self.steps)

    def to(self, state: str) -> str:
        """The way to a state; only its name where no way leads there."""
        if state != self.initial and state not in self._last:
            return state
        steps: list[Step] = []
        while state != self.initial:
            steps.append(self._last[state])
            state = self._last[state].source
        return f"created → {self.initial}{''.join(map(str, reversed(steps)))}"

    def by(self, transition: Transition, source: str) -> str:
        """The way that ends with a transition from one of its states."""
        return f"{self.to(source)}{Step(source, transition.name, transition.target)}"


def outcomes(state: State) -> Iterator[Step]:
    """Where the command of a state leads."""
    if state.then is not None:
        yield Step(state.name, f"({state.run} done)", state.then)
    if state.otherwise is not None:
        yield Step(state.name, f"({state.run} failed)", state.otherwise)


def round_trip(state: str, steps: Iterable[Step]) -> str:
    """The shortest way from a state back to it by some steps; empty where there is none."""
    ways = tuple(steps)
    starts = [step for step in ways if step.source == state]
    found: list[list[Step]] = [[step] for step in starts]
    seen = {step.target for step in starts}
    for way in found:
        if way[-1].target == state:
            return state + "".join(map(str, way))
        for step in ways:
            if step.source == way[-1].target and (step.target == state or step.target not in seen):
                seen.add(step.target)
                found.append([*way, step])
    return ""


def _steps(lifecycle: Lifecycle) -> Iterator[Step]:
    for transition in lifecycle.transitions.values():
        for source in transition.sources:
            timers = [each for each in lifecycle.states[source].after if each.transition == transition.name]
            event = f"({transition.name} after {duration(timers[0].seconds)})" if timers else transition.name
            yield Step(source, event, transition.target)
    for state in lifecycle.states.values():
        yield from outcomes(state)


def _shortest(initial: str, steps: Iterable[Step]) -> Mapping[str, Step]:
    """The last step of the shortest way to each state that can be reached."""
    leaving: dict[str, list[Step]] = {}
    for step in steps:
        leaving.setdefault(step.source, []).append(step)
    last: dict[str, Step] = {}
    waiting = [initial]
    for state in waiting:
        for step in leaving.get(state, ()):
            if step.target != initial and step.target not in last:
                last[step.target] = step
                waiting.append(step.target)
    return last
