"""Which transitions can ever be fired, from which state and by whom: reading, the rule `by` and all guards at once.

A question is answered for a row of which nothing is known but its state, so "no" is certain and "yes" is not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.check.callers import SYSTEM, Caller, known_callers
from engine.check.reasoning import NULL, Values, only, together
from engine.check.reasoning.declared import PLAIN
from engine.check.understood import Understood, mentions
from engine.model import Guard, Lifecycle, ResourceType, RuleText, Transition
from engine.rules.tree import Node

SOMEBODY = "somebody"
"""Whoever it is: nothing is known of the caller."""
_SYSTEM = "system"


class Moves:
    """The moves of a type with a lifecycle."""

    def __init__(self, rules: Understood, lifecycle: Lifecycle) -> None:
        self.lifecycle = lifecycle
        self.resource: ResourceType = rules.resource
        self.rules = rules
        self._known = known_callers(self.resource)
        self._facts: dict[str, Caller] = {SOMEBODY: {}, _SYSTEM: SYSTEM, **self._known}
        self._answers: dict[tuple[object, ...], bool] = {}
        self._looking: dict[int, bool] = {}

    def allows(self, transition: Transition, source: str) -> bool:
        """Whether the rule `by` alone is true for anybody."""
        return any(self._holds(transition, self._by(transition), source, each) for each in self._known)

    def passes(self, transition: Transition, guards: Sequence[Guard], source: str, caller: str = SOMEBODY) -> bool:
        """Whether some guards can be true at once, whoever may fire it."""
        return self._holds(transition, self._guards(transition, guards), source, caller)

    def fires(self, transition: Transition, source: str) -> bool:
        """Whether it can be fired from a state: by the system where only that may, else by somebody who sees the row."""
        if transition.by == "system":
            return self.passes(transition, transition.guards, source, _SYSTEM)
        return self.offered(transition, source) or self.rings(transition, source)

    def offered(self, transition: Transition, source: str) -> bool:
        """Whether anybody who is signed in can fire it."""
        if transition.by == "system":
            return False
        parts = [*self._read(), *self._by(transition), *self._guards(transition, transition.guards)]
        return any(self._holds(transition, parts, source, each) for each in self._known)

    def rings(self, transition: Transition, source: str) -> bool:
        """Whether a timer of a state fires it. A timer gives no inputs but their defaults."""
        timers = self.lifecycle.states[source].after
        if all(each.transition != transition.name for each in timers):
            return False
        timer = f"the timer of {transition.name}"
        self._facts.setdefault(timer, {**SYSTEM, **_defaults(transition)})
        return self.passes(transition, transition.guards, source, timer)

    def removable(self, state: str) -> bool:
        """Whether somebody can remove a row in this state with DELETE, where no transition stands for that."""
        return "delete" not in self.lifecycle.transitions and self.deletion_allowed(state)

    def deletion_allowed(self, state: str) -> bool:
        """Whether `access.delete` is true for somebody who sees a row in this state."""
        rule = self.resource.access.delete
        parts = [*self._read(), self.rules.tree(rule)] if rule is not None else []
        return bool(parts) and any(self._holds(None, parts, state, each) for each in self._known)

    def _by(self, transition: Transition) -> list[Node]:
        return [self.rules.tree(transition.by)] if isinstance(transition.by, RuleText) else []

    def _read(self) -> list[Node]:
        rule = self.resource.access.read
        return [self.rules.tree(rule)] if rule is not None else []

    def _guards(self, transition: Transition, guards: Sequence[Guard]) -> list[Node]:
        return [self.rules.guard(guard, transition) for guard in guards]

    def _holds(self, transition: Transition | None, parts: Sequence[Node], state: str, caller: str) -> bool:
        """Whether all parts can be true of a row in a state; answered once for all states where none of them looks at it."""
        name = self.lifecycle.attribute
        looks = any(self._looks(part) for part in parts)
        key = (*map(id, parts), state if looks else None, caller)  # trees live as long as the rules do
        if key not in self._answers:
            base = self.rules.facts if transition is None else self.rules.facts_of(transition)
            self._answers[key] = bool(together(parts, base.afresh({**self._facts[caller], name: only((state,))})))
        return self._answers[key]

    def _looks(self, part: Node) -> bool:
        """Whether a rule looks at the state."""
        if id(part) not in self._looking:
            self._looking[id(part)] = mentions(part, self.lifecycle.attribute)
        return self._looking[id(part)]


def _defaults(transition: Transition) -> Mapping[str, Values]:
    """What inputs are when nobody gives any."""
    found: dict[str, Values] = {}
    for name, attribute in transition.inputs.items():
        default = attribute.default
        if default is None:
            found |= dict.fromkeys((f"input.{name}", f"input.{name}.amount", f"input.{name}.currency"), NULL)
        elif attribute.type in PLAIN and isinstance(default, bool | int | float | str):
            found[f"input.{name}"] = only((float(default) if attribute.type == "number" else default,))
    return found
