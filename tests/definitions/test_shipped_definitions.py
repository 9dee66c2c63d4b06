"""The definitions that Hoster ships: without a problem, quickly checked, and with nothing left to be guessed."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from engine.check import Known, check
from engine.loader import Loaded, load
from engine.model import Definitions, RuleText

ROOT = Path(__file__).parents[2]
RESOURCES = ROOT / "resources"

KNOWN = Known(
    commands=frozenset({"deployments.schedule", "docker.start", "docker.stop", "docker.remove"}),
    reads=frozenset({"docker.health", "docker.logs"}),
    checks=frozenset({"docker.compose", "docker.variables", "docker.config_files", "docker.secrets", "docker.values"}),
)

COLD = """
import sys, time
from pathlib import Path
from engine.check import check
from engine.loader import load
problems = check(load([Path(each) for each in sys.argv[1:]]))
print(len(problems), time.process_time())
"""


def shipped() -> tuple[Loaded, Definitions]:
    loaded = load([RESOURCES])
    assert loaded.definitions is not None
    return loaded, loaded.definitions


def test_they_have_no_problem() -> None:
    assert [str(problem) for problem in check(load([RESOURCES]), KNOWN)] == []


def test_every_type_attribute_and_move_is_described() -> None:
    _, definitions = shipped()
    assert {"users", "plans", "templates", "nodes", "deployments"} <= set(definitions.types)
    for resource in definitions.types.values():
        lifecycle = resource.lifecycle
        moves = lifecycle.transitions.values() if lifecycle is not None else ()
        states = lifecycle.states.values() if lifecycle is not None else ()
        parts = [resource, *resource.attributes.values(), *resource.relationships.values(), *moves, *states]
        assert [part.name for part in parts if not part.description] == []


def test_a_node_keeps_its_engine_because_containers_would_be_left_behind() -> None:
    _, definitions = shipped()
    assert definitions.types["nodes"].attributes["docker_socket"].immutable


def test_every_type_has_examples_of_who_can_and_who_cannot() -> None:
    _, definitions = shipped()
    for resource in definitions.types.values():
        assert any(example.can for example in resource.examples), resource.name
        assert any(example.cannot for example in resource.examples), resource.name


def test_no_default_is_left_open() -> None:
    _, definitions = shipped()
    for resource in definitions.types.values():
        access = resource.access
        rules = [access.read, access.create, access.update, access.delete]
        assert all(isinstance(rule, RuleText) for rule in rules)
        moves = resource.lifecycle.transitions.values() if resource.lifecycle is not None else ()
        assert all(move.by is not None for move in moves)


def test_every_example_matters(tmp_path: Path) -> None:
    """Turn each list of a shipped example around: every statement must then be found wrong."""
    for path in RESOURCES.glob("*.yaml"):
        (tmp_path / path.name).write_text(swapped(path.read_text()))
    loaded = load([tmp_path])
    assert [str(problem) for problem in loaded.problems] == []
    statements = sum(len(each.can) + len(each.cannot) for type_ in loaded.understood.types.values() for each in type_.examples)
    failures = check(loaded)
    assert {problem.code for problem in failures} == {"example-fails"}
    assert len(failures) == statements > 60


def swapped(text: str) -> str:
    return re.sub(r"\b(can|cannot): \[", lambda match: ("cannot" if match[1] == "can" else "can") + ": [", text)


def test_a_cold_check_of_twice_as_much_takes_less_than_a_second(tmp_path: Path) -> None:
    """The shipped files and as much again, with imports, in processor time of a new process."""
    copies = tmp_path / "copies"
    copies.mkdir()
    for path in RESOURCES.glob("*.yaml"):
        text = path.read_text()
        if "identity: true" not in text:
            text = re.sub(r"(?m)^id_prefix: (\w+)_$", r"id_prefix: \1copy_", text)
            text = re.sub(r"(?m)^credential: .*$", "", text)
            (copies / f"{path.stem}_copy.yaml").write_text(text)
    directories = [RESOURCES, copies]
    lines = sum(len(path.read_text().splitlines()) for directory in directories for path in directory.glob("*.yaml"))
    assert lines > 550
    done = subprocess.run(
        [sys.executable, "-c", COLD, *map(str, directories)], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    problems, seconds = done.stdout.split()
    assert problems == "0"
    assert float(seconds) < 1.0
