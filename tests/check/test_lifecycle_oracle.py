"""Random lifecycles with rules: `hoster check` finds exactly what an explorer finds that tries everything."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import event, given, settings
from hypothesis import strategies as st

from engine.check import check
from engine.loader import load
from tests.check.explorer import Explorer

SOUND = Path(__file__).parents[1] / "definitions" / "sound"
STATES = ("one", "two", "three", "four", "five")
WORLD: Mapping[str, tuple[Any, ...]] = {"level": ("low", "mid", "high"), "count": (0, 1, 2, 3), "open": (None, True, False)}
HEAD = """\
attributes:
  level: {type: enum, values: [low, mid, high], default: low, required: true}
  count: {type: integer, minimum: 0, maximum: 3, default: 0, required: true}
  open:  {type: boolean}
"""
GUARDS = ("level == 'low'", "level != 'low'", "count > 1", "count < 2", "open", "!open", "open == null", "old.count == 3",
          "status == 'one'", "status != 'one'", "status in ['two', 'three']", "user.known", "user.operator", "!user.operator",
          "count > 3", "owner in user.principals")  # fmt: skip
BY = ("owner", "operator", "known", "system", "owner in user.principals && status == 'one'", "user.operator && count == 0",
      "user.operator && !user.known", "level == 'mid'")  # fmt: skip
READ = ("owner", "known", "owner in user.principals || user.operator", "owner in user.principals && status != 'two'")
NEVER = {"by-never-holds", "guard-never-holds", "guards-contradict", "never-fires"}


@st.composite
def definitions(draw: st.DrawFn) -> str:
    names = STATES[: draw(st.integers(1, len(STATES)))]
    some = st.sampled_from(names)
    kinds = {name: draw(st.sampled_from(["plain", "plain", "plain", "final", "run", "timer"])) for name in names}
    moving = [name for name in names if kinds[name] != "final"]
    moves: dict[str, tuple[list[str], str]] = {}
    for number in range(draw(st.integers(0, 5)) if moving else 0):
        sources = draw(st.lists(st.sampled_from(moving), min_size=1, max_size=3, unique=True))
        moves[f"move{number}"] = (sources, draw(some))
    lines = [HEAD + f'access: {{read: "{draw(st.sampled_from(READ))}"}}', "lifecycle:", "  initial: one", "  states:"]
    for name in names:
        leaving = [move for move, (sources, _) in moves.items() if name in sources]
        parts = []
        if kinds[name] == "final":
            parts = ["final: true"]
        elif kinds[name] == "run":
            parts = ["run: do.it", f"then: {draw(some)}", f"else: {draw(some)}", "within: 1m"]
        elif kinds[name] == "timer" and leaving:
            parts = [f"after: {{1h: {draw(st.sampled_from(leaving))}}}"]
        lines.append(f"    {name}: {{{', '.join(parts)}}}")
    lines += ["  transitions:"] if moves else ["  transitions: {}"]
    for move, (sources, target) in moves.items():
        guards = draw(st.lists(st.sampled_from(GUARDS), max_size=3, unique=True))
        needs = ", ".join(f'"{guard}": Not now' for guard in guards)
        by = draw(st.sampled_from(BY))
        lines.append(f'    {move}: {{from: [{", ".join(sources)}], to: {target}, by: "{by}", needs: {{{needs}}}}}')
    return "\n".join(lines) + "\n"


@settings(max_examples=250, deadline=None)
@given(text=definitions())
def test_it_finds_what_trying_everything_finds(text: str) -> None:
    with TemporaryDirectory() as directory:
        path = Path(directory) / "things.yaml"
        path.write_text(text.replace("  transitions: {}\n", ""))
        loaded = load([SOUND, Path(directory)])
    if loaded.problems:
        return  # a lifecycle without transitions is refused for its form
    expected = Explorer(loaded.understood, loaded.understood.types["things"], WORLD).findings()
    found = set()
    lines = text.splitlines()
    for problem in check(loaded):
        if problem.code not in ("never-true", "lifecycle-unsound"):
            line = lines[problem.position.line - 1]
            name = line.strip().partition(":")[0]
            code = "never" if problem.code in NEVER else problem.code
            if code == "source-never-fires":
                name += f" from {line[problem.position.column - 1 :].partition(',')[0].partition(']')[0]}"
            if code == "timer-never-fires":
                name = f"{line[problem.position.column - 1 :].partition('}')[0]} from {name}"
            found.add((code, name))
    assert found == expected, text
    for code, _ in expected:
        event(code)
