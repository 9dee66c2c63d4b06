"""The compiled table of moves against python-statemachine: random lifecycles, random events, one opinion."""

import asyncio
import random
import tempfile
from itertools import pairwise
from pathlib import Path

import pytest
from statemachine.exceptions import TransitionNotAllowed
from statemachine.io import create_machine_class_from_definition

from engine.access import SYSTEM
from engine.store.moves import GuardFailed, WrongState
from tests.support import shut, system

STRICT = {
    "allow_event_without_transition": False, "catch_errors_as_events": False,
    "atomic_configuration_update": True, "enable_self_transition_entries": False,
}  # fmt: skip


def lifecycle(chance: random.Random) -> tuple[list[str], dict[str, tuple[list[str], str, bool]]]:
    """States in a chain, so that each is reachable and leads to the last, with random transitions besides."""
    states = [f"s{number}" for number in range(chance.randint(2, 7))]
    moves = {f"next{number}": ([a], b, False) for number, (a, b) in enumerate(pairwise(states))}
    for number in range(chance.randint(0, 6)):
        sources = chance.sample(states[:-1], chance.randint(1, len(states) - 1))
        moves[f"jump{number}"] = (sources, chance.choice(states), chance.random() < 0.5)
    return states, moves


def as_yaml(states: list[str], moves: dict[str, tuple[list[str], str, bool]]) -> str:
    lines = ["attributes:", "  go: {type: boolean, default: true}", "lifecycle:", f"  initial: {states[0]}", "  states:"]
    lines += [f"    {state}: {{{'final: true' if state == states[-1] else ''}}}" for state in states]
    lines.append("  transitions:")
    for name, (sources, target, guarded) in moves.items():
        needs = ", needs: {go: The light is red}" if guarded else ""
        lines.append(f"    {name}: {{from: [{', '.join(sources)}], to: {target}{needs}}}")
    return "\n".join(lines) + "\n"


def as_machine(states: list[str], moves: dict[str, tuple[list[str], str, bool]], model: object):
    definition = {state: {"initial": state == states[0], "final": state == states[-1], "on": {}} for state in states}
    for name, (sources, target, guarded) in moves.items():
        for source in sources:
            definition[source]["on"].setdefault(name, []).append({"target": target} | ({"cond": "go"} if guarded else {}))
    definition[states[-1]].pop("on")
    return create_machine_class_from_definition("Oracle", states=definition, **STRICT)(model)


class Model:
    """What the oracle's guards look at."""

    go = True


@pytest.mark.parametrize("seed", range(12))
def test_both_allow_and_refuse_the_same_moves(seed: int) -> None:
    chance = random.Random(seed)
    states, moves = lifecycle(chance)

    async def run() -> int:
        compared = 0
        with tempfile.TemporaryDirectory() as folder:
            world = await system(Path(folder), {"things": as_yaml(states, moves)})
            kind = world.store.kind("things")
            for _ in range(4):
                model = Model()
                machine = as_machine(states, moves, model)
                row = (await world.write(lambda unit: unit.create(kind, {}))).id
                for _ in range(25):
                    name, model.go = chance.choice(list(moves)), chance.random() < 0.7
                    record = world.service.get(SYSTEM, "things", row).record
                    await world.write(lambda unit, record=record, go=model.go: unit.update(kind, record, {"go": go}))
                    try:
                        machine.send(name)
                        allowed = True
                    except TransitionNotAllowed:
                        allowed = False
                    try:
                        await world.service.fire(SYSTEM, "things", row, name, {})
                        fired = True
                    except (WrongState, GuardFailed):
                        fired = False
                    assert fired == allowed, (name, model.go)
                    assert {world.state("things", row)} == set(machine.configuration_values)
                    compared += 1
            await shut(world)
        return compared

    assert asyncio.run(run()) == 100
