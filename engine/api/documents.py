"""JSON:API documents from rows. The function for each type is generated once, from its columns.

Stored JSON goes through as it lies in the table, without being parsed and written again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import orjson

from engine.model import ROW_VERSION, STANDARD
from engine.service import Seen
from engine.store import TypeStore

Document: TypeAlias = dict[str, Any]
BASE = "/api/v1"


class Documents:
    """Writes the resources of one type."""

    def __init__(self, kind: TypeStore) -> None:
        self.path = f"{BASE}/{kind.name}"
        self._resource: Callable[[tuple[Any, ...]], Document] = _generate(kind, f"{self.path}/")

    def resource(self, seen: Seen) -> Document:
        """The resource object, without what is hidden from the one who asks."""
        document = self._resource(seen.record.values)
        for name in seen.hidden:
            document["attributes"].pop(name, None)  # secrets are not there to begin with
        return document


def encode(document: Document) -> bytes:
    """A document as the bytes of a body."""
    return orjson.dumps(document)


def _generate(kind: TypeStore, path: str) -> Callable[[tuple[Any, ...]], Document]:
    layout, resource = kind.layout, kind.resource
    shown = [name for name in layout.names if name not in resource.relationships and name not in ("id", ROW_VERSION)]
    shown = [name for name in shown if layout.kinds[name] != "secret"]
    shown.sort(key=lambda name: name in STANDARD)
    attributes = ", ".join(f"{name!r}: {layout.shown(name)}" for name in shown)
    links = ", ".join(
        f"{each.name!r}: {_linkage(layout.shown(each.name), each.to)}" for each in resource.relationships.values()
    )
    relationships = f"'relationships': {{{links}}}, " if links else ""
    source = (
        f"lambda v: {{'type': {kind.name!r}, 'id': v[0], 'attributes': {{{attributes}}}, {relationships}"
        f"'links': {{'self': {path!r} + v[0]}}, 'meta': {{'version': v[1]}}}}"
    )
    return eval(compile(source, "<documents>", "eval"), {"__builtins__": {}, "Fragment": orjson.Fragment})  # type: ignore[no-any-return]  # noqa: S307  a lambda over checked names


def _linkage(value: str, target: str) -> str:
    return f"{{'data': None if {value} is None else {{'type': {target!r}, 'id': {value}}}}}"
