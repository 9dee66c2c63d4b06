"""The `lifecycle` section: states, transitions, and the names between them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import cast

from engine.loader.attributes import read_parameters
from engine.loader.draft import Draft, RuleUse
from engine.loader.node import Node
from engine.loader.values import duration, flag, names, text
from engine.loader.words import by
from engine.model import Attribute, Guard, Lifecycle, Retry, State, Timer, Tone, Transition

EVERY = "*"
LONGEST = 3650 * 86400.0


def read_lifecycle(draft: Draft, attributes: Mapping[str, Attribute], owner: str | None) -> Lifecycle | None:
    """The lifecycle of a type, None where it has none or where nothing of it could be understood."""
    node = draft.root.get("lifecycle")
    if node is None:
        return None
    states_node, transitions_node = node.get("states"), node.get("transitions")
    known = list(states_node.value) if states_node is not None and isinstance(states_node.value, dict) else []
    states = {name: _state(draft, name, key, each, known) for name, key, each in (states_node.items() if states_node else [])}
    entries = transitions_node.items() if transitions_node else []
    transitions = {name: _transition(draft, name, key, each, states, owner) for name, key, each in entries}
    _check_timers(draft, states_node, transitions)
    initial = _state_name(draft, node.get("initial"), known)
    if not states:
        draft.vague = True
        return None
    return Lifecycle(
        attribute=text(node, "attribute") or "status",
        initial=initial or next(iter(states)),
        states=MappingProxyType(states),
        transitions=MappingProxyType({name: each for name, each in transitions.items() if each is not None}),
        failure=_failure(draft, node.get("failure"), attributes),
        position=draft.position(draft.root.keys["lifecycle"]),
    )


def _state(draft: Draft, name: str, key: Node, node: Node, known: Collection[str]) -> State:
    run = text(node, "run")
    tone = text(node, "tone") or ("busy" if run is not None else "neutral")
    if flag(node, "final") and (run is not None or node.get("after") is not None):
        draft.report(node.keys["final"], "leaves-final-state", f"{name} is final, so it cannot run a command or have a timer")
    if flag(node, "gone") and not flag(node, "final"):
        draft.report(
            node.keys["gone"], "gone-not-final", f"{name} is gone but not final: rows would leave a state nobody can see"
        )
    return State(
        name=name,
        description=text(node, "description") or "",
        tone=cast(Tone, tone),
        run=run,
        then=_state_name(draft, node.get("then"), known),
        otherwise=_state_name(draft, node.get("else"), known),
        within=_seconds(draft, node.get("within"), f"lifecycle.states.{name}.within"),
        retry=_retry(draft, node.get("retry"), f"lifecycle.states.{name}.retry"),
        after=_timers(draft, node.get("after"), name),
        final=flag(node, "final"),
        gone=flag(node, "gone"),
        was=text(node, "was"),
        position=draft.position(key),
    )


def _state_name(draft: Draft, node: Node | None, known: Collection[str]) -> str | None:
    if node is None or not isinstance(node.value, str):
        return None
    if node.value in known:
        return node.value
    draft.report(node, "unknown-state", f"there is no state {node.value!r}", draft.closest(node.value, known))
    return None


def _seconds(draft: Draft, node: Node | None, name: str, least: float = 1.0) -> float | None:
    if node is None:
        return None
    seconds = duration(str(node.value))
    if not least <= seconds <= LONGEST:
        draft.report(node, "wrong-value", f"{name} is {node.value}; it must be {least:g}s to 3650d")
    return seconds


def _retry(draft: Draft, node: Node | None, name: str) -> Retry:
    if node is None:
        return Retry()
    if isinstance(node.value, int):
        return Retry(attempts=node.value)
    attempts, default = node.get("attempts"), Retry()
    delay = _seconds(draft, node.get("delay"), f"{name}.delay", 0.001)
    longest = _seconds(draft, node.get("max_delay"), f"{name}.max_delay", 0.001)
    if longest is not None and longest < (delay or default.delay):
        draft.report(node.get("max_delay") or node, "wrong-value", f"{name}.max_delay is shorter than the first delay")
    return Retry(
        attempts=attempts.value if attempts is not None and isinstance(attempts.value, int) else default.attempts,
        delay=delay or default.delay,
        max_delay=longest or max(default.max_delay, delay or 0),
    )


def _timers(draft: Draft, node: Node | None, state: str) -> tuple[Timer, ...]:
    timers = []
    for written, key, target in node.items() if node else []:
        place = Node(written, key.line, key.column)
        seconds = _seconds(draft, place, f"lifecycle.states.{state}.after")
        timers.append(Timer(seconds or 0.0, str(target.value), draft.position(target)))
    return tuple(timers)


def _transition(
    draft: Draft, name: str, key: Node, node: Node, states: Mapping[str, State], owner: str | None
) -> Transition | None:
    sources = _sources(draft, node, states)
    target = _state_name(draft, node.get("to"), states)
    inputs = read_parameters(draft, node.get("inputs"))
    transition_by = by(draft, node.get("by"), owner)
    guards = tuple(_guard(draft, place, message, inputs) for _, place, message in _entries(node.get("needs")))
    if target is None or not sources:
        draft.uncertain.add(name)
        return None
    return Transition(
        name=name,
        sources=sources,
        target=target,
        description=text(node, "description") or "",
        guards=guards,
        inputs=inputs,
        by=transition_by,
        confirm=flag(node, "confirm"),
        run=_run(draft, node, states[target]),
        position=draft.position(key),
    )


def _entries(node: Node | None) -> list[tuple[str, Node, Node]]:
    return node.items() if node is not None else []


def _guard(draft: Draft, place: Node, message: Node, inputs: Mapping[str, Attribute]) -> Guard:
    rule = draft.rule(place)
    draft.rules.append(RuleUse(rule, place, "guard", inputs=inputs))
    return Guard(rule, str(message.value))


def _sources(draft: Draft, node: Node, states: Mapping[str, State]) -> tuple[str, ...]:
    """The states a transition starts from; `*` is every other state that is not final."""
    found: list[str] = []
    for name, place in names(node.get("from")):
        if name == EVERY:
            found += [each.name for each in states.values() if not each.final and each.name != text(node, "to")]
        elif (source := _state_name(draft, place, states)) is not None:
            if states[source].final:
                draft.report(place, "leaves-final-state", f"{source} is final, so nothing can lead out of it")
            found.append(source)
    return tuple(dict.fromkeys(found))


def _run(draft: Draft, node: Node, target: State) -> str | None:
    """The transition's own command; the state it leads to must say where that command's outcome goes."""
    run = text(node, "run")
    if run is not None and target.run is None:
        message = f"the state {target.name} runs no command, so nothing says where the outcome of {run} leads"
        draft.report(node.keys["run"], "run-without-outcome", message)
    return run


def _check_timers(draft: Draft, states: Node | None, transitions: Mapping[str, Transition | None]) -> None:
    for state, _, node in _entries(states):
        for _, _, target in _entries(node.get("after")):
            name = str(target.value)
            transition = transitions.get(name)
            if name not in transitions:
                draft.report(target, "unknown-transition", f"there is no transition {name!r}", draft.closest(name, transitions))
            elif transition is not None and state not in transition.sources:
                message = f"the transition {name} does not start from {state}, so it can never fire here"
                draft.report(target, "timer-cannot-fire", message)


def _failure(draft: Draft, node: Node | None, attributes: Mapping[str, Attribute]) -> str | None:
    """The attribute for failure records: the one that is named, or a json attribute called failure."""
    if node is None:
        usual = attributes.get("failure")
        return "failure" if usual is not None and usual.type == "json" else None
    name = str(node.value)
    if name not in attributes:
        draft.report(node, "unknown-name", f"there is no attribute {name!r}", draft.closest(name, attributes))
        return None
    if attributes[name].type != "json":
        draft.report(node, "failure-not-json", f"a failure is a record, so {name} must be of the type json")
        return None
    return name
