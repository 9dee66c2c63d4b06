"""Why a rule says no: the parts of it that `&&`, `||` and `!` join, each with its answer and the values it looked at.

Made from the same tree that the rule's function is made from, part by part; for people, and not for every request.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.rules.lexer import tokens
from engine.rules.rule import Rule
from engine.rules.to_python import to_python
from engine.rules.tree import Logic, Node, Not, reads


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a rule as it is written, whether it holds, what it consists of, and else the values in it by name."""

    text: str
    holds: bool
    parts: tuple[Part, ...] = ()
    values: tuple[tuple[str, Any], ...] = ()


def explain(rule: Rule, row: Any, **context: Any) -> Part:
    """The parts of `rule` for a row; `context` is what `rule.evaluate` takes beside it."""
    return _part(rule.text, rule.tree, row, context)


def _part(text: str, node: Node, row: Any, context: dict[str, Any]) -> Part:
    written, holds = _written(text, node), bool(to_python(node, condition=True)(row, **context))
    if isinstance(node, Logic):
        return Part(written, holds, tuple(_part(text, term, row, context) for term in node.terms))
    if isinstance(node, Not):
        return Part(written, holds, (_part(text, node.operand, row, context),))
    names = {read.path: read for read in reads(node)}
    values = ((path, to_python(read, condition=False)(row, **context)) for path, read in names.items())
    return Part(written, holds, values=tuple(values))


def _written(text: str, node: Node) -> str:
    """A part as it stands in the text. Places of nodes leave out parentheses at their ends; those that belong come back."""
    groups = [token for token in tokens(text) if token.kind == "operator" and token.text in "()"]
    opened = closed = 0
    for token in groups:
        if node.start <= token.start < node.end:
            if token.text == "(":
                opened += 1
            elif opened:
                opened -= 1
            else:
                closed += 1
    before = [token.start for token in groups if token.start < node.start and token.text == "("]
    after = [token.end for token in groups if token.start >= node.end and token.text == ")"]
    return text[before[-closed] if closed else node.start : after[opened - 1] if opened else node.end]
