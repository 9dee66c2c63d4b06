"""One definition file on its way to a resource type: its tree, the problems so far, and the rules still to be compiled."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from engine.loader.node import Node
from engine.loader.problem import Problem, closest
from engine.model import Attribute, Position, RuleText

Purpose: TypeAlias = Literal[
    "row", "read", "create", "attribute", "transition", "guard", "default", "computed", "validation", "counted", "unless"
]

MAX_HINTS = 300
"""Problems of one file that are told of with what was probably meant: looking for it takes longest."""


@dataclass(frozen=True, slots=True)
class RuleUse:
    """A rule, the node it was written in, and what it is for: that decides its names and its type."""

    rule: RuleText
    node: Node
    purpose: Purpose
    attribute: Attribute | None = None
    inputs: Mapping[str, Attribute] | None = None


@dataclass(slots=True)
class Draft:
    """What is known of one file. `vague` is set when a whole section could not be read, so that names are missing;
    `uncertain` holds single names whose meaning is unknown. Neither is held against the rest of the file. `unsound` are
    the sections with a problem that changes what they mean."""

    name: str
    file: str
    root: Node
    problems: list[Problem] = field(default_factory=list)
    rules: list[RuleUse] = field(default_factory=list)
    uncertain: set[str] = field(default_factory=set)
    unsound: set[str] = field(default_factory=set)
    vague: bool = False

    def position(self, node: Node) -> Position:
        """The place of a node."""
        return Position(self.file, node.line, node.column)

    def report(self, node: Node, code: str, message: str, hint: str | None = None) -> None:
        """A problem at a node."""
        self.problems.append(Problem(self.position(node), code, message, hint))

    def closest(self, word: str, known: Iterable[str]) -> str | None:
        """The known word that `word` was probably meant to be; none any more in a file that is wrong all over."""
        return closest(word, known) if len(self.problems) < MAX_HINTS else None

    def rule(self, node: Node) -> RuleText:
        """The text of a node as a rule."""
        return RuleText(str(node.value), Position(self.file, node.line, node.column_of(0)))
