"""JSON:API documents from rows. The function for each type is generated once, from its columns.

Stored JSON goes through as it lies in the table, without being parsed and written again; links and linkage, which hold
nothing but names of definitions and ids, are put together as text.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeAlias

import orjson

from engine.model import ROW_VERSION, STANDARD, Relationship, Reverse
from engine.service import Seen
from engine.store import TypeStore

Document: TypeAlias = dict[str, Any]
Writing: TypeAlias = "Callable[[tuple[Any, ...]], Document]"
BASE = "/api/v1"


class Documents:
    """Writes the resources of one type."""

    def __init__(self, kind: TypeStore) -> None:
        self.kind = kind
        self.path = f"{BASE}/{kind.name}"
        self._whole = _generate(kind, self.path, None)
        self._partial = lru_cache(maxsize=64)(lambda only: _generate(kind, self.path, only))

    @property
    def fields(self) -> frozenset[str]:
        """The names that a sparse fieldset may hold."""
        resource = self.kind.resource
        return frozenset(_shown(self.kind)) | resource.relationships.keys() | resource.reverses.keys()

    def resource(self, seen: Seen, only: frozenset[str] | None = None) -> Document:
        """The resource object, without what is hidden from the one who asks; with `only`, of its fields only these."""
        write = self._whole if only is None else self._partial(only)
        document = write(seen.record.values)
        if seen.hidden or seen.made:
            _adjust(document, seen)
        return document

    def resources(self, rows: Sequence[Seen]) -> list[Document]:
        """The resource objects of a list; a type that hides nothing from anybody hides nothing in any of them."""
        if self.kind.hides:
            return [self.resource(seen) for seen in rows]
        write = self._whole
        return [write(seen.record.values) for seen in rows]

    def identifier(self, row_id: str | None) -> Document | None:
        """The linkage to one row of this type."""
        return None if row_id is None else {"type": self.kind.name, "id": row_id}

    def many(self, row_id: str, reverse: str, ids: Collection[str]) -> Document:
        """A to-many relationship whose rows are in the same document."""
        links = {"self": f"{self.path}/{row_id}/relationships/{reverse}", "related": f"{self.path}/{row_id}/{reverse}"}
        of = self.kind.resource.reverses[reverse].type
        return {"data": [{"type": of, "id": each} for each in ids], "links": links}


def encode(document: Mapping[str, Any]) -> bytes:
    """A document as the bytes of a body."""
    return orjson.dumps(document)


def _adjust(document: Document, seen: Seen) -> None:
    """Take out what is hidden; put in what is shown this once."""
    for name in seen.hidden:
        document["attributes"].pop(name, None)
        document.get("relationships", {}).pop(name, None)
    document["attributes"] |= seen.made


def _shown(kind: TypeStore) -> list[str]:
    """The names of attributes that documents have; what is secret is not among them."""
    layout = kind.layout
    hidden = {"id", ROW_VERSION, *kind.resource.relationships, *layout.sealed}
    return sorted((name for name in layout.names if name not in hidden), key=lambda name: name in STANDARD)


def _generate(kind: TypeStore, path: str, only: frozenset[str] | None) -> Writing:
    layout, resource = kind.layout, kind.resource
    attributes = ", ".join(f"{name!r}: {layout.shown(name)}" for name in _shown(kind) if only is None or name in only)
    ends: list[Relationship | Reverse] = [*resource.relationships.values(), *resource.reverses.values()]
    linked = ", ".join(
        f"{each.name!r}: Fragment({_relationship(kind, path, each)})" for each in ends if only is None or each.name in only
    )
    relationships = f"'relationships': {{{linked}}}, " if linked else ""
    source = (
        f"lambda v: {{'type': {kind.name!r}, 'id': v[0], 'attributes': {{{attributes}}}, {relationships}"
        f"""'links': Fragment('{{"self":"{path}/' + v[0] + '"}}'), 'meta': {{'version': v[1]}}}}"""
    )
    return eval(compile(source, "<documents>", "eval"), {"__builtins__": {}, "Fragment": orjson.Fragment})  # type: ignore[no-any-return]  # noqa: S307  a lambda over checked names


def _relationship(kind: TypeStore, path: str, end: Relationship | Reverse) -> str:
    """Source text of an expression over the tuple `v`: a relationship as JSON text."""
    links = (
        f"""'"links":{{"self":"{path}/' + v[0] + '/relationships/{end.name}",'"""
        f"""'"related":"{path}/' + v[0] + '/{end.name}"}}}}'"""
    )
    if isinstance(end, Reverse):
        return f"'{{' {links}"
    value = f"v[{kind.layout.index[end.name]}]"
    linkage = f"""('{{"data":null,' if {value} is None else '{{"data":{{"type":"{end.to}","id":"' + {value} + '"}},')"""
    return f"{linkage} + {links}"
