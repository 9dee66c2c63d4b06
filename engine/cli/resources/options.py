"""Options that many commands share, and the server that they lead to."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Mapping
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import click

from engine.errors import HosterError

if TYPE_CHECKING:
    from engine.cli.resources.server import Server

Function: TypeAlias = Callable[..., Any]

WAIT = "300"
"""Seconds that a bare `--wait` waits."""

_SERVER = (
    click.option("--url", envvar="HOSTER_URL", metavar="URL", help="The server; HOSTER_URL, or the one of this machine."),
    click.option(
        "--token-file",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="A file with the token to use, instead of HOSTER_TOKEN.",
    ),
    click.option("--local", is_flag=True, help="Use no server, but the database of this machine, as its operator."),
)

_FORM = (
    click.option("--json", "form", flag_value="json", help="Answer as JSON, also with errors."),
    click.option("--yaml", "form", flag_value="yaml", help="Answer as YAML."),
)

dry_run = click.option("--dry-run", is_flag=True, help="Only show what would happen.")
key = click.option("--idempotency-key", "key", metavar="TEXT", help="The same write with the same key is done once.")
wait = click.option(
    "--wait", type=click.FloatRange(min=0), metavar="[=SECONDS]", help="Wait until it has come to rest, by default 300 seconds."
)


def form(function: Function) -> Function:
    """`--json` and `--yaml`; the command gets `form`, which is None for people."""
    return _with(_FORM, function)


def server(*, works: Callable[[dict[str, Any]], bool] = lambda given: False) -> Callable[[Function], Function]:
    """`--url`, `--token-file` and `--local`; the command gets a `Server` as its first argument.

    `works` says whether this process does the work itself where no server runs, so that there is something to wait for.
    """

    def decorate(function: Function) -> Function:
        @functools.wraps(function)
        def call(*, url: str | None, token_file: Path | None, local: bool, **given: Any) -> Any:
            target = {"url": url, "token_file": token_file, "local": local}
            return reaching(target, lambda reached: function(reached, **given), works=works(given))

        return server_options(call)

    return decorate


def server_options(function: Function) -> Function:
    """`--url`, `--token-file` and `--local` alone, for a command that needs a server only sometimes."""
    return _with(_SERVER, function)


def reaching(target: Mapping[str, Any], then: Callable[[Server], Any], *, works: bool = False) -> Any:
    """Call `then` with the server that these options lead to."""
    from engine.cli.resources.failures import Failure
    from engine.cli.resources.target import Target, reach

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal that lacks a letter is no reason to stop
    try:
        with reach(Target(**target), works=works) as reached:
            return then(reached)
    except HosterError as error:
        raise Failure(error.detail, code=error.error_code) from error


def _with(options: tuple[Callable[[Function], Function], ...], function: Function) -> Function:
    for option in reversed(options):
        function = option(function)
    return function


class Waiting(click.Command):
    """A command whose `--wait` takes a value after `=` only, so that what follows it stays an argument."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Give a bare `--wait` its value."""
        end = args.index("--") if "--" in args else len(args)
        return super().parse_args(ctx, [f"--wait={WAIT}" if arg == "--wait" else arg for arg in args[:end]] + args[end:])
