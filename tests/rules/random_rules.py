"""Random well-typed rules and rows of the world, from any source of choices."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

from engine.types import TYPES
from tests.rules.world import DEFINITIONS, SCOPE, Row, columns

Item = TypeVar("Item")

TEXTS = (
    "",
    "a",
    "ab",
    "abc",
    "b%",
    "_x",
    "Z",
    "é",
    "É",
    "a'b",
    'say "hi"',
    "\\",
    "naïve 😀",
    "😀",
    "\uffff",
    "{0}",
    "u1",
    "team",
    "USD",
)
INTEGERS = (0, 1, -1, 2, 3, 7, -7, 100, 2**31, 2**53, 2**53 + 1, 2**62, 2**63 - 1, 2**63 - 2, -(2**63), -(2**63) + 1)
NUMBERS = (
    0.0,
    1.0,
    -1.0,
    0.5,
    0.1,
    2.25,
    3.0,
    -7.5,
    1e-9,
    1e15,
    2.0**53,
    9.3e18,
    1e308,
    -1e308,
    1.7976931348623157e308,
    5e-324,
)
MOMENTS = (
    "1000-01-01T00:00:00.000Z",
    "1000-01-01T00:00:00.001Z",
    "1969-12-31T23:59:59.999Z",
    "2026-01-31T09:30:00.000Z",
    "2026-01-31T09:30:00.001Z",
    "2024-02-29T12:00:00.123Z",
    "9999-12-31T23:59:59.999Z",
)
DURATIONS = ("2d", "90s", "1ms", "-1h", "1h30m", "36500d", "0s", "1.5s", "999ms")
SCALARS = ("bool", "int", "float", "string", "time")


class Source(Protocol):
    """Where choices come from."""

    def pick(self, choices: Sequence[Item]) -> Item: ...

    def text(self) -> str: ...

    def integer(self) -> int: ...

    def number(self) -> float: ...

    def moment(self) -> str: ...


class Seeded:
    """Choices by a seed: quick, and the same again for the same seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def pick(self, choices: Sequence[Item]) -> Item:
        return self.random.choice(choices)

    def often(self) -> bool:
        return self.random.random() < 0.7

    def text(self) -> str:
        return self.pick(TEXTS) if self.often() else "".join(self.character() for _ in range(self.random.randrange(5)))

    def character(self) -> str:
        first, last = self.pick(((0x20, 0x7E), (0xA0, 0xD7FF), (0x10000, 0x10FFFF)))
        return chr(self.random.randint(first, last))

    def integer(self) -> int:
        limit = self.pick((10, 2**63 - 1))
        return self.pick(INTEGERS) if self.often() else self.random.randint(-limit, limit)

    def number(self) -> float:
        if self.often():
            return self.pick(NUMBERS)
        return self.pick(
            (round(self.random.uniform(-100, 100), 2), self.random.uniform(-1, 1) * 10.0 ** self.random.randint(-300, 300))
        )

    def moment(self) -> str:
        moment = datetime(1000, 1, 1) + timedelta(milliseconds=self.random.randrange(8999 * 365 * 86_400_000))  # noqa: DTZ001  text in UTC
        return self.pick(MOMENTS) if self.often() else f"{moment.isoformat(timespec='milliseconds')}Z"


def scalar(source: Source, kind: str) -> Any:
    """A value of the rule type `kind`."""
    makers: dict[str, Callable[[], Any]] = {
        "bool": lambda: source.pick((True, False)),
        "int": source.integer,
        "float": source.number,
        "string": source.text,
        "time": source.moment,
    }
    return makers[kind]()


def row_of(source: Source, resource: str, identity: str) -> Row:
    """A row of `resource`; now and then anything in it is null, even what should not be."""
    row: Row = {}
    for name, kind in columns(DEFINITIONS.types[resource]).items():
        row[name] = _attribute(source, name, kind) if source.pick((True, True, True, False)) else None
    row["id"] = identity
    return row


def _attribute(source: Source, name: str, kind: str) -> Any:
    if kind == "money":
        return {"amount": source.integer(), "currency": source.pick(("USD", "EUR"))}
    if kind == "json":
        listed = SCOPE.names[name].type if name in SCOPE.names else "json"
        return [scalar(source, listed[5:-1]) for _ in range(source.pick((0, 1, 1, 2, 3)))] if listed != "json" else {"a": 1}
    if name in ("maker", "parent"):
        return source.pick(("m1", "m2", "missing"))
    return scalar(source, TYPES[kind].rule or "string")


def without_nulls(source: Source, row: Row) -> Row:
    """`row`, in which a null may just as well be missing."""
    return {name: value for name, value in row.items() if value is not None or source.pick((True, False))}


def user(source: Source) -> Row:
    """Facts about somebody."""
    return {
        "id": source.text(),
        "known": source.pick((True, False)),
        "operator": source.pick((True, False)),
        "principals": [source.text() for _ in range(source.pick((0, 1, 2)))],
        "email": source.pick((None, "Ada@example.com")),
        "plan": source.pick((None, "a", "ab")),
        "limits": source.pick((None, {}, limits(source), limits(source))),
    }


def limits(source: Source) -> Row:
    """How much somebody may have; now and then something of it is not known."""
    row = without_nulls(source, row_of(source, "makers", "m1"))
    return {name: value for name, value in row.items() if f"user.limits.{name}" in SCOPE.names}


def literal(source: Source, kind: str) -> str:
    """A literal of the rule type `kind`, as written in a rule."""
    value = scalar(source, kind)
    if kind == "time":
        return f'timestamp("{value}")'
    if kind == "string":
        return _quoted(value)
    if kind == "float":
        text = repr(float(value))
        return f"({text})" if value < 0 else text
    if kind == "int":
        return f"({value})" if value < 0 else str(value)
    return "true" if value else "false"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


