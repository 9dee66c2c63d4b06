"""The page for people who run Hoster: every command, option, file and reason that stops a start is in it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from engine.app import BadDefinitions, NoExtension
from engine.cli import main
from engine.cli.serve import CannotListen
from engine.identity.identity import TwoKeys
from engine.identity.keys import UnusableKey
from engine.identity.people import NoIdentityType
from engine.identity.tokens import NoTokenType
from engine.identity.vouched import NeedsMore
from engine.schema.prepare import SchemaChangeNeeded
from engine.secrets.problems import KeyUnusable
from engine.seeds import BadSeed
from engine.settings.load import SettingsInvalid
from tests.docs.pages import page, rows

PAGE = page("operations")
CLI = page("cli")
SHARED = [" ".join(line) for line in rows(CLI, "Options of all of them")]
REFUSALS = (
    SettingsInvalid, BadDefinitions, SchemaChangeNeeded, KeyUnusable, BadSeed, NoIdentityType, CannotListen, NoExtension,
    NeedsMore, NoTokenType, TwoKeys, UnusableKey,
)  # fmt: skip


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    """Every command with its words."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield " ".join((*path, name)), command
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


COMMANDS = dict(commands(main))


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_option_is_in_the_page(name: str) -> None:
    lines = [" ".join(line) for line in rows(PAGE, "Commands") if f"`hoster {name}" in line[0]]
    if any("(cli.md#commands)" in line for line in lines):
        lines += SHARED + [" ".join(line) for line in rows(CLI, "Commands") if f"`hoster {name} " in line[0]]
    if not (isinstance(COMMANDS[name], click.Group) and not COMMANDS[name].invoke_without_command):  # type: ignore[attr-defined]
        assert lines, name
    for parameter in COMMANDS[name].params:
        for option in parameter.opts if isinstance(parameter, click.Option) else ():
            assert any(option in line for line in lines), f"{name} {option}"
        for choice in getattr(parameter.type, "choices", ()):
            assert any(choice in line for line in lines), f"{name} {choice}"


def test_no_command_is_in_the_page_that_does_not_exist() -> None:
    cells = [line[0] for text in (PAGE, CLI) for line in rows(text, "Commands")]
    told = [words.split(" ", 1)[1] for cell in cells for words in re.findall("`(.*?)`", cell)]
    assert told
    for line in told:
        assert any(line == name or line.startswith(f"{name} ") for name in COMMANDS), line


def test_every_reason_that_stops_a_start_is_in_the_page() -> None:
    assert {line[0].strip("`") for line in rows(PAGE, "When a start is refused")} == {each.code for each in REFUSALS}


def test_every_file_of_the_data_directory_is_in_the_page(tmp_path: Path) -> None:
    data = tmp_path / "data"
    environment = {"PATH": os.environ["PATH"], "HOSTER_DATA_DIR": str(data), "HOSTER_NODES_LOCAL_SOCKET": ""}
    subprocess.run(
        [sys.executable, "-m", "engine.cli", "token", "create", "--user", "anna@example.org"],
        env=environment, cwd=Path(__file__).parents[2], check=True, capture_output=True,
    )  # fmt: skip
    made = {path.name for path in data.iterdir()}
    assert {"hoster.db", "hoster.db.key"} <= made
    told = {name.strip("`/") for line in rows(PAGE, "The data directory") for name in line[0].split(", ")}
    assert made - told == set()
