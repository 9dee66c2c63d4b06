"""The events that lead to a state, and rounds that go on by themselves, as people read them."""

from __future__ import annotations

from engine.check.lifecycle import check_lifecycle
from engine.check.ways import Ways
from engine.model import Lifecycle, ResourceType, State, Timer, Transition


def busy(name: str, then: str, otherwise: str) -> State:
    return State(name=name, run=f"do.{name}", then=then, otherwise=otherwise, within=60.0)


def lifecycle(states: tuple[State, ...], transitions: tuple[Transition, ...]) -> Lifecycle:
    return Lifecycle(
        attribute="status",
        initial=states[0].name,
        states={state.name: state for state in states},
        transitions={each.name: each for each in transitions},
    )


WORK = lifecycle(
    (
        State(name="new", after=(Timer(172_800.0, "expire"),)),
        busy("working", "done", "failed"),
        State(name="done"),
        State(name="failed"),
        State(name="old", final=True),
        State(name="island"),
    ),
    (
        Transition(name="work", sources=("new", "failed"), target="working"),
        Transition(name="expire", sources=("new",), target="old", by="system"),
        Transition(name="drop", sources=("done", "failed"), target="old"),
        Transition(name="leave", sources=("island",), target="old"),
    ),
)


def test_the_shortest_way_to_a_state_tells_each_event() -> None:
    ways = Ways(WORK)
    assert ways.to("new") == "created → new"
    assert ways.to("done") == "created → new –work→ working –(do.working done)→ done"
    assert ways.to("failed") == "created → new –work→ working –(do.working failed)→ failed"
    assert ways.to("old") == "created → new –(expire after 2d)→ old"
    assert ways.to("island") == "island"
    assert ways.by(WORK.transitions["drop"], "done").endswith("–(do.working done)→ done –drop→ old")


def test_a_round_of_commands_is_told_whole() -> None:
    round_ = lifecycle(
        (State(name="new"), busy("one", "two", "new"), busy("two", "three", "new"), busy("three", "new", "one")),
        (Transition(name="go", sources=("new",), target="one"),),
    )
    found = check_lifecycle(ResourceType(name="things", lifecycle=round_))
    assert [problem.code for problem in found] == ["endless-commands"] * 3
    assert found[0].message == (
        "commands could follow each other for ever, without a delay: "
        "one –(do.one done)→ two –(do.two done)→ three –(do.three failed)→ one; created → new –go→ one"
    )


def test_a_timer_without_a_delay_makes_a_round_and_one_with_a_delay_does_not() -> None:
    def found(seconds: float) -> list[str]:
        waiting = State(name="waiting", after=(Timer(seconds, "again"),))
        again = Transition(name="again", sources=("waiting",), target="working", by="system")
        whole = lifecycle((waiting, busy("working", "done", "waiting"), State(name="done", final=True)), (again,))
        return [problem.code for problem in check_lifecycle(ResourceType(name="things", lifecycle=whole))]

    assert found(0.0) == ["endless-commands", "endless-commands"]
    assert found(1.0) == []
