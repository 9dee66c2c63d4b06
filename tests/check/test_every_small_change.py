"""Every small change to the sound lifecycles, one at a time, against an explorer that tries everything that can happen."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

import pytest

from engine.check import check
from engine.loader import Loaded, load
from engine.model import Definitions, Lifecycle, ResourceType, State, Transition
from engine.settings.declared import SHIPPED_RESOURCES
from tests.check.explorer import Explorer
from tests.check.test_mutants import HERE

NEVER = {"by-never-holds", "guard-never-holds", "guards-contradict", "never-fires"}
#: Values that the rules of these types tell apart.
WORLDS: Mapping[str, Mapping[str, tuple[Any, ...]]] = {
    "deployments": {},
    "templates": {},
    "nodes": {"public": (True, False)},
    "domains": {"tries": (0, 5)},
}


def changes(lifecycle: Lifecycle) -> Iterator[Lifecycle]:
    """The lifecycle with one thing changed: something left out, leading elsewhere, or closed to people."""
    for transition in lifecycle.transitions.values():
        yield _with(lifecycle, transitions={name: each for name, each in lifecycle.transitions.items() if each != transition})
        yield _moved(lifecycle, transition, by="system")
        for target in lifecycle.states:
            if target != transition.target:
                yield _moved(lifecycle, transition, target=target)
        for source in transition.sources if len(transition.sources) > 1 else ():
            yield _moved(lifecycle, transition, sources=tuple(each for each in transition.sources if each != source))
    for state in lifecycle.states.values():
        if state.after:
            yield _stated(lifecycle, state, after=())
        for exit_ in ("then", "otherwise") if state.run is not None else ():
            for target in lifecycle.states:
                yield _stated(lifecycle, state, **{exit_: target})
    for initial in lifecycle.states.values():
        if not initial.final:
            yield _with(lifecycle, initial=initial.name)


def _with(lifecycle: Lifecycle, **changed: Any) -> Lifecycle:
    return dataclasses.replace(lifecycle, **changed)


def _moved(lifecycle: Lifecycle, transition: Transition, **changed: Any) -> Lifecycle:
    return _with(lifecycle, transitions={**lifecycle.transitions, transition.name: dataclasses.replace(transition, **changed)})


def _stated(lifecycle: Lifecycle, state: State, **changed: Any) -> Lifecycle:
    return _with(lifecycle, states={**lifecycle.states, state.name: dataclasses.replace(state, **changed)})


def _loaded(loaded: Loaded, resource: ResourceType, lifecycle: Lifecycle) -> Loaded:
    changed = dataclasses.replace(resource, lifecycle=lifecycle, examples=())
    return dataclasses.replace(
        loaded, understood=Definitions(MappingProxyType({**loaded.understood.types, resource.name: changed}))
    )


@pytest.mark.parametrize("name", WORLDS)
def test_each_change_is_found_exactly_as_far_as_it_matters(name: str) -> None:
    loaded = load([SHIPPED_RESOURCES, HERE / "lifecycles"])
    resource = loaded.understood.types[name]
    lifecycle = resource.lifecycle
    assert lifecycle is not None
    places = {each.position: each.name for each in (*lifecycle.states.values(), *lifecycle.transitions.values())}
    faults = 0
    for mutant in changes(lifecycle):
        changed = _loaded(loaded, resource, mutant)
        problems = [each for each in check(changed) if each.code != "lifecycle-unsound"]
        found = {("never" if each.code in NEVER else each.code, places.get(each.position, "")) for each in problems}
        explored = Explorer(changed.understood, changed.understood.types[name], WORLDS[name]).findings()
        expected = {each for each in explored if each[0] != "source-never-fires"}  # `*` names no state
        assert found == expected, mutant
        faults += bool(expected)
    assert faults > 5
