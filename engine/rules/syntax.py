"""The rule as written: a tree of what the parser saw, before anybody asked whether it makes sense."""

from __future__ import annotations

from dataclasses import dataclass

from engine.rules.lexer import Token, Value


@dataclass(frozen=True, slots=True)
class Syntax:
    """A part of a rule, from character `start` to `end`; `depth` is the height of the tree below it."""

    start: int
    end: int
    depth: int


@dataclass(frozen=True, slots=True)
class Constant(Syntax):
    """A number, a text, true, false or null."""

    value: Value


@dataclass(frozen=True, slots=True)
class Reference(Syntax):
    """A dotted name."""

    parts: tuple[Token, ...]


@dataclass(frozen=True, slots=True)
class Items(Syntax):
    """A list written out."""

    items: tuple[Syntax, ...]


@dataclass(frozen=True, slots=True)
class Unary(Syntax):
    """`!` or `-` in front of an operand."""

    operator: str
    operand: Syntax


@dataclass(frozen=True, slots=True)
class Binary(Syntax):
    """Two operands and the operator between them."""

    operator: Token
    left: Syntax
    right: Syntax


@dataclass(frozen=True, slots=True)
class Chain(Syntax):
    """Any number of terms joined by `&&`, or by `||`: flat, so that long chains are not deep."""

    operator: str
    terms: tuple[Syntax, ...]


@dataclass(frozen=True, slots=True)
class Ternary(Syntax):
    """`condition ? then : otherwise`."""

    condition: Syntax
    then: Syntax
    otherwise: Syntax


@dataclass(frozen=True, slots=True)
class Call(Syntax):
    """`name(arguments)`, or `receiver.name(arguments)`."""

    name: Token
    receiver: Syntax | None
    arguments: tuple[Syntax, ...]