class Writer:
    """Writes rules of a given type and depth."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.items: dict[str, str] = {}

    def write(self, kind: str, depth: int) -> str:
        """An expression of the rule type `kind`."""
        if depth <= 0:
            return self.leaf(kind)
        return self.source.pick(_MAKERS[kind])(self, depth - 1)

    def leaf(self, kind: str) -> str:
        names = [name for name, each in SCOPE.names.items() if each.type == kind]
        names += [item for item, type_ in self.items.items() if type_ == kind] * 8
        return self.source.pick((literal(self.source, kind), self.source.pick(names), self.source.pick(names)))

    def name(self, wanted: Callable[[str], bool]) -> str:
        return self.source.pick([name for name, each in SCOPE.names.items() if wanted(each.type)])

    def logic(self, depth: int) -> str:
        operator = self.source.pick((" && ", " || "))
        terms = [self.write("bool", depth) for _ in range(self.source.pick((2, 2, 3)))]
        return f"({operator.join(terms)})"

    def negation(self, depth: int) -> str:
        return f"!{self.write('bool', depth)}"

    def equality(self, depth: int) -> str:
        left, right = self.source.pick([(kind, kind) for kind in SCALARS] + [("int", "float"), ("float", "int")])
        return f"({self.write(left, depth)} {self.source.pick(('==', '!='))} {self.write(right, depth)})"

    def order(self, depth: int) -> str:
        pairs = (("int", "int"), ("float", "float"), ("int", "float"), ("float", "int"), ("string", "string"), ("time", "time"))
        left, right = self.source.pick(pairs)
        return f"({self.write(left, depth)} {self.source.pick(('<', '<=', '>', '>='))} {self.write(right, depth)})"

    def null_test(self, depth: int) -> str:
        if self.source.pick((True, False)):
            name = self.name(lambda kind: kind != "secret")
            return self.source.pick((f"has({name})", f"({name} == null)", f"(null != {name})"))
        return f"({self.write(self.source.pick(SCALARS), depth)} {self.source.pick(('==', '!='))} null)"

    def one_of(self, depth: int) -> str:
        kind = self.source.pick(SCALARS)
        choices = ", ".join(self.write(kind, depth - 1) for _ in range(self.source.pick((0, 1, 2, 3))))
        return f"({self.write(kind, depth)} in [{choices}])"

    def item_of(self, depth: int) -> str:
        name = self.name(lambda kind: kind.startswith("list<"))
        wanted = SCOPE.names[name].type[5:-1]
        return f"({self.write('int' if wanted == 'float' and self.source.pick((True, False)) else wanted, depth)} in {name})"

    def quantified(self, depth: int) -> str:
        if self.items:
            return self.order(depth)
        name = self.name(lambda kind: kind.startswith("list<"))
        self.items["item"] = SCOPE.names[name].type[5:-1]
        condition = self.write("bool", depth)
        self.items.clear()
        return f"{name}.{self.source.pick(('exists', 'all'))}(item, {condition})"

    def text_test(self, depth: int) -> str:
        function = self.source.pick(("startsWith", "endsWith", "contains"))
        return f"{self.write('string', depth)}.{function}({self.write('string', depth)})"

    def choice(self, kind: str, depth: int) -> str:
        then, otherwise = self.write(kind, depth), self.write(kind, depth)
        if self.source.pick((True, False, False)):
            then = "null"
        return f"({self.write('bool', depth)} ? {then} : {otherwise})"

    def arithmetic(self, kind: str, depth: int) -> str:
        operator = self.source.pick("+-*/%" if kind == "int" else "+-*/")
        other = self.source.pick((kind, kind, "int"))
        return f"({self.write(kind, depth)} {operator} {self.write(other, depth)})"

    def negative(self, kind: str, depth: int) -> str:
        return f"(-{self.write(kind, depth)})"

    def size(self, depth: int) -> str:
        if self.source.pick((True, False)):
            return f"size({self.name(lambda kind: kind.startswith('list<'))})"
        return f"{self.write('string', depth)}.size()"

    def join(self, depth: int) -> str:
        return f"({self.write('string', depth)} + {self.write('string', depth)})"

    def lower(self, depth: int) -> str:
        return f"{self.write('string', depth)}.lowerAscii()"

    def shift(self, depth: int) -> str:
        return f'({self.write("time", depth)} {self.source.pick("+-")} duration("{self.source.pick(DURATIONS)}"))'


def _of(kind: str, method: Callable[[Writer, str, int], str]) -> Callable[[Writer, int], str]:
    return lambda writer, depth: method(writer, kind, depth)


def _leaf(kind: str) -> Callable[[Writer, int], str]:
    return lambda writer, _: writer.leaf(kind)


_MAKERS: dict[str, tuple[Callable[[Writer, int], str], ...]] = {
    "bool": (
        Writer.logic,
        Writer.logic,
        Writer.negation,
        Writer.equality,
        Writer.order,
        Writer.null_test,
        Writer.one_of,
        Writer.item_of,
        Writer.quantified,
        Writer.text_test,
        _of("bool", Writer.choice),
        _leaf("bool"),
    ),
    "int": (_of("int", Writer.arithmetic), _of("int", Writer.negative), _of("int", Writer.choice), Writer.size, _leaf("int")),
    "float": (_of("float", Writer.arithmetic), _of("float", Writer.negative), _of("float", Writer.choice), _leaf("float")),
    "string": (Writer.join, Writer.lower, _of("string", Writer.choice), _leaf("string")),
    "time": (Writer.shift, _of("time", Writer.choice), _leaf("time")),
}
