"""The rule as understood: names resolved, types known, conversions explicit. Both targets are written from this tree.

`nullable` says whether the value can be null when every name keeps its promise; bool operators and comparisons never are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields

from engine.rules.lexer import Value
from engine.rules.scope import Name


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A part of a rule with its type and its place in the text."""

    type: str
    nullable: bool
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Constant(Node):
    """A literal value; a duration is its milliseconds."""

    value: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Read(Node):
    """The value of a name."""

    path: str
    name: Name


@dataclass(frozen=True, slots=True, kw_only=True)
class Element(Node):
    """The item that an `exists` or `all` looks at."""

    variable: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Logic(Node):
    """`and` or `or` over terms."""

    operator: str
    terms: tuple[Node, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Not(Node):
    """The opposite; of null, true."""

    operand: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Equal(Node):
    """Null-safe equality of two values of one type, or with `negated` its opposite."""

    left: Node
    right: Node
    negated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class IsNull(Node):
    """Whether the operand is null, or with `negated` whether it is not."""

    operand: Node
    negated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Order(Node):
    """`<`, `<=`, `>` or `>=` on two values of one type."""

    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class OneOf(Node):
    """Whether the item equals one of the choices written out."""

    item: Node
    choices: tuple[Node, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemOf(Node):
    """Whether the item is in a list value."""

    item: Node
    items: Read


@dataclass(frozen=True, slots=True, kw_only=True)
class Arithmetic(Node):
    """`+ - * / %` on two ints or two floats, with the result held within the type's range."""

    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Join(Node):
    """One text after the other."""

    left: Node
    right: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class ToFloat(Node):
    """An int as the nearest float."""

    operand: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift(Node):
    """A time moved by a number of milliseconds."""

    operand: Node
    milliseconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Choose(Node):
    """`then` if the condition holds, else `otherwise`."""

    condition: Node
    then: Node
    otherwise: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Function(Node):
    """A function that both targets know, or `slugify`, which only Python does."""

    function: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantify(Node):
    """`exists` or `all`: whether the condition holds for one, or for every, item of a list."""

    function: str
    items: Read
    variable: str
    condition: Node


def parts(node: Node) -> Iterator[Node]:
    """The parts that a node is made of, one level down."""
    for field in fields(node):
        value = getattr(node, field.name)
        for each in value if isinstance(value, tuple) else (value,):
            if isinstance(each, Node):
                yield each


def reads(node: Node) -> Iterator[Read]:
    """The names in a node, as often as they are there."""
    if isinstance(node, Read):
        yield node
        return
    for part in parts(node):
        yield from reads(part)
