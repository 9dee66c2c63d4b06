"""A rule term by term: what is written `a || b` lets a row through when one of its terms does.

A database finds the rows of each term by an index of its own, where all terms together leave it nothing but to walk through
the table.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias, TypeGuard

from engine.rules.condition import Condition
from engine.rules.rule import Rule
from engine.rules.to_python import Evaluate, to_python
from engine.rules.to_sql import to_sql
from engine.rules.tree import Constant, Equal, Logic, Node, Read, reads

_WORD = re.compile(r"[A-Za-z0-9_.-]{1,40}")

Equals: TypeAlias = "tuple[tuple[str, int | str], ...]"
"""Columns of a row with the values that they have in it, as the database keeps them."""


@dataclass(frozen=True, slots=True)
class Alternative:
    """One term, as a condition. `settled` is there for one that looks at no row: a function of who asks, and when.

    `equal` is what all rows have in common that it lets through, as far as the rule alone says so.
    """

    condition: Condition
    settled: Evaluate | None
    equal: Equals


def alternatives(rule: Rule, dialect: str, alias: str) -> tuple[Alternative, ...]:
    """The terms of a condition over the table known as `alias`; the whole of it where it is no `or`."""
    return tuple(
        Alternative(
            to_sql(term, dialect, alias, condition=True),
            None if _looks_at_row(term) else to_python(term, condition=True),
            _equal(term),
        )
        for term in _terms(rule.tree, "or")
    )


def constants(rule: Rule) -> tuple[Equals, ...]:
    """What rows have in common that a term lets through, for each term that says something of the kind."""
    return tuple(filter(None, map(_equal, _terms(rule.tree, "or"))))


def _terms(node: Node, operator: str) -> Iterator[Node]:
    if isinstance(node, Logic) and node.operator == operator:
        for term in node.terms:
            yield from _terms(term, operator)
    else:
        yield node


def _looks_at_row(node: Node) -> bool:
    return any(read.name.origin not in ("user", "limits", "now") for read in reads(node))


def _equal(node: Node) -> Equals:
    found: dict[str, int | str] = {}
    for term in _terms(node, "and"):
        if isinstance(term, Read) and _own(term) and term.type == "bool":
            found[term.name.key] = 1
        elif isinstance(term, Equal) and not term.negated:
            for read, constant in ((term.left, term.right), (term.right, term.left)):
                if isinstance(read, Read) and _own(read) and isinstance(constant, Constant) and _plain(constant.value):
                    found[read.name.key] = constant.value
    return tuple(sorted(found.items()))


def _plain(value: object) -> TypeGuard[str]:
    """Whether it can stand in a statement as it is, and in the name of an index."""
    return isinstance(value, str) and _WORD.fullmatch(value) is not None


def _own(read: Read) -> bool:
    return read.name.origin == "row" and read.name.component is None
