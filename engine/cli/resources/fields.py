"""`k=v`, `k=@file`, `k:=JSON`, `rel=NAME` and documents: what a write gives along, as the schema types it."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from engine.cli.resources.addressing import identify
from engine.cli.resources.failures import Usage, unknown
from engine.cli.resources.safe import say
from engine.cli.resources.schema import Type
from engine.cli.resources.server import Server
from engine.cli.resources.values import raw, typed


class Given(NamedTuple):
    """One `k=v`. `exact` says that the value is JSON as it stands."""

    name: str
    text: str
    exact: bool


def split(arguments: Iterable[str]) -> list[Given]:
    """The names and texts of arguments; files are read, `-` is standard input."""
    found: list[Given] = []
    for argument in arguments:
        if not _is_text(argument):
            raise Usage(f"{argument!r} is not text in UTF-8")
        left, equals, text = argument.partition("=")
        exact = left.endswith(":")
        name = left.removesuffix(":")
        if not equals or not name:
            raise Usage(f"{argument!r} is not of the form NAME=VALUE")
        if any(name == each.name for each in found):
            raise Usage(f"{name} is there twice")
        found.append(Given(name, _read(name, text[1:]) if text.startswith("@") else text, exact))
    return found


def _is_text(argument: str) -> bool:
    """Whether it was text: Python keeps bytes that were none as halves of surrogates."""
    return not any("\ud800" <= letter <= "\udfff" for letter in argument)


def _read(name: str, file: str) -> str:
    try:
        return sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not text"
        hint = f"A text that begins with @ is given as JSON: {name}:='\"@…\"'"
        raise Usage(f"{name}: {file} cannot be read: {why}", hint=None if name.startswith("-") else hint) from error


def resource(server: Server, kind: Type, arguments: Iterable[str], document: Path | None, *, later: bool) -> dict[str, Any]:
    """The `attributes` and `relationships` of a resource: those of the document, then those of the arguments.

    `later` says that the resource is there already.
    """
    parts: dict[str, dict[str, Any]] = {"attributes": {}, "relationships": {}}
    if document is not None:
        for name, value in _from_document(kind, _load(document), later).items():
            kind.known(name)
            if name in kind.relations:
                parts["relationships"][name] = _as_linkage(server, kind, name, value)
            else:
                parts["attributes"][name] = _plain(value)
    for each in split(arguments):
        kind.known(each.name)
        if each.name in kind.relations:
            parts["relationships"][each.name] = _linkage(server, kind, each)
        else:
            parts["attributes"][each.name] = _value(each, kind.fields)
    return {name: part for name, part in parts.items() if part}


def inputs(transition: str, fields: Mapping[str, Mapping[str, Any]], arguments: Iterable[str]) -> dict[str, Any]:
    """The inputs of a transition."""
    found = {}
    for each in split(arguments):
        if each.name not in fields:
            raise unknown(f"{transition} has no input", each.name, fields)
        found[each.name] = _value(each, fields)
    return found


def _value(given: Given, fields: Mapping[str, Mapping[str, Any]]) -> Any:
    field = fields[given.name]
    text = given.text.removesuffix("\n") if field["type"] not in ("text", "json") else given.text
    return raw(given.name, text) if given.exact else typed(given.name, field, text)


def _linkage(server: Server, kind: Type, given: Given) -> dict[str, Any]:
    to = kind.relations[given.name]["to"]
    text = given.text.strip().removeprefix(f"{to}/")
    if given.exact and text != "null":
        raise Usage(f"{given.name} is a relationship: give an id or a name, or null")
    if not text or given.exact:
        return {"data": None}
    return {"data": {"type": to, "id": identify(server, server.type(to), text)}}


def _load(file: Path) -> Any:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    text = sys.stdin.read() if str(file) == "-" else _read("--file", str(file))
    try:
        return YAML(typ="safe", pure=True).load(text)
    except YAMLError as error:
        raise Usage(f"{file} is no YAML: {error}") from error


def _from_document(kind: Type, loaded: Any, later: bool) -> dict[str, Any]:
    """Of a plain mapping all names count; of a document of the API what can be given along."""
    if isinstance(loaded, dict) and isinstance(loaded.get("data"), dict):
        loaded = loaded["data"]
    if not isinstance(loaded, dict):
        raise Usage("A document is a mapping of names to values, or what hoster get TYPE/ID --yaml prints")
    if "id" not in loaded and not isinstance(loaded.get("attributes"), dict):
        return loaded
    if loaded.get("type", kind.name) != kind.name:
        raise Usage(f"The document is of the type {loaded['type']}, not {kind.name}")
    links = {name: each for name, each in (loaded.get("relationships") or {}).items() if "data" in each}
    everything = {**(loaded.get("attributes") or {}), **links}
    left_out = [name for name in everything if not _settable(kind, name, later)]
    if left_out:
        say(f"Left out, as they cannot be set: {', '.join(left_out)}", err=True)
    return {name: value for name, value in everything.items() if name not in left_out}


def _settable(kind: Type, name: str, later: bool) -> bool:
    """Whether it can be set, or is not known and shall be refused."""
    each = kind.fields.get(name) or kind.relations.get(name)
    return each is None or each["settable_later" if later else "settable_at_creation"] is not False


def _as_linkage(server: Server, kind: Type, name: str, value: Any) -> dict[str, Any]:
    if isinstance(value, dict) and "data" in value:
        return {"data": value["data"]}
    return _linkage(server, kind, Given(name, "" if value is None else str(value), exact=False))


def _plain(value: Any) -> Any:
    """A value of YAML as JSON has it: times become text."""
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if hasattr(value, "isoformat"):
        text = value.isoformat()
        has_zone = getattr(value, "tzinfo", None) is not None
        return f"{text}T00:00:00Z" if len(text) == 10 else text if has_zone else f"{text}Z"
    return value
