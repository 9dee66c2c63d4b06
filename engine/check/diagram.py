"""A lifecycle as a Mermaid state diagram, with the commands that states run and the ways their outcomes lead."""

from __future__ import annotations

from collections.abc import Iterator

from engine.check.durations import duration
from engine.model import Lifecycle, ResourceType, State, Transition

_COLOURS = {
    "good": "fill:#d3f9d8,stroke:#2b8a3e,color:#000",
    "busy": "fill:#d0ebff,stroke:#1971c2,color:#000",
    "warn": "fill:#fff3bf,stroke:#e67700,color:#000",
    "bad": "fill:#ffe3e3,stroke:#c92a2a,color:#000",
}


def mermaid(resource: ResourceType) -> str:
    """The diagram of a type's lifecycle as Mermaid text; without lifecycle, a diagram of the one state it has."""
    lifecycle = resource.lifecycle
    if lifecycle is None:
        return "stateDiagram-v2\n    [*] --> exists\n"
    lines = ["direction LR", *_states(lifecycle), f"[*] --> {_id(lifecycle.initial)}", *_moves(lifecycle), *_colours(lifecycle)]
    return "\n".join(["stateDiagram-v2", *(f"    {line}" for line in lines)]) + "\n"


def _id(state: str) -> str:
    """An identifier that is no word of Mermaid's own, as `end` and `state` are."""
    return f"s_{state}"


def _states(lifecycle: Lifecycle) -> Iterator[str]:
    for state in lifecycle.states.values():
        runs = f"<br/>runs {state.run}" if state.run is not None else ""
        yield f'state "{state.name}{runs}" as {_id(state.name)}'


def _moves(lifecycle: Lifecycle) -> Iterator[str]:
    for transition in lifecycle.transitions.values():
        for source in transition.sources:
            yield f"{_id(source)} --> {_id(transition.target)} : {_label(transition, lifecycle.states[source])}"
    for state in lifecycle.states.values():
        if state.then is not None:
            yield f"{_id(state.name)} --> {_id(state.then)} : done"
        if state.otherwise is not None:
            limit = f", or not done within {duration(state.within)}" if state.within is not None else ""
            yield f"{_id(state.name)} --> {_id(state.otherwise)} : failed{limit}"
        if state.final:
            yield f"{_id(state.name)} --> [*]"


def _label(transition: Transition, source: State) -> str:
    words = [transition.name]
    words += [f"after {duration(timer.seconds)}" for timer in source.after if timer.transition == transition.name]
    if transition.by == "system":
        words.append("by the system")
    if transition.run is not None:
        words.append(f"runs {transition.run}")
    return words[0] if len(words) == 1 else f"{words[0]} ({', '.join(words[1:])})"


def _colours(lifecycle: Lifecycle) -> Iterator[str]:
    for tone, colour in _COLOURS.items():
        names = [_id(state.name) for state in lifecycle.states.values() if state.tone == tone]
        if names:
            yield f"classDef {tone} {colour}"
            yield f"class {','.join(names)} {tone}"
