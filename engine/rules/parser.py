"""From tokens to a tree: operator precedence as in CEL, with bounds on nesting and size.

The bounds hold while parsing, so a hostile text is refused before it costs anything: nesting (which is recursion here and
in every later pass) and the height of the tree end at `MAX_DEPTH`, the number of parts at `MAX_NODES`.
"""

from __future__ import annotations

from typing import TypeVar

from engine.rules.errors import RuleError
from engine.rules.lexer import MAX_INTEGER, Token, Value, tokens
from engine.rules.syntax import Binary, Call, Chain, Constant, Items, Reference, Syntax, Ternary, Unary

MAX_DEPTH = 40
MAX_NODES = 400

_TERNARY, _UNARY = 1, 7
_BINDING = {
    "?": _TERNARY,
    "||": 2,
    "&&": 3,
    **dict.fromkeys(("==", "!=", "<", "<=", ">", ">=", "in"), 4),
    "+": 5,
    "-": 5,
    **dict.fromkeys(("*", "/", "%"), 6),
    ".": 8,
}
_WORDS: dict[str, Value] = {"true": True, "false": False, "null": None}
_SLIPS = {"and": "use &&", "or": "use ||", "not": "use !(a in b)", "is": "use == or !="}

Part = TypeVar("Part", bound=Syntax)


def parse(text: str) -> Syntax:
    """The tree of the rule `text`."""
    return _Parser(text).whole()


