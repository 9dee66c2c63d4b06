"""Events as people read them: what happened to a resource, by whom, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from engine.cli.resources.render import moment, short, shown
from engine.cli.resources.safe import visible

if TYPE_CHECKING:
    from engine.cli.resources.schema import Type
    from engine.cli.resources.server import Server

COMMAND = "command:"
FEW = 6
"""Names of changed attributes that one line has room for."""


class People:
    """What actors of events are called: e-mail addresses instead of ids, where those may be seen."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._kind = next((each for each in server.types.values() if each.document["identity"]), None)
        self._known: dict[str, str] = {}

    def name(self, actor: str | None) -> str:
        """The name of an actor."""
        if not actor:
            return "somebody"
        if actor.startswith(COMMAND):
            return f"command {visible(actor.removeprefix(COMMAND))}"
        if actor not in self._known:
            self._known[actor] = visible(self._ask(actor) or actor)
        return self._known[actor]

    def _ask(self, actor: str) -> str | None:
        from engine.cli.resources.failures import Refused
        from engine.cli.resources.server import path_of

        kind = self._kind
        if kind is None or not kind.is_id(actor):
            return None
        try:
            attributes = self._server.get(path_of(kind.name, actor))["data"]["attributes"]
        except Refused:
            return None
        emails = (attributes.get(name) for name, field in kind.fields.items() if field["type"] == "email")
        return next((str(each) for each in emails if each), None)


def what(kind: Type | None, event: Mapping[str, Any]) -> str:
    """What happened, in a few words."""
    told = str(event.get("kind") or event.get("change") or "")
    if told == "moved" and event.get("to"):
        changes = _moved_with(kind, event)
        return visible(f"{event.get('from', '?')} → {event['to']}") + (f"; {changes}" if changes else "")
    if told in ("created", "updated"):
        return " ".join(filter(None, (told, _changes(kind, told, event))))
    if event.get("message"):
        fraction = event.get("fraction")
        percent = f" ({fraction:.0%})" if isinstance(fraction, (int, float)) else ""
        return visible(f"{told}: {event['message']}{percent}")
    return visible(told)


def by(people: People, event: Mapping[str, Any]) -> str:
    """Who did it, and as what: the transition, or the number of the command."""
    who = people.name(event.get("actor"))
    if event.get("as"):
        who = f"{who} as {visible(event['as'])}"
    command = event.get("command")
    if isinstance(command, int):
        return f"{who} #{command}"
    return f"{who}, {visible(event['transition'])}" if event.get("transition") else who


def line(kind: Type | None, people: People, event: Mapping[str, Any]) -> str:
    """One event of the stream in one line."""
    about = visible(f"{event.get('type')}/{event.get('id')}")
    who = f"  by {by(people, event)}" if event.get("kind") else ""
    return f"{moment(str(event.get('at', '')))}  {about}  {what(kind, event)}{who}"


def _changes(kind: Type | None, told: str, event: Mapping[str, Any]) -> str:
    after: Mapping[str, Any] = event.get("after") or {}
    if told == "created":
        state = after.get(kind.state) if kind is not None and kind.state else None
        return visible(f"as {state}") if state else ""
    return _pairs(kind, event, dict.fromkeys((*after, *(event.get("before") or {}))))


def _moved_with(kind: Type | None, event: Mapping[str, Any]) -> str:
    """What a move changed besides the state."""
    after: Mapping[str, Any] = event.get("after") or {}
    return _pairs(kind, event, [name for name in after if kind is None or name != kind.state])


def _pairs(kind: Type | None, event: Mapping[str, Any], names: Iterable[str]) -> str:
    """The values of some attributes before and after."""
    before, after = event.get("before") or {}, event.get("after") or {}
    parts = [f"{visible(name)}: {_value(kind, name, before)} → {_value(kind, name, after)}" for name in names]
    more = f" and {len(parts) - FEW} more" if len(parts) > FEW else ""
    return ", ".join(parts[:FEW]) + more


def _value(kind: Type | None, name: str, values: Mapping[str, Any]) -> str:
    field = kind.fields.get(name, {}) if kind is not None else {}
    value = values.get(name)
    if kind is not None and name == kind.failure and isinstance(value, Mapping) and value.get("message"):
        return visible(f"{value['message']} ({value.get('cause')})")
    return short(shown(value, field.get("type", "string")), 30)
