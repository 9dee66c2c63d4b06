"""`hoster check`, `hoster schema` and `hoster graph`: the definition files, without a database."""

from __future__ import annotations

import dataclasses
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from engine.loader import Loaded, Problem
    from engine.settings import Settings

_json = click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")


def _load(directories: tuple[Path, ...]) -> tuple[Settings, Loaded]:
    from engine.app import definitions_of
    from engine.settings import load_settings

    settings = load_settings()
    if directories:
        settings = dataclasses.replace(settings, resources_path=directories)
    return settings, definitions_of(settings)


@click.command()
@click.argument("directories", nargs=-1, type=click.Path(path_type=Path))
@click.option("--coverage", is_flag=True, help="Show what is worth a thought, too: rules that no example shows, and the like.")
@_json
def check(directories: tuple[Path, ...], coverage: bool, as_json: bool) -> None:
    """Find the problems of definition files: the shipped ones, and DIRECTORIES that add to them or replace some.

    Prints each as file:line:col: code message. Ends with status 1 when there are any; hints are none.
    """
    from engine.app import extensions, known
    from engine.check import check as check_definitions
    from engine.check import hints as hints_about

    began = time.monotonic()
    settings, loaded = _load(directories)
    problems = check_definitions(loaded, known(extensions(settings)))
    hints = hints_about(loaded) if coverage else ()
    if as_json:
        shown = [_as_json(each, "problem") for each in problems] + [_as_json(each, "hint") for each in hints]
        click.echo(json.dumps(shown, indent=2))
    else:
        for problem in problems:
            click.echo(str(problem))
        for hint in hints:
            click.echo(f"{hint.position}: hint: {hint.code} {hint.message}")
        types = len(loaded.definitions.types) if loaded.definitions else 0
        found = f"{len(problems)} problem{'s' * (len(problems) != 1)}" if problems else f"{types} resource types, no problems"
        click.echo(f"{found} ({time.monotonic() - began:.2f} s)", file=sys.stderr)
    if problems:
        raise SystemExit(1)


def _as_json(problem: Problem, severity: str) -> dict[str, Any]:
    position = problem.position
    place = {"file": position.file, "line": position.line, "column": position.column}
    return {**place, "severity": severity, "code": problem.code, "message": problem.message, "hint": problem.hint}


@click.command()
def schema() -> None:
    """Print the JSON Schema of the definition language, for editors."""
    from engine.loader import language

    click.echo(json.dumps(language(), indent=2))


@click.command()
@click.argument("type_name", metavar="TYPE")
def graph(type_name: str) -> None:
    """Print the lifecycle of TYPE as a Mermaid diagram."""
    from engine.check.diagram import mermaid

    _, loaded = _load(())
    types = loaded.definitions.types if loaded.definitions else {}
    if type_name not in types:
        raise click.ClickException(f"There is no resource type {type_name!r}; there are {', '.join(types)}")
    if types[type_name].lifecycle is None:
        raise click.ClickException(f"{type_name} has no lifecycle")
    click.echo(mermaid(types[type_name]))
