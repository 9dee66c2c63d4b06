"""python-statemachine as the second opinion on a lifecycle.

It is built from data through `create_machine_class_from_definition`, which checks structure (the library's `load` switches
those checks off). The library demands a path to a final state; ours must reach a final state or one of rest, so every
state of rest gets a way to one further final state. Names get a prefix, because the library keeps states and events as
attributes of one class, where `model` or `send` would clash. Importing it costs 150 ms, so only those who ask pay.
"""

from __future__ import annotations

from typing import Any

from engine.model import Lifecycle

_STATE, _END = "state_", "end_of_all"
_STRICT = {
    "allow_event_without_transition": False,
    "catch_errors_as_events": False,
    "atomic_configuration_update": True,
    "enable_self_transition_entries": False,
}


def prove(lifecycle: Lifecycle) -> str | None:
    """What the library objects to, None when it accepts the lifecycle."""
    from statemachine.exceptions import InvalidDefinition
    from statemachine.io import create_machine_class_from_definition

    try:
        create_machine_class_from_definition("Lifecycle", states=_definition(lifecycle), **_STRICT)
    except InvalidDefinition as error:
        return str(error).replace(_STATE, "")
    return None


def _definition(lifecycle: Lifecycle) -> dict[str, Any]:
    states: dict[str, Any] = {name: {"on": {}} for name in lifecycle.states}
    for transition in lifecycle.transitions.values():
        for source in transition.sources:
            _add(states[source], f"fire_{transition.name}", transition.target)
    for state in lifecycle.states.values():
        for event, target in (("done", state.then), ("failed", state.otherwise)):
            if target is not None:
                _add(states[state.name], event, target)
    for state in lifecycle.states.values():
        if not state.final and state.run is None and not state.after and states[state.name]["on"]:
            states[state.name]["on"]["rest"] = [{"target": _END}]
    return _named(lifecycle, states)


def _add(state: dict[str, Any], event: str, target: str) -> None:
    state["on"].setdefault(event, []).append({"target": _STATE + target})


def _named(lifecycle: Lifecycle, states: dict[str, Any]) -> dict[str, Any]:
    named: dict[str, Any] = {}
    for name, state in states.items():
        named[_STATE + name] = {
            "initial": name == lifecycle.initial,
            "final": lifecycle.states[name].final,
            **({"on": state["on"]} if state["on"] else {}),
        }
    if any("rest" in state["on"] for state in states.values()):
        named[_END] = {"final": True}
    return named
