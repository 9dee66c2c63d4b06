"""`hoster plan`: what the definition files as they are now would do to the database as it is."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from engine.schema.plan import Change, Plan

ORDER = ("data loss", "access", "backfill", "safe")
TITLES = {
    "data loss": "Something is lost",
    "access": "Somebody may do more",
    "backfill": "Rows stand in the way, or must be looked at",
    "safe": "Safe",
}
COLOURS = {"data loss": "red", "access": "yellow", "backfill": "yellow", "safe": "green"}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
@click.option("--violations", is_flag=True, help="Only rows that break what the definitions ask for.")
@click.option("--sql", "with_sql", is_flag=True, help="Show what it does to the tables.")
def plan(as_json: bool, violations: bool, with_sql: bool) -> None:
    """Compare the definition files with what the database is for, and count the rows that a change concerns.

    Nothing is changed. What is safe is done when the server starts.
    """
    from engine.app import BadDefinitions, definitions_of
    from engine.schema.plan import Plan, make_plan
    from engine.settings import load_settings

    settings = load_settings()
    loaded = definitions_of(settings)
    if loaded.definitions is None:
        raise BadDefinitions(loaded.problems)
    found = make_plan(settings.database_path, loaded.definitions)
    if violations:
        found = Plan(tuple(each for each in found.changes if each.kind == "backfill"), found.since)
    if as_json:
        click.echo(json.dumps(found.document(), indent=2))
    else:
        _print(found, with_sql=with_sql)


def _print(found: Plan, *, with_sql: bool) -> None:
    if not found.changes:
        click.echo("Nothing changes.")
        return
    click.echo(f"Since {found.since}:" if found.since else "There is no database yet; the server makes it when it starts:")
    for kind in ORDER:
        of_kind = [each for each in found.changes if each.kind == kind]
        if of_kind:
            click.echo("\n" + click.style(TITLES[kind], fg=COLOURS[kind], bold=True))
            _list(of_kind, with_sql=with_sql)
    breaking = sum(each.breaks_clients for each in found.changes)
    click.echo(f"\n{len(found.changes)} changes; {breaking} that clients of the API may notice (marked !)")


def _list(changes: Iterable[Change], *, with_sql: bool) -> None:
    for each in changes:
        rows = "" if each.rows is None else f" ({each.rows} row{'s' * (each.rows != 1)})"
        rebuilt = "; the table is made anew" if each.rebuilds else ""
        click.echo(f"  {each.code}{'!' if each.breaks_clients else ' '} {each.where:<32} {each.text}{rows}{rebuilt}")
        if each.ids and each.kind != "safe":
            click.echo(f"{'':42}{', '.join(each.ids)}{' …' if (each.rows or 0) > len(each.ids) else ''}")
        for statement in each.sql if with_sql else ():
            click.echo(f"{'':42}{statement}")
