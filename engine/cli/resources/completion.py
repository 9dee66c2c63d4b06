"""What shells complete: types, ids and names, transitions, attributes, as the server has them at that moment.

It must answer at once and never complain: whatever goes wrong, there is nothing to complete.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

if TYPE_CHECKING:
    from engine.cli.resources.schema import Type
    from engine.cli.resources.server import Server

PATIENCE = 2.0
"""Seconds that a person may look at a line that does not move."""

MOST = 100

_HARMLESS = re.compile(r"[\w./=@:+,-]+")
"""What a shell takes as it stands. Shells put completed words into the line, where `$(…)` in somebody's name would be run."""

Items = list[CompletionItem]
Words = Iterable["tuple[str, str]"]
Source = Callable[[click.Context, click.Parameter, str], Items]


def _complete(words: Callable[[Server, click.Context, str], Words]) -> Source:
    """Answer from a server, with what begins as the word does."""

    def source(context: click.Context, parameter: click.Parameter, incomplete: str) -> Items:
        with contextlib.suppress(Exception, SystemExit), _server(context) as server:
            found = words(server, context, incomplete)
            harmless = ((word, text) for word, text in found if _HARMLESS.fullmatch(word))
            return [CompletionItem(word, help=text or None) for word, text in harmless if word.startswith(incomplete)]
        return []

    return source


@contextlib.contextmanager
def _server(context: click.Context) -> Iterator[Server]:
    from engine.cli.resources.target import Target, reach

    given = context.params
    file = given.get("token_file")
    target = Target(given.get("url"), Path(file) if file else None, bool(given.get("local")))
    with reach(target, patience=PATIENCE, or_local=False) as server:
        yield server


def _clean(text: str) -> str:
    from engine.cli.resources.safe import visible

    return visible(text)


def _types(server: Server, _: click.Context, __: str) -> Words:
    return [(name, _clean(kind.document["description"] or "")) for name, kind in server.types.items()]


def _rows(server: Server, _: click.Context, incomplete: str) -> Words:
    type_name, slash, _name = incomplete.partition("/")
    if not slash:
        return [(f"{name}/", text) for name, text in _types(server, _, incomplete)]
    kind = server.type(type_name)
    fields = [*dict.fromkeys((*([kind.title] if kind.title else []), *kind.naming))]
    shape = {f"fields[{kind.name}]": ",".join(fields)} if fields else {}
    return _addresses(kind, server.get(f"/{kind.name}", {"page[size]": str(MOST), **shape})["data"])


def _addresses(kind: Type, found: Iterable[dict[str, Any]]) -> Words:
    for each in found:
        yield f"{kind.name}/{each['id']}", _clean(kind.called(each) or "")
        attributes: dict[str, Any] = each.get("attributes") or {}
        for attribute in kind.naming:
            name = attributes.get(attribute)
            if isinstance(name, str):
                yield f"{kind.name}/{name}", attribute


def _types_and_rows(server: Server, context: click.Context, incomplete: str) -> Words:
    return (_rows if "/" in incomplete else _types)(server, context, incomplete)


def _kind(server: Server, context: click.Context) -> Type:
    given = context.params
    text = given.get("type_name") or given.get("resource") or given.get("what") or _first(context)
    return server.type(str(text).partition("/")[0])


def _first(context: click.Context) -> str:
    """The first word that is no option: click has not sorted the words where an option still lacks its value."""
    return context.args[0] if context.args else ""


def _settable(server: Server, context: click.Context, _: str) -> Words:
    kind, later = _kind(server, context), "resource" in context.params
    when = "settable_later" if later else "settable_at_creation"
    parts = {**kind.fields, **kind.relations}
    return [(f"{name}=", _clean(each.get("description") or "")) for name, each in parts.items() if each[when] is not False]


def _comparable(server: Server, context: click.Context, incomplete: str) -> Words:
    kind = _kind(server, context)
    name, equals, _ = incomplete.partition("=")
    values: Iterable[str] = kind.fields.get(name, {}).get("values") or () if equals else ()
    return (
        [(f"{name}={value}", "") for value in values] if equals else [(f"{each}=", of) for each, of in kind.comparable.items()]
    )


def _transitions(server: Server, _: click.Context, __: str) -> Words:
    found: dict[str, str] = {}
    for kind in server.types.values():
        for name, each in kind.transitions.items():
            if not each["by_system"]:
                found.setdefault(name, _clean(each["description"] or ""))
    return found.items()


def _transition_rows(server: Server, context: click.Context, incomplete: str) -> Words:
    """Where a transition was named, only types that have it."""
    wanted = context.params.get("transition")
    if wanted is None or "/" in incomplete:
        return _rows(server, context, incomplete)
    return [(f"{name}/", "") for name, kind in server.types.items() if wanted in kind.transitions]


def _parts(server: Server, _: click.Context, incomplete: str) -> Words:
    type_name, dot, _name = incomplete.partition(".")
    if not dot:
        return [(f"{name}.", text) for name, text in _types(server, _, incomplete)]
    kind = server.type(type_name)
    parts = {**kind.fields, **kind.relations, **kind.transitions}
    return [(f"{type_name}.{name}", _clean(each.get("description") or "")) for name, each in parts.items()]


types = _complete(_types)
rows = _complete(_transition_rows)
types_and_rows = _complete(_types_and_rows)
settable = _complete(_settable)
comparable = _complete(_comparable)
transitions = _complete(_transitions)
parts = _complete(_parts)
