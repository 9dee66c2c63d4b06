"""The tree of one definition file: values that know where they stand.

A node is a scalar, a list of nodes, or a mapping from text to nodes; a mapping also keeps the nodes of its keys. Lines and
columns count from 1. `offset` is the distance from a scalar's column to its first character (1 when quoted), or -1 where
characters of the value and of the file do not correspond one to one: escapes, folded and block scalars. A `broken` node
is one whose value could not be read, which has been reported; nothing more is said about it. In an
`incomplete` mapping that is true of some entry, so nothing is said about keys that are missing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from engine.model import JSON

Content: TypeAlias = "bool | int | float | str | list[Node] | dict[str, Node] | None"


@dataclass(slots=True)
class Node:
    """A value and its place."""

    value: Content
    line: int
    column: int
    offset: int = -1
    keys: dict[str, Node] = field(default_factory=dict)
    broken: bool = False
    incomplete: bool = False

    def column_of(self, index: int) -> int:
        """The column of the character at `index` of a scalar, or of its start where that cannot be told."""
        return self.column if self.offset < 0 else self.column + self.offset + index

    def get(self, key: str) -> Node | None:
        """The node under `key`, None where there is none or where this is no mapping."""
        return self.value.get(key) if isinstance(self.value, dict) else None

    def items(self) -> list[tuple[str, Node, Node]]:
        """Key, key node and value node of every entry; empty when this is no mapping."""
        if not isinstance(self.value, dict):
            return []
        return [(key, self.keys[key], value) for key, value in self.value.items()]

    def elements(self) -> list[Node]:
        """The nodes of a list; empty when this is none."""
        return self.value if isinstance(self.value, list) else []


def plain(node: Node) -> JSON:
    """The tree as the JSON value it stands for."""
    if isinstance(node.value, dict):
        return {key: plain(value) for key, value in node.value.items()}
    if isinstance(node.value, list):
        return [plain(value) for value in node.value]
    return node.value
