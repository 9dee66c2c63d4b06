"""Comparisons that are never true, whatever the row: with a number out of bounds, or of words that are never the same."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from engine.check.reasoning import Facts, assume
from engine.check.understood import Understood
from engine.loader.loading import Loaded
from engine.loader.node import Node as Place
from engine.loader.problem import Problem
from engine.model import Position, RuleText, Transition
from engine.rules.tree import Equal, Node, OneOf, Order, parts


def check_comparisons(loaded: Loaded, rules: Understood, told: Collection[Position]) -> Iterator[Problem]:
    """Every such comparison of a type's rules, but in those at the places of which something has been `told` already."""
    draft = loaded.drafts[rules.resource.name]
    transitions = _transitions(rules)
    for use in draft.rules:
        if use.rule.position in told:
            continue
        transition = transitions.get(use.rule)
        facts = rules.facts if transition is None else rules.facts_of(transition)
        for part in _never_true(rules.tree(use.rule, transition), facts):
            place = Place(None, use.node.line, use.node.column_of(part.start))
            message = f"this is never true: {use.rule.text[part.start : part.end]}"
            yield Problem(draft.position(place), "never-true", message)


def _transitions(rules: Understood) -> dict[RuleText, Transition]:
    """The transition that each guard belongs to."""
    lifecycle = rules.resource.lifecycle
    moves = lifecycle.transitions.values() if lifecycle is not None else ()
    return {guard.rule: each for each in moves for guard in each.guards}


def _never_true(part: Node, facts: Facts) -> Iterator[Node]:
    if isinstance(part, Order | OneOf) or (isinstance(part, Equal) and not part.negated):
        if not assume(part, True, facts.afresh({})):
            yield part
        return
    for each in parts(part):
        yield from _never_true(each, facts)
