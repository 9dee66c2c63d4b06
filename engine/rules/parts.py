"""What the checking of one kind of part needs from the checking of a whole rule, so that neither need know the other."""

from __future__ import annotations

from typing import Protocol

from engine.rules import syntax
from engine.rules.scope import Scope
from engine.rules.tree import Element, Node, Read


class Parts(Protocol):
    """Checks the parts of one rule. `variables` are the items that `exists` and `all` bind, while inside of them."""

    scope: Scope
    variables: dict[str, Element]

    def any(self, part: syntax.Syntax) -> Node:
        """`part` with its meaning, of whatever type."""
        ...

    def condition(self, part: syntax.Syntax, operator: str) -> Node:
        """`part`, which must be true or false."""
        ...

    def items(self, part: syntax.Syntax, message: str) -> Read:
        """`part`, which must name a list."""
        ...
