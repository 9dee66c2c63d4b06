"""`hoster get`: resources as a table, or one of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from engine.cli.resources import completion, options

if TYPE_CHECKING:
    from engine.cli.resources.schema import Type
    from engine.cli.resources.server import Server

MOST = 1000
"""Rows of the largest page."""


@click.command()
@click.argument("what", metavar="TYPE[/ID]", shell_complete=completion.types_and_rows)
@click.option("--where", multiple=True, metavar="NAME[.OPERATOR]=VALUE", help="Only these; may be repeated.",
              shell_complete=completion.comparable)  # fmt: skip
@click.option("--sort", metavar="NAME,…", help="In this order; - before a name for descending.")
@click.option("--limit", type=click.IntRange(1, MOST), help="At most so many.")
@click.option("--all", "everything", is_flag=True, help="All pages.")
@click.option("--fields", metavar="NAME,…", help="Only these attributes and relationships, which are the columns then.")
@click.option("--include", metavar="RELATIONSHIP,…", help="With linked resources, in JSON and YAML.")
@options.form
@options.server()
def get(
    server: Server,
    what: str,
    where: tuple[str, ...],
    sort: str | None,
    limit: int | None,
    everything: bool,
    fields: str | None,
    include: str | None,
    form: str | None,
) -> None:
    """List resources of TYPE, or show the one with this id or unique name.

    \b
    hoster get notes --where status=open --where price.ge=5 --sort -created_at
    hoster get notes/my-note --yaml
    """
    from engine.cli.resources.failures import Usage

    kind = server.type(what.partition("/")[0])
    chosen = _chosen(kind, fields)
    if "/" in what:
        if where or sort or limit or everything:
            raise Usage("--where, --sort, --limit and --all are for lists, not for one resource")
        _one(server, what, chosen, include, form)
        return
    parameters = _parameters(server, kind, where, sort, limit)
    parameters |= _shape(server, kind, chosen, include, form)
    document = _collect(server, f"/{kind.name}", parameters, everything and limit is None)
    _list(server, kind, document, chosen or kind.columns, form)


def _chosen(kind: Type, fields: str | None) -> list[str]:
    names = [name.strip() for name in (fields or "").split(",") if name.strip()]
    for name in names:
        kind.known(name)
    return names


def _parameters(server: Server, kind: Type, where: tuple[str, ...], sort: str | None, limit: int | None) -> dict[str, str]:
    from engine.cli.resources import filters

    found = filters.where(server, kind, where)
    if sort:
        found["sort"] = filters.sort(kind, sort)
    if limit:
        found["page[size]"] = str(limit)
    return found


def _shape(server: Server, kind: Type, chosen: list[str], include: str | None, form: str | None) -> dict[str, str]:
    """What the document has. A table needs the names of what its columns link to, and no more."""
    found: dict[str, str] = {}
    names = chosen or (kind.columns if form is None else [])
    shown = [name for name in names if name != "id"]
    if shown:
        found[f"fields[{kind.name}]"] = ",".join(shown)
    if form is not None:
        return found | ({"include": include} if include else {})
    linked = [name for name in names if name in kind.relations and kind.relations[name]["readable"] is not False]
    if linked:
        found["include"] = ",".join(linked)
    for to in {kind.relations[name]["to"] for name in linked} - {kind.name}:
        title = server.type(to).title
        if title:
            found[f"fields[{to}]"] = title
    return found


def _collect(server: Server, path: str, parameters: dict[str, str], everything: bool) -> dict[str, Any]:
    if not everything:
        return server.get(path, parameters)
    whole: dict[str, Any] = {"data": []}
    included: dict[tuple[str, str], Any] = {}
    for page in server.pages(path, {"page[size]": str(MOST), **parameters}):
        whole["data"] += page["data"]
        included |= {(each["type"], each["id"]): each for each in page.get("included", ())}
    return whole | ({"included": [*included.values()]} if included else {})


def _list(server: Server, kind: Type, document: Mapping[str, Any], columns: list[str], form: str | None) -> None:
    from engine.cli.resources import render
    from engine.cli.resources.safe import say
    from engine.cli.resources.written import document as printed

    if form is not None:
        printed(document, form)
        return
    if not document["data"]:
        say(f"No {kind.name}" + (" that everybody may see; who you are is not known" if server.anonymous else ""), err=True)
        return
    names = render.Names(server.types, document.get("included", ()))
    render.resources(kind, document["data"], names, [name for name in columns if name != "id"])
    if (document.get("links") or {}).get("next"):
        say("There are more: --all shows them, --where finds some, --limit says how many", err=True)


def _one(server: Server, what: str, chosen: list[str], include: str | None, form: str | None) -> None:
    from engine.cli.resources import addressing, render
    from engine.cli.resources.written import document as printed

    row = addressing.row(server, what)
    shape = _shape(server, row.type, chosen, include, form)
    document = server.get(row.path, shape)
    if form is not None:
        printed(document, form)
        return
    names = render.Names(server.types, document.get("included", ()))
    render.resources(row.type, [document["data"]], names, [name for name in chosen or row.type.columns if name != "id"])
