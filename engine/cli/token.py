"""`hoster token create`: a token for a user, for use with the API."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from engine.app import Hoster


@click.group()
def token() -> None:
    """Make tokens for the API."""


@token.command()
@click.option("--user", "email", required=True, metavar="EMAIL", help="Whose token; the user is made when there is none.")
@click.option("--name", default="command line", help="What the token is for.")
@click.option("--scope", "scopes", multiple=True, help="What the token is limited to; everything by default.")
def create(email: str, name: str, scopes: tuple[str, ...]) -> None:
    """Print a new token of a user. It is shown only now."""
    from engine.app import assemble
    from engine.settings import load_settings
    from engine.types import EMAIL, matches

    if not matches(EMAIL, email):
        raise click.BadParameter("must be an e-mail address", param_hint="--user")
    if scopes:
        raise click.ClickException("Scopes are not enforced yet, so none is accepted: a token can do what its user can")
    hoster = assemble(load_settings(), role="api")
    click.echo(asyncio.run(_create(hoster, email, name)))


async def _create(hoster: Hoster, email: str, name: str) -> str:
    from engine.access import SYSTEM

    user = await hoster.tokens.user_for(email)
    made = await hoster.store.write(SYSTEM, lambda unit: hoster.tokens.create(unit, user, name))
    await hoster.database.close()
    return made
