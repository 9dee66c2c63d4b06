"""What a type and its parts are, in words: for `hoster describe TYPE` and `hoster explain TYPE.FIELD`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from engine.cli.resources.failures import unknown
from engine.cli.resources.render import properties, shown, table
from engine.cli.resources.safe import say, visible
from engine.cli.resources.schema import Type

_SET_BY = {
    "server": "the server",
    "system": "the server",
    "transition": "transitions only",
    "caller": "the server: whoever creates it",
}
_CAN = {True: "yes", False: "no", "depends": "depends on the resource"}


def show_type(kind: Type) -> None:
    """Print all of a type."""
    say(f"{kind.name}  {visible(kind.document['description'] or '')}")
    say("\nAttributes")
    rows = [
        [name, str(field["type"]), _marks(field), visible(field.get("description") or "")]
        for name, field in kind.fields.items()
    ]
    table(["name", "type", "", "what it is"], rows)
    if kind.relations:
        say("\nRelationships")
        rows = [
            [name, f"to {each['to']}", _marks(each), visible(each["description"] or "")]
            for name, each in kind.relations.items()
        ]
        table(["name", "type", "", "what it is"], rows)
    if kind.states:
        say(f"\nStates, in {kind.state}")
        properties([(name, visible(each["description"] or "–")) for name, each in kind.states.items()], 2)
    if kind.transitions:
        say("\nTransitions")
        properties([(name, _move(each)) for name, each in kind.transitions.items()], 2)
    reads = kind.document["reads"]
    if reads:
        say("\nReads")
        properties([(name, visible(each["description"] or "–")) for name, each in reads.items()], 2)
    can = kind.document["can"]
    say("\nYou may")
    properties([(verb, _CAN[can[verb]]) for verb in ("read", "create", "update", "delete")], 2)


def part(kind: Type, name: str) -> tuple[str, Mapping[str, Any]]:
    """An attribute, relationship or transition of the type, and which of these it is; raises `Usage` where there is none."""
    for what, parts in (("attribute", kind.fields), ("relationship", kind.relations), ("transition", kind.transitions)):
        if name in parts:
            return what, parts[name]
    raise unknown(
        f"{kind.name} has no attribute, relationship or transition", name, (*kind.fields, *kind.relations, *kind.transitions)
    )


def show_part(kind: Type, name: str) -> None:
    """Print what is known of it."""
    what, described = part(kind, name)
    say(f"{kind.name}.{name}: {what}" + (f", {visible(described['description'])}" if described.get("description") else ""))
    properties([*(_transition(kind, described) if what == "transition" else _field(described))], 2)
    if what == "transition":
        for input_name, each in described["inputs"].items():
            say(f"\n  input {visible(input_name)}" + (f", {visible(each['description'])}" if each.get("description") else ""))
            properties([*_constraints(each)], 4)


def _field(field: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield from _constraints(field)
    by = str(field["set_by"])
    yield "set by", _SET_BY.get(by, "people" if by == "user" else visible(by))
    yield "you may read it", _CAN[field["readable"]]
    yield "you may set it", f"{_CAN[field['settable_at_creation']]} at creation, {_CAN[field['settable_later']]} later"


def _constraints(field: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "type", f"link to {field['to']}" if "to" in field else visible(field["type"])
    if field.get("values"):
        yield "values", visible(", ".join(field["values"]))
    for name in ("required", "computed", "immutable", "secret"):
        if field.get(name):
            yield name, "yes"
    if field.get("unique"):
        unique = field["unique"]
        yield "unique", "yes" if unique is True else visible(f"together with {', '.join(unique)}")
    if field.get("default") is not None:
        yield "default", shown(field["default"], field["type"])
    for name in ("min_length", "max_length", "minimum", "maximum", "pattern", "currency", "on_delete"):
        if field.get(name) is not None:
            yield name.replace("_", " "), visible(field[name])
    if field.get("type") == "json" and field.get("schema"):
        yield "JSON Schema", visible(json.dumps(field["schema"], ensure_ascii=False))


def _transition(kind: Type, transition: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "from", visible(", ".join(transition["from"]))
    target = transition["to"]
    text = kind.states.get(target, {}).get("description")
    yield "to", visible(target + (f", {text}" if text else ""))
    for need in transition["needs"]:
        yield "needs", visible(need)
    if transition["confirm"]:
        yield "asks first", "yes"
    yield "fired by", "the server only" if transition["by_system"] else "people"
    can = kind.document["can"]["transitions"]
    name = next(name for name, each in kind.transitions.items() if each is transition)
    yield "you may fire it", _CAN[can[name]]


def _move(transition: Mapping[str, Any]) -> str:
    text = f"  {transition['description']}" if transition["description"] else ""
    inputs = f" ({', '.join(transition['inputs'])})" if transition["inputs"] else ""
    return visible(f"{', '.join(transition['from'])} → {transition['to']}{inputs}{text}")


def _marks(field: Mapping[str, Any]) -> str:
    words = [name for name in ("required", "computed", "immutable", "secret", "unique") if field.get(name)]
    if field["set_by"] in _SET_BY and not field.get("computed"):
        words.append("not settable")
    return ", ".join(words)
