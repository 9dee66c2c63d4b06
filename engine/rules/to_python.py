"""From the checked tree to a Python function.

The function is generated source: each name is one look-up, nothing is interpreted at the time of a request. Outside text
enters it only as `repr` of a checked literal or name. It is written twice: first for values that keep the promises of the
definitions (what is required is there), and then, for when that raises, so that anything missing is null.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Protocol, cast

from engine.rules import runtime
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

Values = Mapping[str, Any]
NOTHING: Values = MappingProxyType({})


class Evaluate(Protocol):
    """A rule as a function of the row, who is asking, related rows by relationship, the row before, inputs, and the time."""

    def __call__(
        self,
        row: Values,
        *,
        user: Values = NOTHING,
        related: Mapping[str, Values | None] = NOTHING,
        old: Values | None = NOTHING,
        inputs: Values = NOTHING,
        now: str | None = None,
    ) -> Any: ...


_FUNCTION = """
def evaluate(row, *, user=NOTHING, related=NOTHING, old=NOTHING, inputs=NOTHING, now=None):
    try:
        return {trusting}
    except (KeyError, TypeError, AttributeError):
        return {lenient}
"""
_SOURCES = {"row": "row", "user": "user", "old": "old", "input": "inputs"}
_ARITHMETIC = {"+": "plus", "-": "minus", "*": "times", "/": "divide", "%": "modulo"}
_TESTS = {"startsWith": "{0}.startswith({1})", "endsWith": "{0}.endswith({1})", "contains": "({1} in {0})"}
_PLAIN = {"size": "size", "lowerAscii": "lower_ascii", "slugify": "slugify"}
_HELPERS: dict[str, Callable[..., Any]] = {
    name: value
    for name, value in vars(runtime).items()
    if callable(value) and getattr(value, "__module__", "") == runtime.__name__
}


def to_python(tree: Node, *, condition: bool) -> Evaluate:
    """The function for `tree`; as a `condition`, it answers False for null."""
    source = _FUNCTION.format(
        trusting=_written(tree, condition, lenient=False), lenient=_written(tree, condition, lenient=True)
    )
    names: dict[str, Any] = {"__builtins__": {}, "any": any, "all": all, "map": map, "float": float} | _HELPERS
    names |= {"NOTHING": NOTHING, "KeyError": KeyError, "TypeError": TypeError, "AttributeError": AttributeError}
    exec(compile(source, "<rule>", "exec"), names)  # noqa: S102  source that this module wrote from a checked tree
    return cast(Evaluate, names["evaluate"])


def _written(tree: Node, condition: bool, *, lenient: bool) -> str:
    writer = _Writer(lenient)
    return writer.exact(tree) if condition else writer.value(tree)


class _Writer:
    """Writes expressions. `value` gives the exact value, `exact` True or False, and `test` anything that is as true."""

    def __init__(self, lenient: bool) -> None:
        self.lenient = lenient
        self.temporaries = 0

    def value(self, node: Node) -> str:
        if node.type == "bool" and not isinstance(node, Constant | Read | Choose):
            return self.exact(node)
        match node:
            case Constant():
                return repr(node.value)
            case Read():
                return self.read(node)
            case Element():
                return f"each_{node.variable}"
            case Choose():
                return f"({self.value(node.then)} if {self.test(node.condition)} else {self.value(node.otherwise)})"
            case Arithmetic():
                return f"{node.type}_{_ARITHMETIC[node.operator]}({self.value(node.left)}, {self.value(node.right)})"
            case Join():
                return f"join({self.value(node.left)}, {self.value(node.right)})"
            case ToFloat():
                return f"to_float({self.value(node.operand)})"
            case Shift():
                return f"shift({self.value(node.operand)}, {node.milliseconds})"
            case Function():
                return f"{_PLAIN[node.function]}({', '.join(self.value(each) for each in node.arguments)})"
            case _:
                raise TypeError(f"no Python for {type(node).__name__}")

    def exact(self, node: Node) -> str:
        if isinstance(node, Logic | Read | Choose | Quantify | Element):
            return f"(True if {self.test(node)} else False)"
        return self.test(node)

    def test(self, node: Node) -> str:
        match node:
            case Logic():
                return "(" + f" {node.operator} ".join(self.test(term) for term in node.terms) + ")"
            case Not():
                return f"(not {self.test(node.operand)})"
            case Choose():
                return f"({self.test(node.then)} if {self.test(node.condition)} else {self.test(node.otherwise)})"
            case Equal():
                return f"({self.value(node.left)} {'!=' if node.negated else '=='} {self.value(node.right)})"
            case IsNull():
                return f"({self.value(node.operand)} is {'not ' if node.negated else ''}None)"
            case Order():
                return self.guarded(f"{{0}} {node.operator} {{1}}", node.left, node.right)
            case OneOf():
                return self.one_of(node)
            case ItemOf():
                return self.guarded("{0} in {1}", node.item, node.items)
            case Quantify():
                return self.quantified(node)
            case Function() if node.function in _TESTS:
                return self.guarded(_TESTS[node.function], *node.arguments)
            case _:
                return self.value(node)

    def read(self, node: Read) -> str:
        name = node.name
        if name.origin == "now":
            return "now"
        if name.origin == "related":
            text = self.inside(self.looked_up("related", str(name.relationship)), name.key)
        elif name.origin == "limits":
            text = self.inside(self.looked_up("user", "limits"), name.key)
        else:
            text = self.looked_up(_SOURCES[name.origin], name.key)
        if name.component is None:
            return text
        required = not name.nullable and not self.lenient
        return f"{text}[{name.component!r}]" if required else self.inside(text, name.component)

    def looked_up(self, mapping: str, key: str) -> str:
        return f"read({mapping}, {key!r})" if self.lenient else f"{mapping}[{key!r}]"

    def inside(self, mapping: str, key: str) -> str:
        """The value at `key` of something that may be null."""
        if self.lenient:
            return f"read({mapping}, {key!r})"
        temporary = self.temporary()
        return f"(None if ({temporary} := {mapping}) is None else {temporary}[{key!r}])"

    def temporary(self) -> str:
        self.temporaries += 1
        return f"v{self.temporaries}"

    def guarded(self, template: str, *operands: Node) -> str:
        """`template` over `operands`, false when one of them is null."""
        guards, names = [], []
        for operand in operands:
            text = self.value(operand)
            if self.may_be_null(operand):
                temporary = self.temporary()
                guards.append(f"({temporary} := {text}) is not None")
                text = temporary
            names.append(text)
        return "(" + " and ".join([*guards, template.format(*names)]) + ")"

    def one_of(self, node: OneOf) -> str:
        """Choices that are not literal may be null, and null is not one of them."""
        choices = "".join(f"{self.value(choice)}, " for choice in node.choices)
        if all(isinstance(choice, Constant) for choice in node.choices) and not self.may_be_null(node.item):
            return f"({self.value(node.item)} in ({choices}))"
        temporary = self.temporary()
        return f"(({temporary} := {self.value(node.item)}) is not None and {temporary} in ({choices}))"

    def may_be_null(self, node: Node) -> bool:
        return node.nullable or (self.lenient and not isinstance(node, Constant | Element))

    def quantified(self, node: Quantify) -> str:
        function = "any" if node.function == "exists" else "all"
        items, guard = self.value(node.items), ""
        if self.may_be_null(node.items):
            temporary = self.temporary()
            guard, items = f"({temporary} := {items}) is not None and ", temporary
        convert = {"list<int>": "map(whole, {})", "list<float>": "map(float, {})"}.get(node.items.type, "{}")
        condition = self.test(node.condition)
        return f"({guard}{function}({condition} for each_{node.variable} in {convert.format(items)}))"
