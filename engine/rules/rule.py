"""A rule, compiled: text in, and a Python function and SQL conditions that agree with each other out."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.rules.checker import Checker, to_float
from engine.rules.condition import Condition
from engine.rules.errors import RuleError
from engine.rules.parser import parse
from engine.rules.scope import Scope
from engine.rules.syntax import Reference
from engine.rules.to_python import Evaluate, to_python
from engine.rules.to_sql import to_sql
from engine.rules.tree import Node, Read


@dataclass(frozen=True, slots=True)
class Rule:
    """A checked rule. `evaluate` is a function, not a method: it is called as often as rows are judged.

    `names` are all names it uses, `relationships` those whose related row it reads.
    """

    text: str
    type: str
    nullable: bool
    names: frozenset[str]
    relationships: frozenset[str]
    evaluate: Evaluate = field(repr=False, compare=False)
    condition: bool
    tree: Node = field(repr=False, compare=False)

    def sql(self, dialect: str, alias: str) -> Condition:
        """The rule over the table known as `alias`, for "sqlite" or "postgresql".

        A `RuleError` says so when it uses what a database does not have: old and input values, or `slugify`.
        """
        return to_sql(self.tree, dialect, alias, condition=self.condition)


def compile_rule(text: str, scope: Scope, *, expect: str | None = "bool") -> Rule:
    """The rule that `text` spells with the names of `scope`; a `RuleError` says what is wrong with it, and where.

    `expect` is the type it must have. A rule that must be a bool is a condition, for which null counts as false; with
    None, any type will do, and null stays null.
    """
    checker = Checker(scope)
    written = parse(text)
    whole_name = isinstance(written, Reference) and expect != "bool"
    tree = _expected(checker.any(written) if whole_name else checker.value(written), expect)
    condition = expect == "bool"
    return Rule(
        text=text,
        type=tree.type,
        nullable=tree.nullable and not condition,
        names=frozenset(read.path for read in checker.reads),
        relationships=frozenset(_relationship(read) for read in checker.reads if read.name.relationship is not None),
        evaluate=to_python(tree, condition=condition),
        condition=condition,
        tree=tree,
    )


def _expected(tree: Node, expect: str | None) -> Node:
    if tree.type == "duration":
        raise RuleError("a duration is only of use beside a time", tree.start, tree.end)
    if expect == "float" and tree.type == "int":
        return to_float(tree)
    if expect is not None and tree.type != expect:
        raise RuleError(f"this must be {expect}, it is {tree.type}", tree.start, tree.end)
    return tree


def _relationship(read: Read) -> str:
    return str(read.name.relationship)
