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
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    help="read, write, or a resource type with one of them, such as notes:read; everything by default. May be repeated.",
)
@click.option("--expires", metavar="DURATION", help="After how long it ends, such as 12h or 90d; never by default.")
def create(email: str, name: str, scopes: tuple[str, ...], expires: str | None) -> None:
    """Print a new token of a user. It is shown only now."""
    from engine.app import assemble
    from engine.settings import load_settings
    from engine.settings.values import BadValue, duration
    from engine.types import EMAIL, matches

    if not matches(EMAIL, email):
        raise click.BadParameter("must be an e-mail address", param_hint="--user")
    if not 0 < len(name) <= 100 or not name.isprintable():
        raise click.BadParameter("must be one line of at most 100 characters", param_hint="--name")
    try:
        lasts = None if expires is None else duration("1m", "36500d")(expires)
    except BadValue as error:
        raise click.BadParameter(str(error), param_hint="--expires") from error
    hoster = assemble(load_settings(), role="api")
    click.echo(asyncio.run(_create(hoster, email, name, scopes, lasts)))


async def _create(hoster: Hoster, email: str, name: str, scopes: tuple[str, ...], lasts: float | None) -> str:
    from engine.access import SYSTEM
    from engine.ambient import timestamp

    expires_at = None if lasts is None else timestamp(hoster.store.ambient.time() + lasts)
    try:
        await hoster.prepare()
        user = await hoster.tokens.user_for(email)
        return await hoster.store.write(
            SYSTEM, lambda unit: hoster.tokens.create(unit, user, name, scopes=scopes, expires_at=expires_at)
        )
    finally:
        await hoster.database.close()
