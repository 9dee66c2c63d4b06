"""What a rule says to somebody before there is a row: yes, no, or that it depends on the row.

Three-valued logic over the rule's tree: what only speaks of the caller and the time is evaluated, what speaks of a row is
unknown, and unknown parts decide nothing unless the known ones do (`user.operator || …` is true for an operator).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

from engine.rules.to_python import to_python
from engine.rules.tree import Choose, Logic, Node, Not, reads

Foresight: TypeAlias = "bool | Literal['depends']"

DEPENDS: Literal["depends"] = "depends"
_KNOWN = ("user", "now")


def foresee(tree: Node, user: Mapping[str, Any], now: str) -> Foresight:
    """What the rule will say to `user`, whatever the row."""
    decided = _decide(tree, user, now)
    return DEPENDS if decided is None else decided


def _decide(node: Node, user: Mapping[str, Any], now: str) -> bool | None:
    match node:
        case Logic():
            return _combined(node, user, now)
        case Not():
            inner = _decide(node.operand, user, now)
            return None if inner is None else not inner
        case Choose():
            condition = _decide(node.condition, user, now)
            if condition is not None:
                return _decide(node.then if condition else node.otherwise, user, now)
            either = {_decide(node.then, user, now), _decide(node.otherwise, user, now)}
            return either.pop() if len(either) == 1 else None
    if all(read.name.origin in _KNOWN for read in reads(node)):
        return bool(to_python(node, condition=True)({}, user=user, now=now))
    return None


def _combined(node: Logic, user: Mapping[str, Any], now: str) -> bool | None:
    """`and` is settled by one false, `or` by one true; else it is known when all parts are."""
    settles = node.operator == "or"
    parts = [_decide(term, user, now) for term in node.terms]
    if settles in parts:
        return settles
    return None if None in parts else not settles
