"""`hoster user reset`: a one-time token with which somebody sets a password."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from engine.app import Hoster


@click.group()
def user() -> None:
    """Help people who have an account."""


@user.command()
@click.argument("email")
def reset(email: str) -> None:
    """Print a one-time token with which the user sets a password, within an hour. It serves for a first password too."""
    from engine.app import assemble
    from engine.settings import load_settings

    settings = load_settings()
    if not settings.database_path.exists():
        raise click.ClickException(f"There is no database at {settings.database_path}; HOSTER_DATA_DIR says where to look")
    token = asyncio.run(_reset(assemble(settings, role="api"), email))
    if token is None:
        raise click.ClickException(f"There is no user with the address {email}, or accounts are switched off (auth.local)")
    click.echo(token)


async def _reset(hoster: Hoster, email: str) -> str | None:
    accounts = hoster.identity.accounts
    try:
        await hoster.prepare()
        return None if accounts is None else await accounts.link(email)
    finally:
        await hoster.database.close()
