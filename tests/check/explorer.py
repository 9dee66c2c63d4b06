"""A lifecycle explored by trying: every row of a small world, every caller, every move, as often as it takes.

Nothing here knows how the checks work. Rules are run, not reasoned about.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

from engine.check.sample_rows import user_facts
from engine.model import Definitions, ResourceType, RuleText, State, Transition
from engine.rules import Rule, compile_rule, row_scope

OPERATING_OWNER = {**user_facts("owner"), "operator": True}
PEOPLE = (user_facts("owner"), user_facts("stranger"), user_facts("operator"), OPERATING_OWNER)
SYSTEM = {**user_facts("anonymous"), "email": None}


class Explorer:
    """Everything that can happen to rows of `resource`, whose attributes have the values of `world`."""

    def __init__(self, definitions: Definitions, resource: ResourceType, world: Mapping[str, tuple[Any, ...]]) -> None:
        assert resource.lifecycle is not None
        self.definitions, self.resource, self.lifecycle, self.world = definitions, resource, resource.lifecycle, world
        self.scope = row_scope(definitions, resource, with_old=True)
        self.rules: dict[str, Rule] = {}

    def findings(self) -> set[tuple[str, str]]:
        """The codes of what is wrong, each with the state or the transition that it is about."""
        return {*self._structure(), *self._moves(), *self._stuck()}

    def _structure(self) -> Iterator[tuple[str, str]]:
        states = self.lifecycle.states
        every = {name: self._next(state) | self._outcomes(state) for name, state in states.items()}
        alone = {name: self._outcomes(state) for name, state in states.items()}
        resting = {name for name, state in states.items() if self._rests(state)}
        for name, state in states.items():
            if name != self.lifecycle.initial and name not in self._walked(self.lifecycle.initial, every):
                yield "unreachable-state", name
            if not state.final and not every[name]:
                yield "trap-state", name
            if not ({name} | self._walked(name, every)) & resting:
                yield "never-rests", name
            if name in self._walked(name, alone):
                yield "endless-commands", name

    @staticmethod
    def _walked(start: str, leads: Mapping[str, set[str]]) -> set[str]:
        """Where a row can be after one step or more: all walks that are no longer than there are states."""
        here, seen = {start}, set()
        for _ in leads:
            here = {target for state in here for target in leads[state]}
            seen |= here
        return seen

    def _next(self, state: State) -> set[str]:
        return {each.target for each in self.lifecycle.transitions.values() if state.name in each.sources}

    @staticmethod
    def _outcomes(state: State) -> set[str]:
        return {target for target in (state.then, state.otherwise) if target is not None}

    @staticmethod
    def _rests(state: State) -> bool:
        return state.run is None and not state.after

    def _moves(self) -> Iterator[tuple[str, str]]:
        for transition in self.lifecycle.transitions.values():
            fired = any(self._fires(transition, source) for source in transition.sources)
            if not fired or not self._allowed(transition):
                yield "never", transition.name
                continue
            for source in transition.sources:
                if not self._fires(transition, source):
                    yield "source-never-fires", f"{transition.name} from {source}"
                timed = any(timer.transition == transition.name for timer in self.lifecycle.states[source].after)
                if timed and not self._passes(transition, source, SYSTEM):
                    yield "timer-never-fires", f"{transition.name} from {source}"

    def _stuck(self) -> Iterator[tuple[str, str]]:
        for state in self.lifecycle.states.values():
            leaving = [each for each in self.lifecycle.transitions.values() if state.name in each.sources]
            delete = self.lifecycle.transitions.get("delete")
            if not self._rests(state) or state.final:
                continue
            if delete is not None and delete.by != "system" and not (delete in leaving and self._offered(delete, state.name)):
                yield "delete-impossible", state.name
            if not leaving or any(self._offered(each, state.name) for each in leaving):
                continue
            if not any(each.by == "system" and self._fires(each, state.name) for each in leaving):
                yield "stuck-state", state.name
            elif delete is not None or not self._removed(state.name):
                yield "only-system-moves", state.name

    def _fires(self, transition: Transition, source: str) -> bool:
        if transition.by == "system":
            return self._passes(transition, source, SYSTEM)
        timed = any(timer.transition == transition.name for timer in self.lifecycle.states[source].after)
        return self._offered(transition, source) or (timed and self._passes(transition, source, SYSTEM))

    def _allowed(self, transition: Transition) -> bool:
        """Whether the rule `by` is true of any row, for any person; of the system it is not asked."""
        return transition.by == "system" or any(
            self._holds(transition.by, row, user)
            for user in PEOPLE
            for source in transition.sources
            for row in self._rows(source)
        )

    def _offered(self, transition: Transition, source: str) -> bool:
        """Whether a person finds a row that they see and may move."""
        return transition.by != "system" and any(
            self._holds(self.resource.access.read, row, user)
            and self._holds(transition.by, row, user)
            and self._guarded(transition, row, user)
            for user in PEOPLE
            for row in self._rows(source)
        )

    def _removed(self, state: str) -> bool:
        """Whether a person finds a row that they see and may remove."""
        access = self.resource.access
        return any(
            self._holds(access.read, row, user) and self._holds(access.delete, row, user)
            for user in PEOPLE
            for row in self._rows(state)
        )

    def _passes(self, transition: Transition, source: str, user: Mapping[str, Any]) -> bool:
        return any(self._guarded(transition, row, user) for row in self._rows(source))

    def _guarded(self, transition: Transition, row: Mapping[str, Any], user: Mapping[str, Any]) -> bool:
        return all(self._holds(guard.rule, row, user) for guard in transition.guards)

    def _holds(self, rule: object, row: Mapping[str, Any], user: Mapping[str, Any]) -> bool:
        assert isinstance(rule, RuleText)
        if rule.text not in self.rules:
            self.rules[rule.text] = compile_rule(rule.text, self.scope)
        return bool(self.rules[rule.text].evaluate(row, user=user, old=row))

    def _rows(self, state: str) -> Iterator[dict[str, Any]]:
        owned = {self.resource.owner: "owner"} if self.resource.owner is not None else {}
        for values in itertools.product(*self.world.values()):
            yield {**dict(zip(self.world, values, strict=True)), "id": "row", **owned, self.lifecycle.attribute: state}