class _Parser:
    def __init__(self, text: str) -> None:
        self.tokens = tokens(text)
        self.position = 0
        self.nesting = 0
        self.nodes = 0

    def whole(self) -> Syntax:
        if self.ended():
            raise RuleError("the rule is empty", 0, self.next.end)
        tree = self.expression(0)
        if not self.ended():
            raise self.surprise("the end of the rule")
        return tree

    def ended(self) -> bool:
        return self.next.kind == "end"

    @property
    def next(self) -> Token:
        return self.tokens[self.position]

    def take(self) -> Token:
        token = self.tokens[self.position]
        self.position += 1
        return token

    def sees(self, operator: str) -> bool:
        return self.next.text == operator and self.next.kind in ("operator", "name")

    def expect(self, operator: str) -> Token:
        if not self.sees(operator):
            raise self.surprise(f"'{operator}'")
        return self.take()

    def surprise(self, expected: str) -> RuleError:
        token = self.next
        found = f"found '{token.text[:40]}'" if token.text else "the rule ends here"
        return RuleError(f"expected {expected}, {found}", token.start, token.end, self.slip(token))

    def slip(self, token: Token) -> str | None:
        before = self.tokens[self.position - 1] if self.position else token
        if token.kind == "name" and token.text in _SLIPS:
            return _SLIPS[token.text]
        if before.kind == "name" and before.text == "not":
            return "use ! for 'not'"
        if before.text == "<" and token.text == ">":
            return "use != for 'not equal'"
        if token.text == "[":
            return "items cannot be picked by number; use exists or all"
        return None

    def made(self, node: Part) -> Part:
        """`node`, counted and within bounds."""
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise RuleError(f"the rule has more than {MAX_NODES} parts", node.start, node.end)
        if node.depth > MAX_DEPTH:
            raise RuleError(f"the rule is nested deeper than {MAX_DEPTH}", node.start, node.end)
        return node

    def expression(self, binding: int) -> Syntax:
        """An expression whose operators all bind tighter than `binding`."""
        self.nesting += 1
        if self.nesting > MAX_DEPTH:
            raise RuleError(f"the rule is nested deeper than {MAX_DEPTH}", self.next.start, self.next.end)
        left = self.operand()
        while self.next.kind in ("operator", "name") and _BINDING.get(self.next.text, 0) > binding:
            left = self.continued(left)
        self.nesting -= 1
        return left

    def continued(self, left: Syntax) -> Syntax:
        operator = self.take()
        if operator.text == "?":
            return self.ternary(left)
        if operator.text == ".":
            return self.method(left)
        if operator.text in ("&&", "||"):
            return self.chain(left, operator.text)
        right = self.expression(_BINDING[operator.text])
        depth = 1 + max(left.depth, right.depth)
        return self.made(Binary(left.start, right.end, depth, operator, left, right))

    def ternary(self, condition: Syntax) -> Syntax:
        then = self.expression(_TERNARY)
        self.expect(":")
        otherwise = self.expression(0)
        depth = 1 + max(condition.depth, then.depth, otherwise.depth)
        return self.made(Ternary(condition.start, otherwise.end, depth, condition, then, otherwise))

    def chain(self, first: Syntax, operator: str) -> Syntax:
        terms = [first, self.expression(_BINDING[operator])]
        while self.sees(operator):
            self.take()
            terms.append(self.expression(_BINDING[operator]))
        depth = 1 + max(term.depth for term in terms)
        return self.made(Chain(first.start, terms[-1].end, depth, operator, tuple(terms)))

    def method(self, receiver: Syntax) -> Syntax:
        if self.next.kind != "name":
            raise self.surprise("a name after '.'")
        name = self.take()
        if not self.sees("("):
            raise RuleError("fields can be read from names only", name.start, name.end)
        return self.call(name, receiver)

    def call(self, name: Token, receiver: Syntax | None) -> Syntax:
        self.expect("(")
        arguments, end = self.listed(")")
        parts = [*arguments, receiver] if receiver is not None else arguments
        depth = 1 + max((part.depth for part in parts), default=0)
        start = name.start if receiver is None else receiver.start
        return self.made(Call(start, end, depth, name, receiver, tuple(arguments)))

    def listed(self, closing: str) -> tuple[list[Syntax], int]:
        """Expressions between commas up to `closing`, and where that ends."""
        found: list[Syntax] = []
        while not self.sees(closing):
            found.append(self.expression(0))
            if self.sees(","):
                self.take()
                if closing == ")" and self.sees(")"):
                    raise self.surprise("a value")
            elif not self.sees(closing):
                raise self.surprise(f"',' or '{closing}'")
        return found, self.take().end

    def operand(self) -> Syntax:
        token = self.next
        if token.kind == "number":
            return self.number(negative=None)
        if token.kind == "string":
            self.take()
            return self.made(Constant(token.start, token.end, 1, token.value))
        if token.kind == "name" and token.text != "in":
            return self.named()
        if self.sees("("):
            return self.parenthesis()
        if self.sees("["):
            self.take()
            items, end = self.listed("]")
            depth = 1 + max((item.depth for item in items), default=0)
            return self.made(Items(token.start, end, depth, tuple(items)))
        if self.sees("!") or self.sees("-"):
            return self.unary()
        raise self.surprise("a value")

    def parenthesis(self) -> Syntax:
        self.take()
        inner = self.expression(0)
        self.expect(")")
        return inner

    def unary(self) -> Syntax:
        operator = self.take()
        if operator.text == "-" and self.next.kind == "number":
            return self.number(negative=operator)
        operand = self.expression(_UNARY)
        return self.made(Unary(operator.start, operand.end, 1 + operand.depth, operator.text, operand))

    def number(self, negative: Token | None) -> Syntax:
        token = self.take()
        magnitude = token.value
        if not isinstance(magnitude, int | float):
            raise TypeError(f"not a number token: {token}")
        if negative is None and isinstance(magnitude, int) and magnitude > MAX_INTEGER:
            raise RuleError("this number does not fit into 64 bits", token.start, token.end)
        start = token.start if negative is None else negative.start
        return self.made(Constant(start, token.end, 1, magnitude if negative is None else -magnitude))

    def named(self) -> Syntax:
        token = self.take()
        if token.text in _WORDS:
            return self.made(Constant(token.start, token.end, 1, _WORDS[token.text]))
        if self.sees("("):
            return self.call(token, None)
        parts = [token]
        while self.sees(".") and self.tokens[self.position + 1].kind == "name" and self.tokens[self.position + 2].text != "(":
            self.take()
            parts.append(self.take())
        return self.made(Reference(token.start, parts[-1].end, 1, tuple(parts)))
