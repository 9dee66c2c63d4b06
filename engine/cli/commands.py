"""`hoster commands`: the queue and the dead letters, and how to cancel what is open."""

from __future__ import annotations

import asyncio
import getpass
import json
from typing import TYPE_CHECKING, Any

import click
import orjson

if TYPE_CHECKING:
    from engine.app import Hoster

SHOWN = "id, status, name, type, row, attempt, failures, created_at, ended_at, error"
LIST = f"SELECT {SHOWN} FROM _commands WHERE (? IS NULL OR status = ?) ORDER BY id DESC LIMIT ?"  # noqa: S608  constants


@click.group(invoke_without_command=True)
@click.option("--status", type=click.Choice(["waiting", "running", "done", "failed", "cancelled"]), help="Only these.")
@click.option("--limit", default=50, help="How many, newest first.")
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
@click.pass_context
def commands(context: click.Context, status: str | None, limit: int, as_json: bool) -> None:
    """List commands, newest first. Failed ones are kept, with their cause, until housekeeping takes them."""
    if context.invoked_subcommand is not None:
        return
    hoster = _hoster()
    rows = [_shown(row) for row in hoster.database.read(LIST, (status, status, limit))]
    asyncio.run(hoster.database.close())
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    for row in rows:
        cause = f"  {row['error']['cause']}: {row['error']['message']}" if row["error"] else ""
        where = f"{row['type']}/{row['row']}" if row["type"] else "recurring"
        click.echo(f"{row['id']:>8}  {row['status']:<9}  {row['name']:<24}  {where}  attempt {row['attempt']}{cause}")


@commands.command()
@click.argument("number", type=int, metavar="ID")
def cancel(number: int) -> None:
    """Cancel an open command; its row moves on as if it had failed."""
    from engine.access import SYSTEM, Actor
    from engine.commands import outcome, queue

    hoster = _hoster()
    found = hoster.database.read(queue.BY_ID, (number,))
    if not found:
        raise click.ClickException(f"There is no command {number}")
    command, who = queue.claimed(found[0]), getpass.getuser()
    actor = Actor("", f"cli:{who}", SYSTEM.facts, system=True)

    async def work() -> bool:
        done = await hoster.store.write(actor, lambda unit: outcome.cancel(unit, command, who), command=number)
        await hoster.database.close()
        return done

    if not asyncio.run(work()):
        raise click.ClickException(f"Command {number} has ended already")
    click.echo(f"Command {number} is cancelled")


def _hoster() -> Hoster:
    from engine.app import assemble
    from engine.settings import load_settings

    settings = load_settings()
    if not settings.database_path.exists():
        raise click.ClickException(f"There is no database at {settings.database_path}; HOSTER_DATA_DIR says where to look")
    return assemble(settings, role="api")


def _shown(row: tuple[Any, ...]) -> dict[str, Any]:
    shown = dict(zip(SHOWN.split(", "), row, strict=True))
    shown["error"] = orjson.loads(shown["error"]) if shown["error"] else None
    return shown
