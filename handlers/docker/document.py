"""YAML text → a small tree that knows where every value stands.

The text comes from strangers, so everything is bounded before it is walked: size, depth, and the number of nodes after
aliases and merge keys are unfolded (a few hundred bytes of nested aliases can stand for billions of values). Duplicate
keys and tags of other programs are refused. Scalars stay text: what a value means depends on the key it stands under.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from engine.commands.registry import Problem

if TYPE_CHECKING:
    from ruamel.yaml.nodes import Node as YamlNode

MAX_BYTES = 256 * 1024
MAX_DEPTH = 30
MAX_NODES = 20_000

Path: TypeAlias = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value stands: its path in the document, and line and column of the text, counted from 1."""

    path: Path
    line: int
    column: int

    def problem(self, message: str, hint: str | None = None) -> Problem:
        """A problem with the value that stands here."""
        return Problem(message, self.path, self.line, self.column, hint)


@dataclass(frozen=True, slots=True)
class Scalar:
    """One plain value as text. `kind` is what YAML takes it for; `guessed` marks text that holds a variable's stand-in."""

    place: Place
    text: str
    kind: str = "str"
    guessed: bool = False

    @property
    def is_null(self) -> bool:
        """Whether nothing was written, or null."""
        return self.kind == "null"


@dataclass(frozen=True, slots=True)
class Listing:
    """A list of values."""

    place: Place
    items: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Values by key; `keys` says where each key stands."""

    place: Place
    entries: Mapping[str, Tree]
    keys: Mapping[str, Place]


Tree: TypeAlias = Scalar | Listing | Table

_TAG = "tag:yaml.org,2002:"
_KINDS = {"str": "str", "int": "int", "float": "float", "bool": "bool", "null": "null", "timestamp": "str", "value": "str"}


class Unreadable(Exception):
    """The text is not the YAML we accept."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(problems[0].message)
        self.problems = tuple(problems)


def read(text: str) -> Tree:
    """The tree of one YAML document; raises `Unreadable`."""
    if len(text) > MAX_BYTES or len(text.encode(errors="replace")) > MAX_BYTES:
        raise Unreadable([Problem(f"The text is larger than {MAX_BYTES // 1024} KiB", hint="Split it, or move content out")])
    if not text.strip():
        raise Unreadable([Problem("The text is empty", line=1, column=1, hint="Begin with `services:`")])
    node = _compose(text)
    if node is None:
        raise Unreadable([Problem("The text holds only comments", line=1, column=1, hint="Begin with `services:`")])
    builder = _Builder()
    tree = builder.build(node, ())
    if builder.problems:
        raise Unreadable(builder.problems)
    return tree


def _compose(text: str) -> YamlNode | None:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        yaml: Any = YAML(typ="safe", pure=True)
        node: YamlNode | None = yaml.compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = {"line": mark.line + 1, "column": mark.column + 1} if mark else {}
        reason = " ".join(str(each) for each in (error.context, error.problem) if each)
        raise Unreadable([Problem(f"This is not valid YAML: {reason}", **where)]) from None
    except (YAMLError, ValueError, RecursionError) as error:
        raise Unreadable(
            [Problem(f"This is not valid YAML: {str(error).splitlines()[0] if str(error) else 'too deep'}")]
        ) from None
    return node


class _Builder:
    """Walks the composed nodes once, counting what it unfolds."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self._count = 0

    def build(self, node: YamlNode, path: Path) -> Tree:
        place = Place(path, node.start_mark.line + 1, node.start_mark.column + 1)
        self._count += 1
        if self._count > MAX_NODES:
            raise Unreadable([place.problem(f"More than {MAX_NODES} values, aliases counted each time they are used")])
        if len(path) > MAX_DEPTH:
            raise Unreadable([place.problem(f"Nested deeper than {MAX_DEPTH} levels, or an alias that contains itself")])
        if isinstance(node, MappingNode):
            self._expect(node, place, "map")
            return self._table(node, place)
        if isinstance(node, SequenceNode):
            self._expect(node, place, "seq")
            return Listing(place, tuple(self.build(item, (*path, index)) for index, item in enumerate(node.value)))
        kind = _KINDS.get(str(node.tag).removeprefix(_TAG))
        if kind is None:
            self.problems.append(place.problem(f"The tag {node.tag} is not supported", "Write the value itself"))
        return Scalar(place, node.value, kind or "str")

    def _expect(self, node: YamlNode, place: Place, tag: str) -> None:
        if str(node.tag) != _TAG + tag:
            self.problems.append(place.problem(f"The tag {node.tag} is not supported", "Write the value itself"))

    def _table(self, node: YamlNode, place: Place) -> Table:
        entries: dict[str, Tree] = {}
        keys: dict[str, Place] = {}
        merged: list[Table] = []
        for key, value in node.value:
            at = Place(
                (*place.path, str(key.value) if key.id == "scalar" else "?"), key.start_mark.line + 1, key.start_mark.column + 1
            )
            if str(key.tag) == _TAG + "merge":
                merged.extend(self._merged(value, place, at))
            elif key.id != "scalar" or not str(key.tag).startswith(_TAG):
                self.problems.append(at.problem("A key must be plain text"))
            elif key.value in keys:
                first = keys[key.value]
                self.problems.append(
                    at.problem(f"The key {key.value!r} stands here twice, first in line {first.line}", "Keep one of the two")
                )
            else:
                keys[key.value] = at
                entries[key.value] = self.build(value, (*place.path, key.value))
        for table in merged:
            for name, value in table.entries.items():
                entries.setdefault(name, value)
                keys.setdefault(name, table.keys[name])
        return Table(place, entries, keys)

    def _merged(self, node: YamlNode, place: Place, at: Place) -> list[Table]:
        nodes = node.value if isinstance(node, SequenceNode) else [node]
        if any(each.id != "mapping" for each in nodes):
            self.problems.append(at.problem("`<<` takes a mapping, or a list of mappings"))
            return []
        return [table for each in nodes if isinstance(table := self.build(each, place.path), Table)]
