"""`hoster watch` and `hoster wait`: what happens, and waiting for what shall be."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from engine.cli.resources import completion, options

if TYPE_CHECKING:
    from engine.cli.resources.addressing import Row
    from engine.cli.resources.follow import Event
    from engine.cli.resources.schema import Type
    from engine.cli.resources.server import Server

GONE = "gone"


@click.command()
@click.argument("what", metavar="TYPE[/ID]", shell_complete=completion.types_and_rows)
@click.option("--json", "form", flag_value="json", help="One line of JSON for each event, also for errors.")
@options.server()
def watch(server: Server, what: str, form: str | None) -> None:
    """Print what happens to the resources of TYPE, or to one of them, until Ctrl-C.

    A connection that is lost is made again, and goes on where it was.
    """
    from engine.cli.resources import addressing, telling
    from engine.cli.resources.follow import Feed
    from engine.cli.resources.safe import as_json, say

    kind = server.type(what.partition("/")[0])
    row = addressing.row(server, what) if "/" in what else None
    people = telling.People(server)
    with Feed(server, type_name=kind.name, row=row.id if row else None, cursor=None) as feed:
        try:
            for event in feed.events():
                if form == "json" and event.name not in ("ready", "end", "lost", "back"):
                    click.echo(as_json({"event": event.name, **event.data}, indent=None))
                elif form is None or event.name == "ready":
                    _print(event, kind, people, what)
        except KeyboardInterrupt:
            say(err=True)


def _print(event: Event, kind: Type, people: Any, what: str) -> None:
    from engine.cli.resources import telling
    from engine.cli.resources.safe import say

    notices = {
        "ready": f"Watching {what}; Ctrl-C ends it",
        "lost": "Connection lost; trying again",
        "back": "Connected again; nothing was missed",
        "reset": f"Something changed that no event tells, such as your rights: hoster get {what} shows what is there now",
    }
    if event.name in notices:
        say(notices[event.name], err=True)
    elif event.name != "end":
        say(telling.line(kind, people, event.data))


@click.command()
@click.argument("resource", metavar="TYPE/ID", shell_complete=completion.rows)
@click.option("--for", "conditions", multiple=True, metavar="NAME=VALUE", help="What shall be so, or `gone`; all of several.",
              shell_complete=completion.comparable)  # fmt: skip
@click.option("--timeout", default="300s", metavar="DURATION", help="How long at most, such as 60s or 5m; by default 300s.")
@options.form
@options.server(works=lambda given: True)
def wait(server: Server, resource: str, conditions: tuple[str, ...], timeout: str, form: str | None) -> None:
    """Wait until a resource is as --for says, or, without it, until no command is at work on it.

    Ends with status 1 when the time is over, and without --for when the resource has ended in a bad state.
    """
    from engine.cli.resources import addressing, settling
    from engine.cli.resources.follow import cursor_now
    from engine.cli.resources.written import document

    row, seconds = addressing.row(server, resource), _seconds(timeout)
    wanted = _wanted(server, row.type, conditions)
    teller, cursor = settling.Teller(err=form is not None), cursor_now(server)
    found = _until(server, row, wanted, seconds, cursor, teller) if wanted else _rest(server, row, seconds, cursor, teller)
    if form is not None:
        document({"data": found}, form)


def _seconds(timeout: str) -> float:
    from engine.cli.resources.failures import Usage
    from engine.settings.values import BadValue, duration

    try:
        return duration("0s", "36500d")(timeout)
    except BadValue as error:
        raise Usage(f"--timeout {error}") from error


def _wanted(server: Server, kind: Type, conditions: tuple[str, ...]) -> dict[str, Any]:
    from engine.cli.resources import addressing, fields
    from engine.cli.resources.values import raw, typed

    if GONE in conditions:
        return {GONE: True}
    wanted: dict[str, Any] = {}
    for each in fields.split(conditions):
        kind.known(each.name)
        if each.name in kind.relations:
            to = server.type(kind.relations[each.name]["to"])
            wanted[each.name] = addressing.identify(server, to, each.text) if each.text else None
        else:
            wanted[each.name] = raw(each.name, each.text) if each.exact else typed(each.name, kind.fields[each.name], each.text)
        if each.name == kind.state and each.text not in kind.states:
            from engine.cli.resources.failures import unknown

            raise unknown(f"{kind.name} has no state", each.text, kind.states)
    return wanted


def _rest(server: Server, row: Row, seconds: float, cursor: str, teller: Any) -> Mapping[str, Any] | None:
    """Until no command is at work."""
    from engine.cli.resources import settling

    resource = server.get(row.path)["data"]
    state = resource["attributes"].get(row.type.state or "")
    end = settling.End(resource, state)
    if row.type.states.get(state, {}).get("busy"):
        end = settling.settle(server, row, cursor, state, seconds, teller)
    elif state is not None:
        teller.say(str(state))
    settling.judge(row, end)
    return end.resource


def _until(
    server: Server, row: Row, wanted: Mapping[str, Any], seconds: float, cursor: str, teller: Any
) -> Mapping[str, Any] | None:
    """Until everything is as it is wanted."""
    from engine.cli.resources.failures import Failure, Refused
    from engine.cli.resources.follow import Feed

    until = time.monotonic() + seconds
    try:
        resource: Mapping[str, Any] | None = server.get(row.path)["data"]
    except Refused as error:
        if GONE in wanted and error.status == 404:
            return None
        raise
    if _holds(resource, wanted, teller):
        return resource
    with teller.live(), Feed(server, type_name=row.type.name, row=row.id, cursor=cursor) as feed:
        for event in feed.events(until):
            if event.name == "removed":
                teller.say("gone")
                if GONE in wanted:
                    return None
                raise Failure(f"{row} is gone", code="gone")
            found: Mapping[str, Any] | None = event.data.get("resource")
            if event.data.get("id") == row.id and found is not None and _holds(found, wanted, teller):
                return found
    raise Failure(f"{row} is not {_said(wanted)} after {seconds:g} seconds", code="timeout")


def _holds(resource: Mapping[str, Any] | None, wanted: Mapping[str, Any], teller: Any) -> bool:
    if resource is None or GONE in wanted:
        return False
    links = {name: (each.get("data") or {}).get("id") for name, each in resource.get("relationships", {}).items()}
    present = {**links, **resource["attributes"]}
    if any(present.get(name) != value for name, value in wanted.items()):
        return False
    teller.say(_said(wanted))
    return True


def _said(wanted: Mapping[str, Any]) -> str:
    from engine.cli.resources.render import shown

    return GONE if GONE in wanted else ", ".join(f"{name}={shown(value)}" for name, value in wanted.items())
