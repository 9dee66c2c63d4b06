"""Names of functions, held against what is registered, in both directions."""

from __future__ import annotations

from pathlib import Path

from engine.app import known
from engine.check import Known, check
from engine.commands.registry import Registry
from engine.loader import load
from engine.settings import load_settings

TEXT = """\
owner: none
attributes:
  title: {type: string, check: titles.polite}
lifecycle:
  initial: idle
  states:
    idle: {}
    busy: {run: things.work, then: idle, else: idle, within: 1m}
  transitions:
    work: {from: idle, to: busy, by: operator}
    rework: {from: idle, to: busy, by: operator, run: things.rework}
reads:
  log: things.log
  more: {from: things.more}
"""
EVERYTHING = Known(
    commands=frozenset({"things.work", "things.rework"}),
    reads=frozenset({"things.log", "things.more"}),
    checks=frozenset({"titles.polite"}),
)


def found(directory: Path, known: Known, text: str = TEXT) -> list[tuple[int, int, str, str | None]]:
    (directory / "things.yaml").write_text(text)
    problems = check(load([directory]), known)
    return [(each.position.line, each.position.column, each.code, each.hint) for each in problems]


def test_names_that_are_registered_and_used_are_no_problem(tmp_path: Path) -> None:
    assert found(tmp_path, EVERYTHING) == []


def test_a_name_without_a_function_is_found_where_it_is_written(tmp_path: Path) -> None:
    known = Known(commands=frozenset({"things.wirk"}), reads=frozenset({"things.logs"}), checks=frozenset())
    assert [each for each in found(tmp_path, known) if each[2].startswith("unknown")] == [
        (3, 32, "unknown-check", None),
        (8, 17, "unknown-command", "things.wirk"),
        (11, 55, "unknown-command", "things.wirk"),
        (13, 8, "unknown-read", "things.logs"),
        (14, 16, "unknown-read", "things.logs"),
    ]


def test_a_function_without_a_use_is_a_problem(tmp_path: Path) -> None:
    known = Known(
        commands=EVERYTHING.commands | {"things.rest"},
        reads=EVERYTHING.reads | {"things.rest"},
        checks=EVERYTHING.checks | {"things.rest"},
    )
    assert [code for _, _, code, _ in found(tmp_path, known)] == ["unused-check", "unused-command", "unused-read"]


def test_what_a_wrong_file_may_use_is_not_called_unused(tmp_path: Path) -> None:
    codes = [code for _, _, code, _ in found(tmp_path, EVERYTHING, "attributes: [")]
    assert codes == ["bad-yaml"]


def test_without_the_registered_names_they_are_not_checked(tmp_path: Path) -> None:
    (tmp_path / "things.yaml").write_text(TEXT)
    assert check(load([tmp_path])) == ()


def test_who_replaces_a_shipped_file_need_not_use_its_functions(tmp_path: Path) -> None:
    (tmp_path / "deployments.yaml").write_text("owner: none\nattributes:\n  title: {type: string}\n")
    registry = Registry(
        handlers=dict.fromkeys(("docker.start", "things.work")),
        settings=load_settings({"HOSTER_RESOURCES_PATH": str(tmp_path)}),
    )
    assert registry.settings is not None
    problems = check(load(registry.settings.resource_directories), known(registry))
    assert [problem.message for problem in problems if problem.code == "unused-command"] == [
        "the function registered for the command 'things.work' is used by no definition"
    ]
