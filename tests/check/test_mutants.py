"""Faults planted in sound definitions, shipped ones and others: each is found, with its code, where it is; and nothing else."""

from __future__ import annotations

import re
import shutil
import time
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from engine.check import check
from engine.loader import Loaded, load
from engine.settings.declared import SHIPPED_RESOURCES

HERE = Path(__file__).parent
SOUND = {path.stem: path for directory in (SHIPPED_RESOURCES, HERE / "lifecycles") for path in directory.glob("*.yaml")}
FAULTS: list[dict[str, Any]] = YAML(typ="safe", pure=True).load((HERE / "faults.yaml").read_text())

BENIGN = [
    ("deployments", r"\bstopping\b", "halting"),
    ("deployments", r"\bscheduled\b", "queued"),
    ("deployments", r"\bstart\b(?=[:\],])", "begin"),
    ("orders", r"\bdraft\b", "basket"),
    ("orders", r"\bplace\b", "send"),
    ("orders", r"\bkind\b", "sort"),
    ("domains", r"\bparked\b", "resting"),
    ("domains", r"\bstage\b", "phase"),
    ("templates", r"\bwithdrawn\b", "taken_back"),
    ("nodes", r"\bmaintain\b", "close"),
    ("orders", r"\[draft, declined, packing\]", "[packing, draft, declined]"),
    ("deployments", r"\[pending, stopped, failed\], to: scheduled", "[failed, pending, stopped], to: scheduled"),
    ("orders", r"within: 1m", "within: 2h"),
    ("orders", r"amount < 20", "20 > amount"),
    ("orders", r"\{2d: expire\}", "{3d: expire}"),
    ("orders", r'"!paid"', '"paid == false"'),
    ("domains", r'from: "\*"', "from: [waiting, active, lost]"),
]


def mutated(directory: Path, name: str, text: str) -> Loaded:
    """The sound definitions, one of them with another text."""
    for path in SOUND.values():
        shutil.copy(path, directory)
    (directory / f"{name}.yaml").write_text(text)
    return load([directory])


def test_what_is_mutated_is_sound(tmp_path: Path) -> None:
    for path in SOUND.values():
        shutil.copy(path, tmp_path)
    assert [str(problem) for problem in check(load([tmp_path]))] == []


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault['in']} {fault['becomes'].strip()[:40]}")
def test_a_planted_fault_is_found_where_it_is(fault: dict[str, Any], tmp_path: Path) -> None:
    name, original = fault["in"], SOUND[fault["in"]].read_text()
    assert original.count(fault["text"]) == 1
    text = original.replace(fault["text"], fault["becomes"])
    lines = text.splitlines()
    problems = check(mutated(tmp_path, name, text))
    told = sorted(f"{each.code} @{lines[each.position.line - 1][each.position.column - 1 :]}" for each in problems)
    wanted = sorted(fault["finds"])
    assert [each[: len(want)] for each, want in zip(told, wanted, strict=False)] == wanted, told
    assert len(told) == len(wanted), told


@pytest.mark.parametrize(("name", "pattern", "other"), BENIGN)
def test_what_changes_no_behaviour_is_no_fault(name: str, pattern: str, other: str, tmp_path: Path) -> None:
    text, count = re.subn(pattern, other, SOUND[name].read_text())
    assert count
    assert [str(problem) for problem in check(mutated(tmp_path, name, text))] == []


def test_a_finding_tells_the_events_that_lead_to_it(tmp_path: Path) -> None:
    text = SOUND["deployments"].read_text().replace("running, stopping, stopped, failed]\n", "running, stopping, stopped]\n")
    (problem,) = check(mutated(tmp_path, "deployments", text))
    assert str(problem) == (
        f"{tmp_path / 'deployments.yaml'}:55:5: delete-impossible nobody can delete a row that is failed: "
        "delete starts from pending, scheduled, starting, running, stopping, stopped; "
        "created → pending –start→ scheduled –(deployments.schedule failed)→ failed "
        "(add it to 'from', or an example: {as: owner, when: {status: failed}, cannot: [delete]})"
    )


@pytest.mark.parametrize(
    "declared",
    ["examples:\n  - {as: owner, when: {status: packing}, cannot: [delete]}", 'access:\n  delete: status != "packing"'],
)
def test_that_rows_are_kept_on_purpose_is_said_by_an_example_or_a_rule(declared: str, tmp_path: Path) -> None:
    text = SOUND["orders"].read_text().replace("from: [draft, declined, packing]", "from: [draft, declined]")
    (problem,) = check(mutated(tmp_path, "orders", text))
    assert problem.code == "delete-impossible"
    section = declared.partition("\n")[0]
    assert check(mutated(tmp_path, "orders", text.replace(section, declared))) == ()


def test_a_large_lifecycle_full_of_rules_takes_no_long_time(tmp_path: Path) -> None:
    count = 40
    states = "".join(f"    s{number}: {{}}\n" for number in range(count))
    needs = "{'status != \"s1\" || a > 3': No}"
    moves = "".join(f"    t{number}: {{from: '*', to: s{number}, needs: {needs}}}\n" for number in range(count))
    held = "".join(f"  - {{rule: 'status != \"s{number}\" || a > 0 || b', message: No}}\n" for number in range(count))
    (tmp_path / "things.yaml").write_text(
        "attributes:\n  a: {type: integer, minimum: 0}\n  b: {type: boolean}\n"
        f"lifecycle:\n  initial: s0\n  states:\n{states}  transitions:\n{moves}validations:\n{held}"
    )
    loaded = load([SHIPPED_RESOURCES, tmp_path])
    began = time.process_time()
    assert check(loaded) == ()
    assert time.process_time() - began < 5
