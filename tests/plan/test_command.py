"""`hoster plan` on the command line, on a database that a server was started with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from engine.app import assemble
from engine.cli import main
from engine.settings import load_settings
from engine.settings.declared import SHIPPED_RESOURCES

NOTES = "attributes:\n  title: {type: string, required: true}\n"


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory of definitions beside the shipped ones, in the environment of the command."""
    folder = tmp_path / "definitions"
    folder.mkdir()
    monkeypatch.setenv("HOSTER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("HOSTER_RESOURCES_PATH", f"{SHIPPED_RESOURCES}:{folder}")
    monkeypatch.setenv("HOSTER_NODES_LOCAL_SOCKET", "")
    return folder


async def start() -> None:
    """What a server does with the database when it starts, and when it ends."""
    hoster = assemble(load_settings(), role="api")
    await hoster.start()
    await hoster.stop()


def plan(*options: str) -> str:
    ended = CliRunner().invoke(main, ["plan", *options], catch_exceptions=False)
    assert ended.exit_code == 0, ended.output
    return ended.output


async def test_before_and_after_an_edit(environment: Path) -> None:
    (environment / "notes.yaml").write_text(NOTES)
    assert "There is no database yet" in plan()
    await start()
    assert plan() == "Nothing changes.\n"
    (environment / "notes.yaml").write_text(NOTES + "  body: {type: text}\naccess: {read: public}\n")
    told = plan("--sql")
    assert "TB103  notes.body" in told
    assert 'ALTER TABLE "notes" ADD COLUMN "body" TEXT' in told
    found = json.loads(plan("--json"))
    assert [each["code"] for each in found["changes"]] == ["TB103"]
    assert json.loads(plan("--json", "--violations"))["changes"] == []
    await start()
    assert plan() == "Nothing changes.\n"


async def test_files_with_problems_are_no_plan(environment: Path) -> None:
    (environment / "notes.yaml").write_text("attributes: {title: {type: strin}}\n")
    ended = CliRunner().invoke(main, ["plan"])
    assert ended.exit_code == 1
    assert "did you mean" in ended.output
