"""`hoster describe`: everything about one resource, or about a type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from engine.cli.resources import completion, options

if TYPE_CHECKING:
    from engine.cli.resources.addressing import Row
    from engine.cli.resources.schema import Type
    from engine.cli.resources.server import Server

EVENTS = 5
"""How many of the last events are shown."""

MOST_INCLUDED = 20
"""Relationships that one request may include."""


@click.command()
@click.argument("what", metavar="TYPE[/ID]", shell_complete=completion.types_and_rows)
@options.form
@options.server()
def describe(server: Server, what: str, form: str | None) -> None:
    """Tell all about a resource: values, links, state, what you can do with it and why not, the last events.

    With TYPE alone, about the type: its attributes, relationships, states and transitions.
    """
    from engine.cli.resources import addressing
    from engine.cli.resources.types import show_type
    from engine.cli.resources.written import document

    if "/" not in what:
        kind = server.type(what)
        if form is not None:
            document({"data": kind.document}, form)
        else:
            show_type(kind)
        return
    row = addressing.row(server, what)
    found = _found(server, row)
    if form is not None:
        document(found, form)
    else:
        _show(server, row, found)


def _found(server: Server, row: Row) -> dict[str, Any]:
    from engine.cli.resources.history import entries

    linked = [name for name, each in row.type.relations.items() if each["readable"] is not False][:MOST_INCLUDED]
    document = server.get(row.path, {"include": ",".join(linked)} if linked else {})
    return {
        "data": document["data"],
        "included": document.get("included", []),
        "actions": server.get(f"{row.path}/actions")["data"],
        "events": [*entries(server, row)][-EVENTS:],
    }


def _show(server: Server, row: Row, found: Mapping[str, Any]) -> None:
    from engine.cli.resources import history, render
    from engine.cli.resources.safe import say, visible

    resource, kind = found["data"], row.type
    called = kind.called(resource)
    say(f"{row}" + (f"  {visible(called)}" if called else ""))
    if kind.state:
        say(f"  {_state(kind, resource)}")
    say("\nAttributes")
    render.properties(_attributes(kind, resource), 2)
    names = render.Names(server.types, found["included"])
    links = [(name, _link(resource, name, names)) for name in kind.relations if name in resource.get("relationships", {})]
    if links:
        say("\nRelationships")
        render.properties(links, 2)
    say("\nWhat can be done")
    _actions(found["actions"])
    if found["events"]:
        say("\nLast events")
        history.show(server, row, found["events"])


def _state(kind: Type, resource: Mapping[str, Any]) -> str:
    from engine.cli.resources.safe import visible

    state = str(resource["attributes"].get(kind.state or ""))
    text = kind.states.get(state, {}).get("description")
    return visible(f"{kind.state}: {state}" + (f", {text}" if text else ""))


def _attributes(kind: Type, resource: Mapping[str, Any]) -> list[tuple[str, str]]:
    from engine.cli.resources import render
    from engine.cli.resources.safe import visible

    found = []
    for name, value in resource["attributes"].items():
        field = kind.fields.get(name, {}).get("type", "string")
        is_text = field == "text" and isinstance(value, str)
        found.append((name, visible(value, lines=True).rstrip("\n") if is_text else render.shown(value, field)))
    found += [
        (name, "••••••, never shown")
        for name, field in kind.fields.items()
        if field.get("secret") and name not in resource["attributes"]
    ]
    return [*found, ("version", render.shown((resource.get("meta") or {}).get("version")))]


def _link(resource: Mapping[str, Any], name: str, names: Any) -> str:
    from engine.cli.resources.safe import visible

    linkage = resource["relationships"][name].get("data")
    if not linkage:
        return "–"
    called, address = names.of(linkage), visible(f"{linkage['type']}/{linkage['id']}")
    return address if called == linkage["id"] else f"{called}  ({address})"


def _actions(actions: list[Mapping[str, Any]]) -> None:
    from engine.cli.resources.safe import say, visible

    for action in actions:
        each = action["attributes"]
        text = f", {each['description']}" if each.get("description") else ""
        say(visible(f"  {'✓' if each['allowed'] else '✗'} {each['name']}{text}"))
        inputs = (each.get("inputs") or {}).get("properties") or {}
        if inputs and each["allowed"] and each.get("target"):
            say(visible(f"      inputs: {', '.join(inputs)}"))
        for reason in each["reasons"]:
            say(visible(f"      {reason['detail']} ({reason['code']})"))
        for need in each.get("needs") or ():
            say(visible(f"      needs: {need}"))
