"""Checking calls: functions, methods, `has`, the two quantifiers, and times and durations written out."""

from __future__ import annotations

from engine.rules import syntax
from engine.rules.errors import RuleError, did_you_mean
from engine.rules.functions import KNOWN, QUANTIFIERS, SIGNATURES, SPECIAL, Signature
from engine.rules.moments import milliseconds, moment
from engine.rules.parts import Parts
from engine.rules.tree import Constant, Element, Function, IsNull, Node, Quantify, Read


def call(checker: Parts, part: syntax.Call) -> Node:
    """The meaning of a call."""
    name = part.name.text
    if name in QUANTIFIERS:
        return _quantify(checker, part)
    if name in SPECIAL:
        return _has(checker, part) if name == "has" else _written(part)
    if name not in SIGNATURES:
        raise RuleError(f"unknown function '{name[:60]}'", part.name.start, part.name.end, _hint(name))
    return _function(checker, part, SIGNATURES[name])


def _hint(name: str) -> str:
    if name in ("lower", "toLowerCase", "lowercase"):
        return "did you mean 'lowerAscii'?"
    return did_you_mean(name, KNOWN) or f"known are {', '.join(KNOWN)}"


def _function(checker: Parts, part: syntax.Call, signature: Signature) -> Node:
    name = part.name.text
    if not (signature.function if part.receiver is None else signature.method):
        raise RuleError(f"{name} is not called like this", part.start, part.end, f"write {signature.shown}")
    given = part.arguments if part.receiver is None else (part.receiver, *part.arguments)
    if len(given) != len(signature.takes):
        raise RuleError(f"{name} takes {_count(signature, part)}", part.start, part.end, f"write {signature.shown}")
    arguments = tuple(_argument(checker, name, *each) for each in zip(given, signature.takes, strict=True))
    nullable = signature.gives != "bool" and any(argument.nullable for argument in arguments)
    return Function(type=signature.gives, nullable=nullable, start=part.start, end=part.end, function=name, arguments=arguments)


def _count(signature: Signature, part: syntax.Call) -> str:
    count = len(signature.takes) - (part.receiver is not None)
    return f"{count} argument{'' if count == 1 else 's'}" if count else "no arguments"


def _argument(checker: Parts, name: str, part: syntax.Syntax, wanted: str) -> Node:
    node = checker.any(part)
    fits = node.type == "string" or (wanted != "string" and isinstance(node, Read) and node.type.startswith("list<"))
    if not fits:
        raise RuleError(f"{name} needs a {wanted}, this is {node.type}", node.start, node.end)
    return node


def _has(checker: Parts, part: syntax.Call) -> Node:
    argument = part.arguments[0] if len(part.arguments) == 1 and part.receiver is None else None
    if not isinstance(argument, syntax.Reference):
        raise RuleError("has takes one name", part.start, part.end, "write has(name)")
    operand = checker.any(argument)
    return IsNull(type="bool", nullable=False, start=part.start, end=part.end, operand=operand, negated=True)


def _written(part: syntax.Call) -> Node:
    """`duration("…")` or `timestamp("…")`."""
    name = part.name.text
    argument = part.arguments[0] if len(part.arguments) == 1 and part.receiver is None else None
    text = argument.value if isinstance(argument, syntax.Constant) else None
    if argument is None or not isinstance(text, str):
        raise RuleError(f"{name} takes one text, written out", part.start, part.end, f"write {SPECIAL[name]}")
    value = milliseconds(text) if name == "duration" else moment(text)
    if value is None:
        known = "such as 90s, 1h30m or 2d, at most 36500d" if name == "duration" else "such as 2026-01-31T09:30:00Z"
        raise RuleError(f"'{text[:60]}' is no {name}", argument.start, argument.end, f"it is written {known}")
    kind = "duration" if name == "duration" else "time"
    return Constant(type=kind, nullable=False, start=part.start, end=part.end, value=value)


def _quantify(checker: Parts, part: syntax.Call) -> Node:
    name = part.name.text
    variable = part.arguments[0] if part.arguments else None
    if part.receiver is None or len(part.arguments) != 2 or not isinstance(variable, syntax.Reference):
        raise RuleError(
            f"{name} is called on a list, with a word and a condition", part.start, part.end, f"write {QUANTIFIERS[name]}"
        )
    word = variable.parts[0].text
    if len(variable.parts) > 1 or word in checker.scope.members(""):
        raise RuleError("this must be a new word for the item", variable.start, variable.end, "take another, such as 'each'")
    if checker.variables:
        raise RuleError("exists and all cannot stand inside each other", part.name.start, part.name.end)
    items = checker.items(part.receiver, name + " needs a list attribute, this is {}")
    element = Element(type=items.type[5:-1], nullable=False, start=variable.start, end=variable.end, variable=word)
    checker.variables[word] = element
    condition = checker.condition(part.arguments[1], name)
    del checker.variables[word]
    return Quantify(
        type="bool",
        nullable=False,
        start=part.start,
        end=part.end,
        function=name,
        items=items,
        variable=word,
        condition=condition,
    )
