"""Our checks of a lifecycle's structure, held against python-statemachine's on random lifecycles."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.check.lifecycle import at_rest, check_lifecycle
from engine.check.proof import prove
from engine.model import Lifecycle, ResourceType, State, Timer, Transition

NAMES = ("model", "send", "state", "initial_state", "a", "b")
STRUCTURE = {"unreachable-state", "trap-state", "never-rests"}


@st.composite
def lifecycles(draw: st.DrawFn) -> Lifecycle:
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=5, unique=True))
    kinds = {name: draw(st.sampled_from(["plain", "final", "run", "timer"])) for name in names}
    some_state = st.sampled_from(names)
    states = {}
    for name, kind in kinds.items():
        outcome = (
            {"run": "do.it", "then": draw(some_state), "otherwise": draw(some_state), "within": 1.0} if kind == "run" else {}
        )
        states[name] = State(name=name, final=kind == "final", **outcome)  # type: ignore[arg-type]  # built by kind
    moving = [name for name in names if kinds[name] != "final"]
    transitions = {}
    for number in range(draw(st.integers(0, 6)) if moving else 0):
        sources = tuple(draw(st.lists(st.sampled_from(moving), min_size=1, max_size=3, unique=True)))
        transitions[f"move{number}"] = Transition(name=f"move{number}", sources=sources, target=draw(some_state), by="system")
    for name in names:
        leaving = [move.name for move in transitions.values() if name in move.sources]
        if kinds[name] == "timer" and leaving:
            states[name] = State(name=name, after=(Timer(60.0, leaving[0]),))
    return Lifecycle(attribute="status", initial=names[0], states=states, transitions=transitions)


@settings(max_examples=300, deadline=None)
@given(lifecycle=lifecycles())
def test_the_library_objects_exactly_where_we_do(lifecycle: Lifecycle) -> None:
    ours = {problem.code for problem in check_lifecycle(ResourceType(name="things", lifecycle=lifecycle))}
    assert "lifecycle-unsound" not in ours
    if any(at_rest(state) for state in lifecycle.states.values()):
        assert (prove(lifecycle) is not None) == bool(ours & STRUCTURE)
    else:
        assert "never-rests" in ours


def test_the_library_names_the_state_it_objects_to() -> None:
    states = {"open": State(name="open"), "model": State(name="model")}
    move = Transition(name="send", sources=("open",), target="open", by="system")
    refusal = prove(Lifecycle(attribute="status", initial="open", states=states, transitions={"send": move}))
    assert refusal is not None
    assert "['model']" in refusal


def test_a_lifecycle_without_a_final_state_is_sound() -> None:
    states = {"online": State(name="online"), "offline": State(name="offline")}
    up = Transition(name="up", sources=("offline",), target="online", by="system")
    down = Transition(name="down", sources=("online",), target="offline", by="system")
    lifecycle = Lifecycle(attribute="status", initial="offline", states=states, transitions={"up": up, "down": down})
    assert check_lifecycle(ResourceType(name="nodes", lifecycle=lifecycle)) == []
