"""The command line begins at once, and a type that was made a minute ago has all of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.cli.house import House, house

HEAVY = ("httpx", "rich", "ruamel", "starlette", "engine.app", "engine.cli.resources.server", "docker")


def test_help_imports_nothing_heavy() -> None:
    asked = (
        "import sys; from engine.cli import main; main(['--help'], standalone_mode=False); print(*sys.modules, file=sys.stderr)"
    )
    ran = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    loaded = set(ran.stderr.split())
    assert "engine.cli.resources.get" in loaded, "its help is in the list"
    assert [name for name in HEAVY if name in loaded] == []


def test_a_type_that_was_just_made_has_every_command(tmp_path: Path) -> None:
    definitions = tmp_path / "definitions"
    definitions.mkdir()
    (definitions / "gizmos.yaml").write_text(
        "attributes: {title: {type: string, required: true, unique: true}, parts: {type: integer}}\n"
    )
    with house(tmp_path, definitions) as running:
        assert every_verb(running) == ["created", "updated parts: 3 → 4"]


def every_verb(running: House) -> list[str]:
    """What is left of it in the history."""
    row = running.make("gizmos", "title=Lever", "parts=3")
    running.done("set", "gizmos/Lever", "parts=4")
    assert running.done("get", "gizmos").out.split()[:4] == ["ID", "TITLE", "PARTS", "UPDATED_AT"]
    assert "Lever" in running.done("describe", "gizmos/Lever").out
    assert "type             integer" in running.done("explain", "gizmos.parts").out
    running.done("wait", "gizmos/Lever", "--for", "parts=4")
    history = [line.split("  ")[-1] for line in running.done("history", "gizmos/Lever").out.splitlines()[1:]]
    running.done("delete", "gizmos/Lever")
    assert running.run("get", f"gizmos/{row}").code == 1
    return history
