"""The examples of a type, executed: each says who can and who cannot do what on a row, and the rules must agree.

A row is made from the defaults of its type and the values under `when`; `template.status: published` sets a value of a
related row. Actors have the ids owner, stranger, operator; an anonymous one has none. What somebody cannot read, they
cannot change or move either.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from engine.check.sample_rows import related_rows, sample_row, user_facts
from engine.loader.loading import Loaded
from engine.loader.problem import Problem
from engine.model import Definitions, Example, ResourceType, RuleText, Transition
from engine.rules import Rule, RuleError, compile_rule, row_scope

NOW = "2026-01-31T09:30:00.000Z"
_WHO = {"owner": "the owner", "stranger": "a stranger", "anonymous": "an anonymous caller", "operator": "an operator"}


def check_examples(loaded: Loaded, resource: ResourceType) -> list[Problem]:
    """Every statement of a type's examples that its rules contradict."""
    found = []
    rules = ExampleRules(loaded.understood, resource)
    for index, example in enumerate(resource.examples):
        try:
            trial = Trial(rules, example)
            failures = list(trial.failures())
        except RuleError:
            continue  # a rule of another file is wrong, which is reported there
        for key, at, message in failures:
            position = loaded.place(resource.name, "examples", index, key, at)
            found.append(Problem(position, "example-fails", message))
    return found


class ExampleRules:
    """The rules of a type, each compiled once for all examples."""

    def __init__(self, definitions: Definitions, resource: ResourceType) -> None:
        self.definitions = definitions
        self.resource = resource
        self._scope = row_scope(definitions, resource, with_old=True)
        self._compiled: dict[tuple[str, str], Rule] = {}

    def rule(self, rule: RuleText, transition: Transition | None = None) -> Rule:
        """A rule; `transition` is the one whose inputs it may use."""
        inputs = transition if transition is not None and transition.inputs else None
        key = (rule.text, inputs.name if inputs is not None else "")
        if key not in self._compiled:
            scope = self._scope
            if inputs is not None:
                scope = row_scope(self.definitions, self.resource, with_old=True, inputs=inputs.inputs)
            self._compiled[key] = compile_rule(rule.text, scope)
        return self._compiled[key]


class Trial:
    """One example: a row, the rows behind it, and who is asking."""

    def __init__(self, rules: ExampleRules, example: Example) -> None:
        self.rules = rules
        self.resource = rules.resource
        self.example = example
        self.user = user_facts(example.actor)
        self.row = sample_row(self.resource, example.when)
        self.related = related_rows(rules.definitions, self.resource, example.when)
        for name in self.related:
            if self.row[name] is None and any(key.startswith(f"{name}.") for key in example.when):
                self.row[name] = name

    def failures(self) -> Iterator[tuple[str, int, str]]:
        """Where, at which place in the list, and why a statement is wrong."""
        for at, action in enumerate(self.example.can):
            obstacle = self._obstacle(action)
            if obstacle is not None:
                yield "can", at, f"{self._who()} cannot {action}{self._when()}: {obstacle}"
        for at, action in enumerate(self.example.cannot):
            if self._obstacle(action) is None:
                yield "cannot", at, f"{self._who()} can {action}{self._when()}"

    def _who(self) -> str:
        return _WHO.get(self.example.actor, self.example.actor)

    def _when(self) -> str:
        told = ", ".join(f"{key} is {orjson.dumps(value).decode()}" for key, value in self.example.when.items())
        return f" when {told}" if told else ""

    def _obstacle(self, action: str) -> str | None:
        """What keeps the actor from an action; None when nothing does."""
        access = self.resource.access
        if action == "create":
            return self._refused(access.create, self.as_creator())
        lifecycle = self.resource.lifecycle
        if lifecycle is not None and self.row[lifecycle.attribute] in lifecycle.gone:
            return "rows in this state are gone"
        hidden = self._refused(access.read, self.row)
        if hidden is not None or action == "read" or (action == "usable" and access.usable is None):
            return hidden
        if action == "usable":
            return self._refused(access.usable, self.row)
        if lifecycle is not None and action in lifecycle.transitions:
            return self._not_fired(lifecycle.transitions[action], lifecycle.attribute)
        return self._refused(access.update if action == "update" else access.delete, self.row)

    def as_creator(self) -> Mapping[str, Any]:
        """The row as it would be if the actor made it."""
        owner = self.resource.owner
        return self.row if owner is None else {**self.row, owner: self.user["id"] or None}

    def _refused(self, rule: RuleText | None, row: Mapping[str, Any]) -> str | None:
        if rule is None:
            return "nobody may"
        allowed = self.rules.rule(rule).evaluate(row, user=self.user, related=self.related, now=NOW)
        return None if allowed else f"the rule is {rule.text}"

    def _not_fired(self, transition: Transition, attribute: str) -> str | None:
        state = self.row[attribute]
        if state not in transition.sources:
            return f"it starts from {', '.join(transition.sources)}, not from {state}"
        if not isinstance(transition.by, RuleText):
            return "only the system may"
        return self._refused(transition.by, self.row) or self._guarded(transition)

    def _guarded(self, transition: Transition) -> str | None:
        inputs = {name: each.default for name, each in transition.inputs.items()}
        for guard in transition.guards:
            rule = self.rules.rule(guard.rule, transition)
            if not rule.evaluate(self.row, user=self.user, related=self.related, old=self.row, inputs=inputs, now=NOW):
                return guard.message
        return None
