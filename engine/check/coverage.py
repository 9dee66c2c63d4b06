"""Which parts of the rules about access no example shows.

Each term of a rule like `a || b` should let somebody in who is in an example, and each rule should keep somebody out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine.check.examples import NOW, ExampleRules, Trial
from engine.loader.loading import Loaded
from engine.loader.node import Node as Place
from engine.loader.problem import Problem
from engine.model import NOWHERE, Position, ResourceType, RuleText
from engine.rules import Part, explain
from engine.rules.tree import Logic


def uncovered(loaded: Loaded, resource: ResourceType) -> Iterator[Problem]:
    """Terms by which no example lets anybody do something, and rules that keep nobody out of any example."""
    rules = ExampleRules(loaded.understood, resource)
    trials = [Trial(rules, example) for example in resource.examples]
    for action, rule in _rules(resource).items():
        if rule.position == NOWHERE or rule.text in ("true", "false"):
            continue
        allowed = [trial for trial in trials if action in _shown(trial)]
        terms = [_terms(rules, trial, rule, action) for trial in allowed]
        for number, (offset, text) in enumerate(_written(rules, rule)):
            if not any(answers[number] for answers in terms):
                message = f"no example shows who can {action} by: {text}"
                yield Problem(_place(loaded, resource, rule, offset), "branch-not-shown", message)
        if not any(action in trial.example.cannot for trial in trials):
            yield Problem(rule.position, "refusal-not-shown", f"no example shows who cannot {action}")


def _rules(resource: ResourceType) -> Mapping[str, RuleText]:
    access, lifecycle = resource.access, resource.lifecycle
    named = {"read": access.read, "usable": access.usable, "create": access.create, "update": access.update}
    if lifecycle is None or "delete" not in lifecycle.transitions:
        named["delete"] = access.delete
    for transition in lifecycle.transitions.values() if lifecycle is not None else ():
        if isinstance(transition.by, RuleText):
            named[transition.name] = transition.by
    return {action: rule for action, rule in named.items() if rule is not None}


def _shown(trial: Trial) -> set[str]:
    """What an example says is possible. Whoever can do something to a row sees it."""
    can = set(trial.example.can)
    return can | {"read"} if can - {"create"} else can


def _terms(rules: ExampleRules, trial: Trial, rule: RuleText, action: str) -> list[bool]:
    """Which terms of a rule hold for an example."""
    row = trial.as_creator() if action == "create" else trial.row
    found = explain(rules.rule(rule), row, user=trial.user, related=trial.related, now=NOW)
    return [part.holds for part in (found.parts if _joined(rules, rule) else (found,))]


def _written(rules: ExampleRules, rule: RuleText) -> list[tuple[int, str]]:
    """The terms of a rule: where in its text each begins, and how it is written."""
    compiled = rules.rule(rule)
    tree = compiled.tree
    if not isinstance(tree, Logic) or tree.operator != "or":
        return [(0, rule.text)]
    parts: tuple[Part, ...] = explain(compiled, {}).parts
    return [(term.start, part.text) for term, part in zip(tree.terms, parts, strict=True)]


def _joined(rules: ExampleRules, rule: RuleText) -> bool:
    tree = rules.rule(rule).tree
    return isinstance(tree, Logic) and tree.operator == "or"


def _place(loaded: Loaded, resource: ResourceType, rule: RuleText, offset: int) -> Position:
    draft = loaded.drafts[resource.name]
    for use in draft.rules:
        if use.rule == rule:
            return draft.position(Place(None, use.node.line, use.node.column_of(offset)))
    return rule.position
