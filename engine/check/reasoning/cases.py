"""Rules over sets of values: `assume` finds the cases in which a condition holds or fails, `possible` what a part can be.

No case means that it is certain never to be so. Each case narrows what is known of names, and of larger parts by their shape,
so that conditions that contradict each other leave none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

from engine.check.reasoning.arithmetic import as_float, calculated, pairwise
from engine.check.reasoning.facts import Facts
from engine.check.reasoning.orders import MIRRORED, OPPOSITE, bounded
from engine.check.reasoning.shape import shape, size_of
from engine.check.reasoning.values import ANY, EITHER, NULL, THERE, Values, only
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
    ToFloat,
)

Cases: TypeAlias = list[Facts]

#: More cases than this are not told apart.
MOST = 24

_TESTS: Mapping[str, Callable[[str, str], bool]] = {
    "startsWith": str.startswith,
    "endsWith": str.endswith,
    "contains": str.__contains__,
}
_TEXTS: Mapping[str, Callable[[str | None], str | None]] = {"lowerAscii": runtime.lower_ascii, "slugify": runtime.slugify}


def assume(part: Node, holds: bool, facts: Facts) -> Cases:
    """The cases in which a condition holds, or in which it does not; null does not hold."""
    if facts.patience.lost():
        return [facts]
    match part:
        case Logic():
            together = (part.operator == "and") is holds
            return _together(part.terms, holds, facts) if together else _one_of(part.terms, holds, facts)
        case Not():
            return assume(part.operand, not holds, facts)
        case Choose():
            branches = ((True, part.then), (False, part.otherwise))
            return _few(
                facts,
                (found for chosen, branch in branches for case in assume(part.condition, chosen, facts)
                 for found in assume(branch, holds, case)),
            )  # fmt: skip
        case IsNull():
            return narrow(part.operand, NULL if holds is not part.negated else THERE, facts)
        case Equal():
            return (_equal if holds is not part.negated else _unequal)(part.left, part.right, facts)
        case Order():
            return _ordered(part, facts) if holds else _unordered(part, facts)
        case OneOf():
            return _among(part, facts) if holds else _not_among(part, facts)
        case ItemOf() | Quantify() | Function():
            return _tested(part, holds, facts)
    return narrow(part, only((True,)) if holds else only((False,), null=True), facts)


def together(parts: Sequence[Node], facts: Facts) -> Cases:
    """The cases in which several conditions hold at once."""
    return _together(tuple(parts), True, facts)


def possible(part: Node, facts: Facts) -> Values:
    """Everything that a part can be."""
    if isinstance(part, Read):
        return facts.of(part)
    found = _possible(part, facts)
    name = shape(part)
    known = facts.known.get(name) if name is not None else None
    return found if known is None else found.both(known)


def narrow(part: Node, to: Values, facts: Facts) -> Cases:
    """The cases in which a part is one of the values `to`."""
    if part.type == "bool" and not isinstance(part, Read | Constant | Choose):
        return [case for truth in (True, False) if to.admits(truth) for case in assume(part, truth, facts)]
    now = possible(part, facts)
    narrowed = now.both(to)
    if narrowed.empty:
        return []
    name = shape(part)
    return [facts] if narrowed == now or name is None else [facts.knowing({name: narrowed})]


def _possible(part: Node, facts: Facts) -> Values:
    match part:
        case Constant():
            return NULL if part.value is None else only((part.value,))
        case Element():
            return EITHER if part.type == "bool" else THERE
        case Arithmetic():
            return calculated(part.operator, part.type, possible(part.left, facts), possible(part.right, facts))
        case ToFloat():
            return as_float(possible(part.operand, facts))
        case Join():
            left, right = possible(part.left, facts), possible(part.right, facts)
            joined = pairwise(runtime.join, left, right)
            return Values(null=left.null or right.null) if joined is None else joined
        case Choose():
            return _chosen(part, facts)
        case Function() if part.type != "bool":
            return _called(part, facts)
    if part.type == "bool":
        return only(truth for truth in (True, False) if assume(part, truth, facts))
    return ANY


def _chosen(part: Choose, facts: Facts) -> Values:
    found = Values(False, frozenset())
    for chosen, branch in ((True, part.then), (False, part.otherwise)):
        for case in assume(part.condition, chosen, facts):
            found = found.either(possible(branch, case))
    return found


def _called(part: Function, facts: Facts) -> Values:
    """A function that gives a text or a number."""
    (argument,) = part.arguments
    given = possible(argument, facts)
    if part.function != "size":
        apply = _TEXTS[part.function]
        return Values(given.null) if given.some is None else only(map(str, map(apply, given.some)), null=given.null)
    if given.some is not None and argument.type == "string":
        return only(map(len, given.some), null=given.null)
    length = facts.sizes(argument) if isinstance(argument, Read) else Values(low=0)
    return length if not given.null else length.either(NULL)


def _few(facts: Facts, cases: Iterable[Facts], before: Cases | None = None) -> Cases:
    """The cases of `facts`, each once: `facts` alone where one of them knows nothing new, and what was `before` where there
    are too many."""
    found: Cases = []
    for case in cases:
        if case is facts:
            return [facts]
        if case not in found:
            found.append(case)
        if len(found) > MOST:
            return [facts] if before is None else before
    return found


def _together(terms: tuple[Node, ...], holds: bool, facts: Facts) -> Cases:
    """All terms at once. A second look lets the first ones see what the last ones said."""
    cases = [facts]
    for term in (*terms, *terms[:-1]):
        if facts.patience.gone:
            break
        cases = _few(facts, (found for case in cases for found in assume(term, holds, case)), before=cases)
    return cases


def _one_of(terms: tuple[Node, ...], holds: bool, facts: Facts) -> Cases:
    return _few(facts, (case for term in terms for case in assume(term, holds, facts)))


def _equal(left: Node, right: Node, facts: Facts) -> Cases:
    shared = possible(left, facts).both(possible(right, facts))
    if shared.empty:
        return []
    return [both for case in narrow(left, shared, facts) for both in narrow(right, shared, case)]


def _unequal(left: Node, right: Node, facts: Facts) -> Cases:
    if (name := shape(left)) is not None and name == shape(right):
        return []
    cases = [facts]
    for one, other in ((left, right), (right, left)):
        cases = [found for case in cases for found in _other_than(one, possible(other, case), case)]
    return cases


def _other_than(part: Node, value: Values, facts: Facts) -> Cases:
    """The cases in which a part is not the one value that there is; all cases where there are several."""
    if not value.single or value.some is None:
        return [facts]
    now = possible(part, facts)
    for each in value.some:
        return narrow(part, now.without(each), facts)
    return narrow(part, THERE, facts)


def _ordered(part: Order, facts: Facts) -> Cases:
    left, right = possible(part.left, facts), possible(part.right, facts)
    if shape(part.left) is not None and shape(part.left) == shape(part.right) and "=" not in part.operator:
        return []
    return [
        both
        for case in narrow(part.left, bounded(part.operator, left, right), facts)
        for both in narrow(part.right, bounded(MIRRORED[part.operator], right, left), case)
    ]


def _unordered(part: Order, facts: Facts) -> Cases:
    """A comparison fails where a side is null, and where the opposite holds."""
    nulls = (case for side in (part.left, part.right) for case in narrow(side, NULL, facts))
    opposite = Order(
        type="bool", nullable=False, start=part.start, end=part.end, operator=OPPOSITE[part.operator],
        left=part.left, right=part.right,
    )  # fmt: skip
    return _few(facts, (*nulls, *_ordered(opposite, facts)))


def _among(part: OneOf, facts: Facts) -> Cases:
    choices = Values(False, frozenset())
    for choice in part.choices:
        choices = choices.either(possible(choice, facts))
    return narrow(part.item, choices.both(THERE), facts)


def _not_among(part: OneOf, facts: Facts) -> Cases:
    cases = [facts]
    for choice in part.choices:
        value = possible(choice, facts)
        if value.some:
            cases = [found for case in cases for found in _other_than(part.item, value, case)]
    return cases


def _tested(part: ItemOf | Quantify | Function, holds: bool, facts: Facts) -> Cases:
    """What is known by its shape only, beside what it says of its operands."""
    operands = tuple(_operands(part))
    name = shape(part)
    known = facts.known.get(name, EITHER) if name is not None else EITHER
    if not known.admits(holds):
        return []
    cases = [facts] if name is None else [facts.knowing({name: only((holds,))})]
    if not holds:
        if isinstance(part, Quantify) and part.function == "all":
            return [case for case in cases if possible(part.items, case).null or assume(part.condition, False, case)]
        certain = isinstance(part, Function) and _answers(part, facts) == {True}
        return [] if certain else cases
    for operand in operands:
        cases = [found for case in cases for found in narrow(operand, THERE, case)]
    if isinstance(part, Function):
        return cases if True in _answers(part, facts) else []
    if isinstance(part, Quantify):
        return [
            case
            for case in cases
            if part.function == "all" or (_filled(part.items, case) and assume(part.condition, True, case))
        ]
    return [case for case in cases if _filled(part.items, case)]


def _operands(part: ItemOf | Quantify | Function) -> Iterator[Node]:
    match part:
        case ItemOf():
            yield from (part.item, part.items)
        case Quantify():
            yield part.items
        case Function():
            yield from part.arguments


def _answers(part: Function, facts: Facts) -> set[bool]:
    """What a test of two texts can answer; null answers no."""
    text, other = (possible(each, facts) for each in part.arguments)
    answers = pairwise(_TESTS[part.function], text, other)
    if answers is None:
        return {True, False}
    return set(answers.some or ()) | ({False} if answers.null else set())


def _filled(items: Read, facts: Facts) -> bool:
    """Whether a list can have an item."""
    sizes = facts.known.get(size_of(items.path)) or facts.sizes(items)
    return (sizes.high is None and sizes.some is None) or any(each > 0 for each in sizes.bounds() if each is not None)
