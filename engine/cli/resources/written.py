"""What commands print of documents and of writes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from engine.cli.resources.safe import as_json, as_yaml, say, visible

if TYPE_CHECKING:
    from engine.cli.resources.schema import Type


def document(content: Mapping[str, Any], form: str) -> None:
    """A document as JSON or YAML."""
    click.echo(as_json(content) if form == "json" else as_yaml(content), nl=form == "json")


def effects(content: Mapping[str, Any]) -> None:
    """What a write would do, one line for each thing."""
    found = (content.get("meta") or {}).get("effects") or []
    say("Nothing is done; this would happen:" if found else "Nothing is done, and nothing would change")
    for each in found:
        say(f"  {_effect(each)}")


def _effect(effect: Mapping[str, Any]) -> str:
    about = visible(f"{effect.get('type')}/{effect.get('id')}")
    kind = effect["kind"]
    if kind == "moved":
        by = f" by {effect['transition']}" if effect.get("transition") else ""
        return visible(f"{about} goes from {effect.get('from')} to {effect.get('to')}{by}")
    if kind == "queued":
        return visible(f"{effect.get('command')} is queued for {about}")
    if kind == "updated":
        return visible(f"{about} is changed: {', '.join(map(str, effect.get('changes') or ()))}")
    return visible(f"{about} is {kind}")


def once_only(kind: Type, resource: Mapping[str, Any]) -> None:
    """Credentials that were made with a resource, and that no later answer has."""
    for name, field in kind.fields.items():
        value = resource.get("attributes", {}).get(name)
        if field["type"] == "token" and value:
            say(f"{name}, shown only now: {visible(value)}")
