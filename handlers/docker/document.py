"""YAML text → a small tree that knows where every value stands.

The text comes from strangers, so everything is bounded before it is walked: size, depth, and the number of nodes after
aliases and merge keys are unfolded (a few hundred bytes of nested aliases can stand for billions of values). Duplicate
keys and tags of other programs are refused. Scalars stay text: what a value means depends on the key it stands under.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from engine.commands.registry import Problem

MAX_BYTES = 256 * 1024
MAX_DEPTH = 30
MAX_NODES = 4_000
"""Keys and values. Each costs the parser some fifty microseconds, and large files of the marketplace have some hundreds."""


#: An event of ruamel's parser; typed loosely so that the library is imported only when a text is read.
Event: TypeAlias = Any
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
    """One plain value as text. `is_null`: nothing was written, or null. `guessed`: a variable's stand-in is part of it."""

    place: Place
    text: str
    is_null: bool = False
    guessed: bool = False


@dataclass(frozen=True, slots=True)
class Listing:
    """A list of values."""

    place: Place
    items: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Values by key; `keys` says where each key stands."""

    place: Place
    entries: dict[str, Tree]
    keys: dict[str, Place]


Tree: TypeAlias = Scalar | Listing | Table

_TAG = "tag:yaml.org,2002:"
_PLAIN_TAGS = {None, "!", *(_TAG + name for name in ("str", "int", "float", "bool", "null", "timestamp", "map", "seq"))}
_NULLS = {"", "~", "null", "Null", "NULL"}


class Unreadable(Exception):
    """The text is not the YAML we accept."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(problems[0].message)
        self.problems = tuple(problems)


def read(text: str) -> Tree:
    """The tree of one YAML document; raises `Unreadable`."""
    if len(text) > MAX_BYTES or len(text.encode(errors="replace")) > MAX_BYTES:
        raise Unreadable([Problem(f"The text is larger than {MAX_BYTES // 1024} KiB", hint="Split it, or move content out")])
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        # Events, not nodes: they come one by one, so that the bounds hold before anything large has been built.
        yaml: Any = YAML(typ="safe", pure=True)
        builder = _Builder(yaml.parse(text))
        tree = builder.document()
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = {"line": mark.line + 1, "column": mark.column + 1} if mark else {}
        reason = " ".join(str(each) for each in (error.context, error.problem) if each)
        raise Unreadable([Problem(f"This is not valid YAML: {reason}", **where)]) from None
    except (YAMLError, ValueError) as error:
        raise Unreadable([Problem(f"This is not valid YAML: {str(error).partition(chr(10))[0]}")]) from None
    if builder.problems:
        raise Unreadable(builder.problems)
    return tree


class _Builder:
    """Puts the parser's events together, and counts what aliases and merge keys unfold to."""

    def __init__(self, events: Iterator[Event]) -> None:
        self.problems: list[Problem] = []
        self._events = events
        self._anchors: dict[str, Tree] = {}
        self._count = 0

    def document(self) -> Tree:
        """The one document of the text."""
        event = self._next("StreamStartEvent", "DocumentStartEvent")
        if _name(event) == "StreamEndEvent":
            raise Unreadable([Problem("The text is empty", line=1, column=1, hint="Begin with `services:`")])
        tree = self._value(event, (), 0)
        event = self._next("DocumentEndEvent")
        if _name(event) != "StreamEndEvent":
            raise Unreadable([self._place(event, ()).problem("A second document begins here", "Keep one document in the text")])
        return tree

    def _next(self, *passing: str) -> Event:
        event = next(self._events)
        return self._next(*passing) if _name(event) in passing else event

    def _place(self, event: Event, path: Path) -> Place:
        return Place(path, event.start_mark.line + 1, event.start_mark.column + 1)

    def _value(self, event: Event, path: Path, depth: int) -> Tree:
        place = self._place(event, path)
        self._bound(place, depth)
        if _name(event) == "AliasEvent":
            known = self._anchors.get(event.anchor)
            if known is None:
                raise Unreadable([place.problem(f"The alias *{event.anchor} is not defined before it is used")])
            return self._copy(known, path, depth)
        if event.tag not in _PLAIN_TAGS:
            self.problems.append(place.problem(f"The tag {event.tag} is not supported", "Write the value itself"))
        tree: Tree
        if _name(event) == "MappingStartEvent":
            tree = self._table(place, depth)
        elif _name(event) == "SequenceStartEvent":
            tree = self._listing(place, depth)
        else:
            tree = Scalar(place, event.value, is_null=bool(event.implicit[0]) and event.value in _NULLS)
        if event.anchor:
            self._anchors[event.anchor] = tree
        return tree

    def _bound(self, place: Place, depth: int) -> None:
        self._count += 1
        if self._count > MAX_NODES:
            raise Unreadable([place.problem(f"More than {MAX_NODES} keys and values, aliases counted each time they are used")])
        if depth > MAX_DEPTH:
            raise Unreadable([place.problem(f"Nested deeper than {MAX_DEPTH} levels")])

    def _listing(self, place: Place, depth: int) -> Listing:
        items: list[Tree] = []
        while _name(event := self._next()) != "SequenceEndEvent":
            items.append(self._value(event, (*place.path, len(items)), depth + 1))
        return Listing(place, tuple(items))

    def _table(self, place: Place, depth: int) -> Table:
        table, merged = Table(place, {}, {}), []
        while _name(event := self._next()) != "MappingEndEvent":
            if _name(event) != "ScalarEvent" or event.tag not in _PLAIN_TAGS:
                raise Unreadable([self._place(event, place.path).problem("A key must be plain text")])
            key = str(event.value)
            at = self._place(event, (*place.path, key))
            self._bound(at, depth)
            if key == "<<" and event.implicit[0]:
                merged.extend(self._merged(self._value(self._next(), place.path, depth + 1), at))
                continue
            value = self._value(self._next(), at.path, depth + 1)
            first = table.keys.get(key)
            if first is not None:
                message = f"The key {key!r} stands here twice, first in line {first.line}"
                self.problems.append(at.problem(message, "Keep one of the two"))
            table.keys.setdefault(key, at)
            table.entries.setdefault(key, value)
        for other in merged:
            for key, value in other.entries.items():
                if key not in table.entries:
                    path = (*place.path, key)
                    table.entries[key] = self._copy(value, path, depth + 1)
                    table.keys[key] = replace(other.keys[key], path=path)
        return table

    def _merged(self, value: Tree, at: Place) -> list[Table]:
        values = value.items if isinstance(value, Listing) else (value,)
        tables = [each for each in values if isinstance(each, Table)]
        if len(tables) < len(values):
            self.problems.append(at.problem("`<<` takes a mapping, or a list of mappings"))
        return tables

    def _copy(self, tree: Tree, path: Path, depth: int) -> Tree:
        """A subtree once more, at another path; it still stands in the text where its anchor does."""
        place = replace(tree.place, path=path)
        self._bound(place, depth)
        if isinstance(tree, Scalar):
            return replace(tree, place=place)
        if isinstance(tree, Listing):
            items = (self._copy(item, (*path, index), depth + 1) for index, item in enumerate(tree.items))
            return Listing(place, tuple(items))
        entries = {key: self._copy(value, (*path, key), depth + 1) for key, value in tree.entries.items()}
        return Table(place, entries, {key: replace(at, path=(*path, key)) for key, at in tree.keys.items()})


def _name(event: Event) -> str:
    return type(event).__name__
