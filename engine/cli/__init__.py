"""The command line. Each command lives in a module of its own and is imported only when it is called.

Installed extensions add commands through the entry point group `hoster.commands`.
"""

from __future__ import annotations

import importlib
from importlib.metadata import entry_points

import click

from engine.errors import HosterError

OWN = {
    "serve": "engine.cli.serve:serve",
    "check": "engine.cli.definitions:check",
    "schema": "engine.cli.definitions:schema",
    "graph": "engine.cli.definitions:graph",
    "commands": "engine.cli.commands:commands",
    "doctor": "engine.cli.doctor:doctor",
    "explain": "engine.cli.explain:explain",
    "plan": "engine.cli.plan:plan",
    "token": "engine.cli.token:token",
    "user": "engine.cli.user:user",
    "get": "engine.cli.resources.get:get",
    "describe": "engine.cli.resources.describe:describe",
    "create": "engine.cli.resources.write:create",
    "set": "engine.cli.resources.write:set_",
    "do": "engine.cli.resources.write:do",
    "delete": "engine.cli.resources.write:delete",
    "watch": "engine.cli.resources.following:watch",
    "wait": "engine.cli.resources.following:wait",
    "history": "engine.cli.resources.history:history",
    "completion": "engine.cli.completion:completion",
}


class _Commands(click.Group):
    """Finds commands by name, so that none is imported for the sake of another."""

    def list_commands(self, context: click.Context) -> list[str]:
        return sorted({*OWN, *(entry.name for entry in entry_points(group="hoster.commands"))})

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name in OWN:
            module, _, attribute = OWN[name].partition(":")
            command: click.Command = getattr(importlib.import_module(module), attribute)
            return command
        for entry in entry_points(group="hoster.commands", name=name):
            loaded: click.Command = entry.load()
            return loaded
        return None

    def invoke(self, context: click.Context) -> object:
        try:
            return super().invoke(context)
        except HosterError as error:
            raise click.ClickException(error.detail) from error


@click.command(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="hoster", prog_name="hoster")
def main() -> None:
    """Hoster: a self-hosted deployment platform."""
