"""The page about the command line: its examples are commands that there are, with options that they take.

That every command and option is in it is looked at beside the other pages: tests/docs/test_operations_page.py.
"""

from __future__ import annotations

import shlex

import click
import pytest

from engine.cli import main
from tests.docs.pages import blocks, page

EXAMPLES = [
    line.partition(" #")[0] for block in blocks(page("cli"), "sh") for line in block.splitlines() if line.startswith("hoster ")
]


@pytest.mark.parametrize("line", EXAMPLES)
def test_every_example_can_be_typed(line: str) -> None:
    name, *words = shlex.split(line.partition(" >")[0])[1:]
    command = main.get_command(click.Context(main), name)
    assert command is not None
    with command.make_context(name, words) as context:
        assert not context.args


def test_the_page_has_an_example_of_most_commands() -> None:
    assert {line.split()[1] for line in EXAMPLES} >= {"get", "create", "do", "history", "delete", "completion"}


def test_no_example_has_a_token_as_an_argument() -> None:
    assert "--token " not in page("cli")
    assert "HOSTER_TOKEN=" not in page("cli")
