"""From the checked tree to SQL.

A condition has two ways to say no: false and null. Where either will do (the top, and below AND and OR) the plain comparison
is written, which an index can serve; where the difference would show (below NOT, or as a value) null becomes false first.
Columns are not trusted to be free of nulls, so a row that breaks its definition is judged as in Python.
"""

from __future__ import annotations

from collections.abc import Callable

from engine.rules.condition import PRINCIPALS, Condition, Literal, Request
from engine.rules.dialect import Dialect
from engine.rules.errors import RuleError
from engine.rules.fragment import Fragment, joined, sql
from engine.rules.functions import IN_SQL
from engine.rules.postgresql import PostgreSQL
from engine.rules.scope import Name
from engine.rules.sqlite import SQLite
from engine.rules.tree import (
    Arithmetic,
    Choose,
    Constant,
    Element,
    Equal,
    Function,
    IsNull,
    ItemOf,
    Join,
    Logic,
    Node,
    Not,
    OneOf,
    Order,
    Quantify,
    Read,
    Shift,
    ToFloat,
)

DIALECTS: dict[str, Dialect] = {"sqlite": SQLite(), "postgresql": PostgreSQL()}

_NULL = Fragment("NULL")


def to_sql(tree: Node, dialect: str, alias: str, *, condition: bool) -> Condition:
    """`tree` as SQL over the table known as `alias`; as a `condition`, null may stand for false."""
    target = DIALECTS[dialect]
    wide, narrow = (_written(_Writer(target, alias, alone), tree, condition) for alone in (False, True))
    other = None if narrow.text == wide.text else Condition(narrow.text, narrow.binds, target.booleans_as_integers)
    return Condition(wide.text, wide.binds, target.booleans_as_integers, other)


def _written(writer: _Writer, tree: Node, condition: bool) -> Fragment:
    written = writer.test(tree) if condition else writer.value(tree)
    if written.height > writer.dialect.max_height:
        raise RuleError(
            f"the rule is nested too deeply for {writer.dialect.name}", tree.start, tree.end, "split it, or make it flatter"
        )
    return written


