"""YAML text → a tree of nodes, with every problem on the way.

It works on the parser's events instead of its loaded objects: that is cheaper, gives the place of everything, and lets
what the language does not have (anchors, aliases, merge keys, tags, more than one document) be refused where it stands,
before anything is expanded. After a syntax error the sections above it that were complete are still returned.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.events import AliasEvent, MappingEndEvent, MappingStartEvent, ScalarEvent, SequenceEndEvent, SequenceStartEvent

from engine.loader.node import Node
from engine.loader.scalars import BadNumber, resolve

MAX_DEPTH = 40
MAX_NODES = 20_000
MAX_PROBLEMS = 100

#: Told about a problem: line, column, code, message.
Report = Callable[[int, int, str, str], None]

_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")


class _Stop(Exception):
    """Reading on makes no sense; the problem has been reported."""


def read_yaml(text: str, report: Report) -> Node | None:
    """The tree of `text`, or None when there is nothing to be had."""
    forbidden = _FORBIDDEN.search(text)
    if forbidden is not None:
        line, column = _place(text, forbidden.start())
        report(line, column, "bad-character", f"the character U+{ord(forbidden.group()):04X} cannot stand in a definition file")
        return None
    return _Reader(text, report).read()


def _place(text: str, index: int) -> tuple[int, int]:
    return text.count("\n", 0, index) + 1, index - (text.rfind("\n", 0, index) + 1) + 1


class _Reader:
    def __init__(self, text: str, report: Report) -> None:
        self.text = text
        self.report = report
        self.nodes = 0
        self.problems = 0
        self.root: Node | None = None

    def read(self) -> Node | None:
        try:
            self._document(iter(YAML(typ="safe", pure=True).parse(self.text)))
        except _Stop:
            pass
        except YAMLError as error:
            self._syntax(error)
        except Exception as error:  # the parser has faults of its own on odd input; they are faults of the file to us
            self.report(1, 1, "bad-yaml", f"this cannot be read as YAML: {type(error).__name__}")
        return self.root

    def _syntax(self, error: YAMLError) -> None:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        line, column = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
        words = [getattr(error, "context", None), getattr(error, "problem", None)]
        message = ", ".join(" ".join(str(each).split()) for each in words if each) or "this cannot be read as YAML"
        self.report(line, column, "bad-yaml", message[:300])

    def _document(self, events: Iterator[Any]) -> None:
        documents = 0
        for event in events:
            if not isinstance(event, ScalarEvent | AliasEvent | MappingStartEvent | SequenceStartEvent):
                continue
            documents += 1
            if documents > 1:
                self._at(event, "second-document", "a definition file holds one document; remove everything from '---' on")
                raise _Stop
            self._node(event, events, 1)

    def _at(self, event: Any, code: str, message: str) -> None:
        line, column = event.start_mark.line + 1, event.start_mark.column + 1
        self.report(line, column, code, message)
        self.problems += 1
        if self.problems == MAX_PROBLEMS:
            self.report(line, column, "too-many-problems", "the rest of this file was not read")
            raise _Stop

    def _node(self, event: Any, events: Iterator[Any], depth: int) -> Node:
        self.nodes += 1
        if depth > MAX_DEPTH or self.nodes > MAX_NODES:
            limit = f"{MAX_DEPTH} levels deep" if depth > MAX_DEPTH else f"{MAX_NODES} values long"
            self._at(event, "too-large", f"a definition is at most {limit}")
            raise _Stop
        self._refuse_sharing(event)
        mark = event.start_mark
        node = Node(None, mark.line + 1, mark.column + 1)
        if self.root is None:
            self.root = node
        if isinstance(event, AliasEvent):
            node.broken = True
        elif isinstance(event, ScalarEvent):
            self._scalar(event, node)
        elif isinstance(event, MappingStartEvent):
            self._mapping(node, events, depth)
        elif isinstance(event, SequenceStartEvent):
            self._sequence(node, events, depth)
        return node

    def _refuse_sharing(self, event: Any) -> None:
        if isinstance(event, AliasEvent):
            self._at(event, "alias", f"the alias '*{event.anchor}' is not part of the language; write the value out")
        elif event.anchor is not None:
            self._at(event, "anchor", f"the anchor '&{event.anchor}' is not part of the language; remove it")
        if getattr(event, "ctag", None) is not None:
            self._at(event, "tag", f"the tag '{event.tag}' is not part of the language; remove it, and quote what is text")

    def _scalar(self, event: ScalarEvent, node: Node) -> None:
        text = str(event.value)
        self._place_text(event, text, node)
        if event.style == '"' and (forbidden := _FORBIDDEN.search(text)):
            node.broken = True
            self._at(event, "bad-character", f"the character U+{ord(forbidden.group()):04X} cannot stand in a definition file")
            return
        try:
            node.value = resolve(text) if event.style is None else text
        except BadNumber as error:
            node.broken = True
            self._at(event, "bad-number", str(error))

    def _place_text(self, event: ScalarEvent, text: str, node: Node) -> None:
        quote = 0 if event.style is None else 1
        if event.style in (None, "'", '"') and "\n" not in text:
            node.offset = quote if self.text.startswith(text, event.start_mark.index + quote) else -1

    def _sequence(self, node: Node, events: Iterator[Any], depth: int) -> None:
        elements: list[Node] = []
        node.value = elements
        while not isinstance(event := next(events), SequenceEndEvent):
            elements.append(self._node(event, events, depth + 1))

    def _mapping(self, node: Node, events: Iterator[Any], depth: int) -> None:
        entries: dict[str, Node] = {}
        node.value = entries
        while not isinstance(event := next(events), MappingEndEvent):
            key = self._key(event, events, depth)
            value = self._node(next(events), events, depth + 1)
            if key is None:
                node.incomplete = True
                continue
            name = str(key.value)
            if name in entries:
                first = node.keys[name].line
                self._at(event, "duplicate-key", f"{name!r} stands here a second time; the first is in line {first}")
            else:
                entries[name], node.keys[name] = value, key

    def _key(self, event: Any, events: Iterator[Any], depth: int) -> Node | None:
        """The key as a node of text; None when it cannot be one, which has then been reported."""
        if not isinstance(event, ScalarEvent):
            self._node(event, events, depth + 1)
            if not isinstance(event, AliasEvent):
                self._at(event, "bad-key", "a key is one word or one quoted text")
            return None
        self._refuse_sharing(event)
        name = str(event.value)
        key = Node(name, event.start_mark.line + 1, event.start_mark.column + 1)
        self._place_text(event, name, key)
        if name == "<<" and event.style is None:
            self._at(event, "merge-key", "the merge key '<<' is not part of the language; write the entries out")
            return None
        if not name or _FORBIDDEN.search(name):
            self._at(event, "bad-key", "a key is one word or one quoted text")
            return None
        return key
