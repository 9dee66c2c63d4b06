"""What differs between the databases, and nothing else: one method for each thing that they say in different words.

Every operand is a complete expression that needs no parentheses of its own; so is every result.
"""

from __future__ import annotations

from typing import Protocol

from engine.rules.condition import Bind
from engine.rules.fragment import Fragment


class Dialect(Protocol):
    """How one database says it. Operands that are null make every result null, unless a method says otherwise."""

    name: str
    false: str
    true: str
    booleans_as_integers: bool
    max_height: int

    def bind(self, bind: Bind, kind: str) -> Fragment:
        """A placeholder for a value of the rule type `kind`."""
        ...

    def same(self, left: Fragment, right: Fragment, negated: bool) -> Fragment:
        """Null-safe equality; never null."""
        ...

    def order(self, operator: str, left: Fragment, right: Fragment, kind: str) -> Fragment:
        """Order; of texts, by code point."""
        ...

    def arithmetic(self, operator: str, left: Fragment, right: Fragment, kind: str) -> Fragment:
        """Arithmetic that saturates; null when dividing by zero."""
        ...

    def to_float(self, operand: Fragment) -> Fragment:
        """An int as a float."""
        ...

    def shift(self, moment: Fragment, milliseconds: int) -> Fragment:
        """A time moved; null outside of the years 1 to 9999."""
        ...

    def function(self, name: str, operands: list[Fragment], kind: str) -> Fragment:
        """A function of the rule language; `kind` is the type of its first operand."""
        ...

    def component(self, money: Fragment, component: str) -> Fragment:
        """The amount or the currency of a money column."""
        ...

    def item_of(self, item: Fragment, items: Fragment, kind: str) -> Fragment:
        """Whether `item`, of the type `kind`, is in the list `items`."""
        ...

    def elements(self, items: Fragment, alias: str) -> Fragment:
        """The items of a list as something to select from."""
        ...

    def element(self, alias: str, kind: str) -> Fragment:
        """One item of `elements`, as a value of type `kind`."""
        ...
