"""`hoster history`: who changed what of a resource, when, and by what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from engine.cli.resources import completion, options

if TYPE_CHECKING:
    from engine.cli.resources.addressing import Row
    from engine.cli.resources.server import Server


@click.command()
@click.argument("resource", metavar="TYPE/ID", shell_complete=completion.rows)
@click.option("--limit", type=click.IntRange(1), help="Only so many, the last ones.")
@options.form
@options.server()
def history(server: Server, resource: str, limit: int | None, form: str | None) -> None:
    """Tell who changed a resource, when, what, and by which transition or command; the oldest first.

    It tells as much as you may see, and reaches back as far as events are kept.
    """
    from engine.cli.resources import addressing
    from engine.cli.resources.safe import say
    from engine.cli.resources.written import document

    row = addressing.row(server, resource)
    found = [*entries(server, row)][-(limit or 0) :]
    if form is not None:
        document({"data": found}, form)
    elif found:
        show(server, row, found)
    else:
        server.get(row.path)  # says so where there is no such resource
        say(f"Nothing is known of {row} any more", err=True)


def entries(server: Server, row: Row) -> Iterator[Mapping[str, Any]]:
    """Everything that the log tells of a resource."""
    parameters = {"filter[type]": row.type.name, "filter[row]": row.id, "page[size]": "1000"}
    for page in server.pages("/events", parameters):
        yield from page["data"]


def show(server: Server, row: Row, found: list[Mapping[str, Any]]) -> None:
    """Print entries as a table."""
    from engine.cli.resources import render, telling

    people = telling.People(server)
    events = [each["attributes"] for each in found]
    rows = [[render.moment(each["at"]), telling.by(people, each), telling.what(row.type, each)] for each in events]
    render.table(["when", "who", "what"], rows)
