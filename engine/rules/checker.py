"""From syntax to meaning: resolves names, works out types, and refuses what could not work, before it ever runs."""

from __future__ import annotations

from typing import NoReturn

from engine.rules import syntax
from engine.rules.calls import call
from engine.rules.errors import RuleError, did_you_mean
from engine.rules.names import resolve
from engine.rules.scope import Scope
from engine.rules.tree import (
    Arithmetic,
    Choose,
    Constant,
    Element,
    Equal,
    IsNull,
    ItemOf,
    Join,
    Logic,
    Node,
    Not,
    OneOf,
    Order,
    Read,
    Shift,
    ToFloat,
)

SCALARS = ("bool", "int", "float", "string", "time")
NUMBERS = ("int", "float")
OPAQUE = ("json", "money")
_LITERALS = {bool: "bool", int: "int", float: "float", str: "string", type(None): "null"}


class Checker:
    """Checks one rule. `variables` are the items that `exists` and `all` bind, while inside of them."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.variables: dict[str, Element] = {}
        self.reads: list[Read] = []

    def any(self, part: syntax.Syntax) -> Node:
        """`part` with its meaning, of whatever type."""
        match part:
            case syntax.Constant():
                kind = _LITERALS[type(part.value)]
                return Constant(type=kind, nullable=kind == "null", start=part.start, end=part.end, value=part.value)
            case syntax.Reference():
                return self.reference(part)
            case syntax.Chain():
                terms = tuple(self.condition(term, part.operator) for term in part.terms)
                operator = "and" if part.operator == "&&" else "or"
                return Logic(type="bool", nullable=False, start=part.start, end=part.end, operator=operator, terms=terms)
            case syntax.Unary():
                return self.unary(part)
            case syntax.Binary():
                return self.binary(part)
            case syntax.Ternary():
                return self.ternary(part)
            case syntax.Call():
                return call(self, part)
            case _:
                raise RuleError("a list can only stand to the right of 'in'", part.start, part.end)

    def value(self, part: syntax.Syntax) -> Node:
        """`part`, as something that operators work on."""
        return plain(self.any(part))

    def condition(self, part: syntax.Syntax, operator: str) -> Node:
        """`part`, which must be true or false."""
        node = self.any(part)
        if node.type != "bool":
            refuse(node, f"'{operator}' needs a bool, this is {node.type}")
        return node

    def reference(self, part: syntax.Reference) -> Node:
        first = part.parts[0].text
        if len(part.parts) == 1 and first in self.variables:
            element = self.variables[first]
            return Element(type=element.type, nullable=False, start=part.start, end=part.end, variable=element.variable)
        read = resolve(self.scope, part, tuple(self.variables))
        self.reads.append(read)
        return read

    def unary(self, part: syntax.Unary) -> Node:
        if part.operator == "!":
            operand = self.condition(part.operand, "!")
            return Not(type="bool", nullable=False, start=part.start, end=part.end, operand=operand)
        operand = self.value(part.operand)
        if operand.type not in NUMBERS:
            refuse(operand, f"'-' needs a number, this is {operand.type}")
        zero = Constant(type="int", nullable=False, start=part.start, end=part.start, value=0)
        return arithmetic(part, "-", zero, operand)

    def binary(self, part: syntax.Binary) -> Node:
        operator = part.operator.text
        if operator == "in":
            return self.member(part)
        if operator in ("==", "!="):
            return self.equality(part)
        left, right = self.value(part.left), self.value(part.right)
        if operator in ("<", "<=", ">", ">="):
            return self.order(part, left, right)
        if operator == "+" and left.type == right.type == "string":
            nullable = left.nullable or right.nullable
            return Join(type="string", nullable=nullable, start=part.start, end=part.end, left=left, right=right)
        if "duration" in (left.type, right.type):
            return shift(part, left, right)
        return arithmetic(part, operator, left, right)

    def equality(self, part: syntax.Binary) -> Node:
        left, right = self.any(part.left), self.any(part.right)
        negated = part.operator.text == "!="
        if "null" in (left.type, right.type):
            operand = left if right.type == "null" else right
            if operand.type == "duration":
                refuse(operand, "a duration is never null")
            if isinstance(operand, Constant):
                equal = operand.value is None
                return Constant(type="bool", nullable=False, start=part.start, end=part.end, value=equal is not negated)
            return IsNull(type="bool", nullable=False, start=part.start, end=part.end, operand=operand, negated=negated)
        left, right = comparable(part, plain(left), plain(right))
        check_words(left, right)
        return Equal(type="bool", nullable=False, start=part.start, end=part.end, left=left, right=right, negated=negated)

    def order(self, part: syntax.Binary, left: Node, right: Node) -> Node:
        if "bool" in (left.type, right.type):
            hint = "join two comparisons with &&" if isinstance(left, Order) else None
            refuse(left if left.type == "bool" else right, "bools have no order", hint)
        left, right = comparable(part, left, right)
        operator = part.operator.text
        return Order(type="bool", nullable=False, start=part.start, end=part.end, operator=operator, left=left, right=right)

    def member(self, part: syntax.Binary) -> Node:
        item = self.value(part.left)
        if isinstance(part.right, syntax.Items):
            return self.one_of(part, item, part.right)
        items = self.items(part.right, "'in' needs a list on its right, this is {}")
        wanted = items.type[5:-1]
        if item.type == "int" and wanted == "float":
            item = to_float(item)
        if item.type != wanted:
            refuse(item, f"this is {item.type}, and the list holds {wanted}")
        return ItemOf(type="bool", nullable=False, start=part.start, end=part.end, item=item, items=items)

    def one_of(self, part: syntax.Binary, item: Node, choices: syntax.Items) -> Node:
        if item.type not in SCALARS:
            refuse(item, f"a {item.type} cannot be looked for in a list")
        checked = []
        for choice in choices.items:
            node = self.value(choice)
            if item.type == "int" and node.type == "float":
                item = to_float(item)
            if item.type == "float" and node.type == "int":
                node = to_float(node)
            if node.type != item.type:
                refuse(node, f"this is {node.type}, and is compared with {item.type}")
            check_words(item, node)
            checked.append(node)
        nodes = tuple(to_float(node) if item.type == "float" and node.type == "int" else node for node in checked)
        return OneOf(type="bool", nullable=False, start=part.start, end=part.end, item=item, choices=nodes)

    def items(self, part: syntax.Syntax, message: str) -> Read:
        """`part`, which must name a list."""
        node = self.any(part)
        if not isinstance(node, Read) or not node.type.startswith("list<"):
            refuse(node, message.format(node.type))
        return node

    def ternary(self, part: syntax.Ternary) -> Node:
        condition = self.condition(part.condition, "?")
        then, otherwise = self.value(part.then), self.value(part.otherwise)
        if "null" not in (then.type, otherwise.type):
            then, otherwise = comparable(part, then, otherwise, "the two branches differ: {} and {}")
        kind = otherwise.type if then.type == "null" else then.type
        if kind == "duration":
            refuse(then, "a duration must be written beside the time it is added to")
        return Choose(
            type=kind,
            nullable=then.nullable or otherwise.nullable,
            start=part.start,
            end=part.end,
            condition=condition,
            then=then,
            otherwise=otherwise,
        )


def refuse(node: Node, message: str, hint: str | None = None) -> NoReturn:
    """Refuse the rule because of `node`."""
    raise RuleError(message, node.start, node.end, hint)


def plain(node: Node) -> Node:
    """`node`, unless it is a list or something opaque, which operators do not work on."""
    if node.type in OPAQUE:
        inside = "compare its .amount or .currency" if node.type == "money" else None
        refuse(node, f"a {node.type} value can only be compared with null", inside)
    if node.type not in (*SCALARS, "null", "duration"):
        refuse(node, f"a {node.type} works with 'in', size, exists and all only")
    return node


def to_float(node: Node) -> Node:
    """An int as a float; literals at once."""
    if isinstance(node, Constant) and isinstance(node.value, int):
        return Constant(type="float", nullable=False, start=node.start, end=node.end, value=float(node.value))
    return ToFloat(type="float", nullable=node.nullable, start=node.start, end=node.end, operand=node)


def comparable(part: syntax.Syntax, left: Node, right: Node, message: str = "cannot compare {} with {}") -> tuple[Node, Node]:
    """Both as one type."""
    if left.type == "int" and right.type == "float":
        return to_float(left), right
    if left.type == "float" and right.type == "int":
        return left, to_float(right)
    if left.type != right.type or left.type in ("null", "duration"):
        hint = 'write the time as timestamp("…")' if {left.type, right.type} == {"string", "time"} else None
        if "duration" in (left.type, right.type):
            hint = 'move the duration to the other side, as in created_at < now - duration("2d")'
        raise RuleError(message.format(left.type, right.type), part.start, part.end, hint)
    return left, right


def arithmetic(part: syntax.Syntax, operator: str, left: Node, right: Node) -> Node:
    """An arithmetic operation on numbers of one kind."""
    if left.type not in NUMBERS or right.type not in NUMBERS:
        if left.type == right.type == "time" and operator == "-":
            hint = 'compare instead, as in created_at < now - duration("2d")'
        elif "string" in (left.type, right.type) and operator == "+":
            hint = "only two texts, or two numbers, can be added"
        else:
            hint = None
        raise RuleError(f"'{operator}' does not work on {left.type} and {right.type}", part.start, part.end, hint)
    if operator == "%" and "float" in (left.type, right.type):
        raise RuleError("'%' works on ints only", part.start, part.end)
    left, right = comparable(part, left, right)
    divides = operator in ("/", "%") and not (isinstance(right, Constant) and right.value)
    nullable = left.nullable or right.nullable or divides
    return Arithmetic(
        type=left.type, nullable=nullable, start=part.start, end=part.end, operator=operator, left=left, right=right
    )


def shift(part: syntax.Binary, left: Node, right: Node) -> Node:
    """A time plus or minus a duration."""
    operator = part.operator.text
    if left.type == "duration" and operator == "+":
        left, right = right, left
    if left.type != "time" or operator not in "+-" or not isinstance(right, Constant) or not isinstance(right.value, int):
        message = f"'{operator}' does not work on {left.type} and {right.type}"
        raise RuleError(
            message, part.start, part.end, 'a duration can be added to or taken from a time, as in now - duration("2d")'
        )
    length = right.value if operator == "+" else -right.value
    return Shift(type="time", nullable=True, start=part.start, end=part.end, operand=left, milliseconds=length)


def check_words(left: Node, right: Node) -> None:
    """A word that an enumerated name can never hold is a slip."""
    for name, word in ((left, right), (right, left)):
        if not isinstance(name, Read) or not name.name.values or not isinstance(word, Constant):
            continue
        if word.value not in name.name.values:
            hint = did_you_mean(str(word.value), name.name.values) or f"it is one of {', '.join(name.name.values[:12])}"
            refuse(word, f"{name.path} is never '{str(word.value)[:40]}'", hint)
