"""Each file under `broken/` says at its end, in lines that begin with `#!`, every problem it has: place, code, hint."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from engine.check import check
from engine.loader import Problem, load

HERE = Path(__file__).parent
SOUND = HERE / "sound"
BROKEN = sorted((HERE / "broken").glob("*.yaml"))


def expectations(path: Path) -> list[str]:
    return re.findall(r"(?m)^#! (.+)$", path.read_text())


def told(problem: Problem, expected: list[str]) -> str:
    """A problem in the words of the expectations: with its hint where that is expected."""
    brief = f"{problem.position.line}:{problem.position.column} {problem.code}"
    full = f"{brief} ({problem.hint})"
    return full if full in expected else brief


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.stem)
def test_a_broken_file_reports_exactly_its_problems_at_their_places(path: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copy(path, tmp_path))
    loaded = load([SOUND, tmp_path])
    problems = check(loaded)
    expected = expectations(path)
    assert [told(problem, expected) for problem in problems] == expected
    assert {problem.position.file for problem in problems} == {str(copy)}
    assert all(problem.message and "\n" not in str(problem) for problem in problems)


def test_there_are_many_broken_files() -> None:
    assert len(BROKEN) > 45
    assert all(expectations(path) for path in BROKEN)


def test_the_types_that_broken_files_lean_on_are_sound() -> None:
    assert check(load([SOUND])) == ()


def test_a_problem_reads_as_place_code_message_and_what_was_meant(tmp_path: Path) -> None:
    (tmp_path / "notes.yaml").write_text("owner: none\natributes: {}\n")
    (problem,) = load([tmp_path]).problems
    file = tmp_path / "notes.yaml"
    expected = f"{file}:2:1: unknown-key there is no key 'atributes' at the top of a definition (did you mean 'attributes'?)"
    assert str(problem) == expected