class _Writer:
    """Writes expressions: `value` gives the value, `truth` true or false and never null, `test` anything that is as true."""

    def __init__(self, dialect: Dialect, alias: str, alone: bool) -> None:
        self.dialect = dialect
        self.alias = alias
        self.alone = alone

    def value(self, node: Node) -> Fragment:
        match node:
            case Constant():
                return self.constant(node)
            case Read():
                return self.read(node)
            case Element():
                return self.dialect.element(self.inner("e"), node.type)
            case Choose():
                return self.choose(node, self.value)
            case Arithmetic():
                return self.dialect.arithmetic(node.operator, self.value(node.left), self.value(node.right), node.type)
            case Join():
                return sql("({} || {})", self.value(node.left), self.value(node.right))
            case ToFloat():
                return self.dialect.to_float(self.value(node.operand))
            case Shift():
                return self.dialect.shift(self.value(node.operand), node.milliseconds)
            case Function() if node.type != "bool":
                return self.function(node)
            case _:
                return self.truth(node)

    def truth(self, node: Node) -> Fragment:
        match node:
            case Constant(value=None):
                return Fragment(self.dialect.false)
            case Constant() | IsNull() | Not() | Quantify():
                return self.test(node)
            case Equal():
                return self.dialect.same(self.value(node.left), self.value(node.right), node.negated)
            case Logic():
                return self.logic(node, [self.truth(term) for term in node.terms])
            case Choose():
                return self.choose(node, self.truth)
            case _:
                return sql("({} IS TRUE)", self.test(node))

    def test(self, node: Node) -> Fragment:
        match node:
            case Logic():
                return self.logic(node, [self.test(term) for term in node.terms])
            case Not():
                return sql("({} IS NOT TRUE)", self.test(node.operand))
            case Choose():
                return self.choose(node, self.test)
            case Equal() if not node.negated and (_certain(node.left) or _certain(node.right)):
                return sql("({} = {})", self.value(node.left), self.value(node.right))
            case Equal():
                return self.truth(node)
            case IsNull():
                return sql(f"({{}} IS {'NOT ' if node.negated else ''}NULL)", self.value(node.operand))
            case Order():
                return self.dialect.order(node.operator, self.value(node.left), self.value(node.right), node.left.type)
            case OneOf():
                return self.one_of(node)
            case ItemOf():
                return self.item_of(node)
            case Quantify():
                return self.quantified(node)
            case Function():
                return self.function(node)
            case _:
                return self.value(node)

    def inner(self, letter: str) -> str:
        """A name for a table inside, which the outer query does not use."""
        return f"{self.alias}_{letter}"

    def constant(self, node: Constant) -> Fragment:
        if node.value is None:
            return _NULL
        if isinstance(node.value, bool):
            return Fragment(self.dialect.true if node.value else self.dialect.false)
        return self.dialect.bind(Literal(node.value), node.type)

    def read(self, node: Read) -> Fragment:
        name = node.name
        if name.origin in ("user", "now"):
            key = name.key if name.origin == "user" else None
            return self.dialect.bind(Request(key, node.type.startswith("list<")), node.type)
        if name.origin == "limits":
            as_json = name.component is not None or not _is_scalar(node.type)
            column = self.dialect.bind(Request(name.key, as_json, "limits"), "money" if name.component else node.type)
            column = self.dialect.to_float(column) if node.type == "float" else column  # it may have come as a whole number
        elif name.origin == "row":
            column = Fragment(f'{self.alias}."{name.key}"')
        elif name.origin == "related":
            column = self.hop(name)
        else:
            raise RuleError(f"'{node.path}' is not known to the database", node.start, node.end)
        return column if name.component is None else self.dialect.component(column, name.component)

    def hop(self, name: Name) -> Fragment:
        """A column of the related row; the names in it come from checked definitions."""
        hop = self.inner("h")
        where = f'{hop}."id" = {self.alias}."{name.relationship}"'
        return sql(f'(SELECT {hop}."{name.key}" FROM "{name.table}" AS {hop} WHERE {where})')  # noqa: S608  see above

    def choose(self, node: Choose, write: Callable[[Node], Fragment]) -> Fragment:
        """One CASE for a whole ladder of choices; `write` writes what is chosen."""
        steps, last = [], node
        while True:
            steps.append(sql("WHEN {} THEN {}", self.test(last.condition), write(last.then)))
            if not isinstance(last.otherwise, Choose):
                return sql("CASE {} ELSE {} END", joined(" ", steps), write(last.otherwise))
            last = last.otherwise

    def logic(self, node: Logic, terms: list[Fragment]) -> Fragment:
        return sql("({})", joined(f" {node.operator.upper()} ", terms))

    def one_of(self, node: OneOf) -> Fragment:
        if not node.choices:
            return Fragment(self.dialect.false)
        return sql("({} IN ({}))", self.value(node.item), joined(", ", [self.value(choice) for choice in node.choices]))

    def item_of(self, node: ItemOf) -> Fragment:
        items = node.items
        if self.alone and items.name.origin == "user" and items.name.key == PRINCIPALS:
            return sql("({} = {})", self.value(node.item), self.dialect.bind(Request(PRINCIPALS, alone=True), node.item.type))
        return self.dialect.item_of(self.value(node.item), self.value(items), node.item.type)

    def function(self, node: Function) -> Fragment:
        if node.function not in IN_SQL:
            raise RuleError(f"{node.function} is not known to the database", node.start, node.end)
        operands = [self.value(argument) for argument in node.arguments]
        return self.dialect.function(node.function, operands, node.arguments[0].type)

    def quantified(self, node: Quantify) -> Fragment:
        items = self.value(node.items)
        elements = self.dialect.elements(items, self.inner("e"))
        if node.function == "exists":
            return sql("EXISTS (SELECT 1 FROM {} WHERE {})", elements, self.test(node.condition))
        template = "({} IS NOT NULL AND NOT EXISTS (SELECT 1 FROM {} WHERE {} IS NOT TRUE))"
        return sql(template, items, elements, self.test(node.condition))


def _is_scalar(kind: str) -> bool:
    return kind in ("bool", "int", "float", "string", "time")


def _certain(node: Node) -> bool:
    """Whether the value is surely not null, whatever a row holds."""
    return isinstance(node, Constant | Element) or (node.type == "string" and isinstance(node, Read) and node.path == "user.id")
