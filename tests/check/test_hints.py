"""What is worth a thought: shown on demand, with a code and a place, and never held against anybody."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from engine.check import check, hints
from engine.cli.definitions import check as command
from engine.loader import load

SOUND = Path(__file__).parents[1] / "definitions" / "sound"

HINTED = """\
attributes:
  public: {type: boolean, default: false}
lifecycle:
  initial: open
  states:
    open:    {}
    waiting: {}
    working: {run: do.it, then: open, else: waiting, within: 10s, retry: {attempts: 6, delay: 5s}}
  transitions:
    begin:  {from: open, to: working}
    rescue: {from: waiting, to: open, by: system}
access:
  read: owner in user.principals || public && user.known || user.operator
  update: owner
examples:
  - {as: owner, can: [update, begin]}
  - {as: stranger, when: {public: true}, can: [read], cannot: [begin]}
"""


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    (tmp_path / "things.yaml").write_text(HINTED)
    return tmp_path


def test_each_hint_has_its_place_and_says_what_to_think_of(directory: Path) -> None:
    loaded = load([SOUND, directory])
    assert check(loaded) == ()
    found = [each for each in hints(loaded) if each.position.file.startswith(str(directory))]
    lines = HINTED.splitlines()
    told = [(each.code, lines[each.position.line - 1][each.position.column - 1 :], each.message) for each in found]
    assert [(code, place[:20]) for code, place, _ in told] == [
        ("left-to-workers", "waiting: {}"),
        ("attempts-without-time", "{attempts: 6, delay:"),
        ("refusal-not-shown", "owner in user.princi"),
        ("branch-not-shown", "user.operator"),
        ("refusal-not-shown", "owner"),
    ]
    assert "by rescue" in told[0][2]
    assert told[0][2].endswith("created → open –begin→ working –(do.it failed)→ waiting")
    assert told[1][2] == "do.it is tried 3 times at most, not 6: the pauses outlast 'within'"
    assert told[3][2] == "no example shows who can read by: user.operator"


def test_hints_are_shown_on_demand_and_are_no_problem(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOSTER_RESOURCES_PATH", str(SOUND))
    monkeypatch.setattr("engine.check.checking.check_functions", lambda loaded, known: [])
    silent = CliRunner().invoke(command, [str(directory)])
    assert (silent.exit_code, silent.stdout) == (0, "")
    shown = CliRunner().invoke(command, [str(directory), "--coverage"])
    assert shown.exit_code == 0
    assert f"{directory / 'things.yaml'}:7:5: hint: left-to-workers " in shown.stdout
    as_json = json.loads(CliRunner().invoke(command, [str(directory), "--coverage", "--json"]).stdout)
    assert {"severity": "hint", "code": "left-to-workers", "line": 7}.items() <= next(
        each for each in as_json if each["code"] == "left-to-workers"
    ).items()


def test_a_file_with_a_problem_gives_no_hints(directory: Path) -> None:
    (directory / "others.yaml").write_text("attributes: {a: {type: strin}}\n")
    assert hints(load([SOUND, directory])) == ()
