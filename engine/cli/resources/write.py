"""`hoster create`, `set`, `do` and `delete`: the writes."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from engine.cli.resources import completion, options

if TYPE_CHECKING:
    from engine.cli.resources.addressing import Row
    from engine.cli.resources.server import Answer, Server

_document = click.option(
    "-f",
    "--file",
    "document",
    type=click.Path(path_type=Path),
    help="Take values from a YAML or JSON document; - is standard input.",
)
_input = click.option(
    "--input", "inputs", multiple=True, metavar="NAME=VALUE", help="An input of the transition; may be repeated."
)


class Wish(NamedTuple):
    """How a write is wanted."""

    form: str | None
    dry_run: bool
    key: str | None
    wait: float | None = None


def _waits(given: Mapping[str, Any]) -> bool:
    return given.get("wait") is not None and not given.get("dry_run")


@click.command(cls=options.Waiting)
@click.argument("type_name", metavar="TYPE", shell_complete=completion.types)
@click.argument("values", nargs=-1, metavar="NAME=VALUE…", shell_complete=completion.settable)
@_document
@options.dry_run
@options.key
@options.wait
@options.form
@options.server(works=_waits)
def create(server: Server, type_name: str, values: tuple[str, ...], document: Path | None, **wish: Any) -> None:
    """Create a resource of TYPE.

    \b
    NAME=VALUE      as the type says: 5, true, 5.00 EUR, 2026-01-31, a linked resource by id or name
    NAME=@FILE      the text of a file; @- is standard input
    NAME:=JSON      exactly this
    """
    from engine.cli.resources import fields
    from engine.cli.resources.addressing import Row
    from engine.cli.resources.safe import say, visible
    from engine.cli.resources.written import once_only

    kind, wanted = server.type(type_name), Wish(**wish)
    resource = {"type": kind.name, **fields.resource(server, kind, values, document, later=False)}
    cursor = _cursor(server, wanted)
    answer = server.write("POST", f"/{kind.name}", {"data": resource}, key=wanted.key, dry_run=wanted.dry_run)
    row = Row(kind, answer.document["data"]["id"])
    if wanted.form is None and not wanted.dry_run:
        say(f"{row} is created" + (f": {visible(name)}" if (name := kind.called(answer.document["data"])) else ""))
        once_only(kind, answer.document["data"])
    _finish(server, row, answer, wanted, cursor)


@click.command(name="set")
@click.argument("resource", metavar="TYPE/ID", shell_complete=completion.rows)
@click.argument("values", nargs=-1, metavar="NAME=VALUE…", shell_complete=completion.settable)
@_document
@options.dry_run
@options.key
@options.form
@options.server()
def set_(server: Server, resource: str, values: tuple[str, ...], document: Path | None, **wish: Any) -> None:
    """Change attributes and relationships of a resource. Values are those of create; NAME:=null empties one."""
    from engine.cli.resources import addressing, fields
    from engine.cli.resources.failures import Usage
    from engine.cli.resources.safe import say

    row, wanted = addressing.row(server, resource), Wish(**wish)
    changes = fields.resource(server, row.type, values, document, later=True)
    if not changes:
        raise Usage("Say what to set: NAME=VALUE, or --file")
    body = {"data": {"type": row.type.name, "id": row.id, **changes}}
    answer = server.write("PATCH", row.path, body, key=wanted.key, dry_run=wanted.dry_run)
    if wanted.form is None and not wanted.dry_run:
        say(f"{row} is changed")
    _finish(server, row, answer, wanted, None)


@click.command(name="do", cls=options.Waiting)
@click.argument("transition", shell_complete=completion.transitions)
@click.argument("resource", metavar="TYPE/ID", shell_complete=completion.rows)
@_input
@click.option("--yes", is_flag=True, help="Do not ask.")
@options.dry_run
@options.key
@options.wait
@options.form
@options.server(works=_waits)
def do(server: Server, transition: str, resource: str, inputs: tuple[str, ...], yes: bool, **wish: Any) -> None:
    """Fire TRANSITION of a resource. Inputs are typed as the values of create are."""
    from engine.cli.resources import addressing, fields
    from engine.cli.resources.server import path_of

    kind = server.type(resource.partition("/")[0])
    described, wanted = kind.transition(transition), Wish(**wish)
    row = addressing.row(server, resource)
    given = fields.inputs(transition, described["inputs"], inputs)
    _confirm(described, f"{transition} {resource}", yes, wanted)
    cursor = _cursor(server, wanted)
    path = path_of(kind.name, row.id, transition)
    answer = server.write("POST", path, _with_inputs(given), key=wanted.key, dry_run=wanted.dry_run)
    _moved(row, answer, wanted)
    _finish(server, row, answer, wanted, cursor)


@click.command(cls=options.Waiting)
@click.argument("resource", metavar="TYPE/ID", shell_complete=completion.rows)
@_input
@click.option("--yes", is_flag=True, help="Do not ask.")
@options.dry_run
@options.key
@options.wait
@options.form
@options.server(works=_waits)
def delete(server: Server, resource: str, inputs: tuple[str, ...], yes: bool, **wish: Any) -> None:
    """Delete a resource, or fire its transition `delete`. Asks first where the definition says so."""
    from engine.cli.resources import addressing, fields
    from engine.cli.resources.safe import say

    kind = server.type(resource.partition("/")[0])
    described, wanted = kind.transitions.get("delete", {}), Wish(**wish)
    row = addressing.row(server, resource)
    given = fields.inputs("delete", described.get("inputs", {}), inputs)
    _confirm(described, f"delete {resource}", yes, wanted)
    cursor = _cursor(server, wanted)
    answer = server.write("DELETE", row.path, _with_inputs(given), key=wanted.key, dry_run=wanted.dry_run)
    if answer.document and not wanted.dry_run:
        _moved(row, answer, wanted)
    elif wanted.form is None and not wanted.dry_run:
        say(f"{row} is deleted")
    _finish(server, row, answer, wanted, cursor)


def _with_inputs(given: Mapping[str, Any]) -> dict[str, Any] | None:
    return {"data": {"attributes": dict(given)}} if given else None


def _confirm(transition: Mapping[str, Any], what: str, yes: bool, wanted: Wish) -> None:
    """Ask a person, where the definition wants that; a script has nobody to ask."""
    from engine.cli.resources.safe import visible

    if not transition.get("confirm") or yes or wanted.dry_run or not sys.stdin.isatty():
        return
    told = f" ({visible(transition['description'])})" if transition.get("description") else ""
    click.confirm(f"{visible(what)}{told}?", abort=True, err=True)


def _cursor(server: Server, wanted: Wish) -> str | None:
    """Where the log is before a write that is to be followed."""
    from engine.cli.resources.follow import cursor_now

    return cursor_now(server) if wanted.wait is not None and not wanted.dry_run else None


def _moved(row: Row, answer: Answer, wanted: Wish) -> None:
    from engine.cli.resources.safe import say, visible

    if wanted.form is not None or wanted.dry_run:
        return
    state = ((answer.document.get("data") or {}).get("attributes") or {}).get(row.type.state or "")
    working = "; follow it with hoster wait" if answer.working and wanted.wait is None else ""
    say(f"{row} is {visible(state)}{working}")


def _finish(server: Server, row: Row, answer: Answer, wanted: Wish, cursor: str | None) -> None:
    """Show a rehearsal; or wait, and print the resource as it is then to who wants it as data."""
    from engine.cli.resources import settling, written

    if wanted.dry_run and wanted.form is None:
        written.effects(answer.document)
        return
    document, end = answer.document, None
    state = ((document.get("data") or {}).get("attributes") or {}).get(row.type.state or "")
    busy = answer.working or row.type.states.get(state or "", {}).get("busy")
    if cursor is not None and wanted.wait is not None and busy:
        teller = settling.Teller(err=wanted.form is not None)
        end = settling.settle(server, row, cursor, state, wanted.wait, teller)
        document = {"data": end.resource}
    if end is not None:
        settling.judge(row, end)
    if wanted.form is not None and document:
        written.document(document, wanted.form)
