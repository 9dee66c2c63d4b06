"""The rules of one type as trees, and what is certain of their names before anything is assumed.

A rule that is wrong raises the `RuleError` that the loader has reported.
"""

from __future__ import annotations

from engine.check.reasoning.declared import Declared
from engine.check.reasoning.facts import ALL, Facts, Patience
from engine.check.reasoning.shape import renamed
from engine.model import Definitions, Guard, ResourceType, RuleText, Transition
from engine.rules import Scope, row_scope
from engine.rules.checker import Checker
from engine.rules.parser import parse
from engine.rules.tree import Node, Read, reads

_OLD = "old."


class Understood:
    """The rules of `resource`. Each is understood once, however often it is written."""

    def __init__(self, definitions: Definitions, resource: ResourceType) -> None:
        self.definitions = definitions
        self.resource = resource
        self._patience = Patience(ALL)
        self.facts = self._facts(None)
        self._scope: Scope | None = None
        self._trees: dict[tuple[str, str], Node] = {}
        self._guards: dict[tuple[str, str], Node] = {}

    def tree(self, rule: RuleText, transition: Transition | None = None) -> Node:
        """A rule; `transition` is the one whose inputs it may use."""
        inputs = transition.name if transition is not None and transition.inputs else ""
        found = self._trees.get((rule.text, inputs))
        if found is None:
            checker = Checker(self._scope_of(transition if inputs else None))
            found = self._trees[rule.text, inputs] = checker.any(parse(rule.text))
        return found

    def guard(self, guard: Guard, transition: Transition) -> Node:
        """What a transition needs. The row before a move is the row itself."""
        key = (guard.rule.text, transition.name if transition.inputs else "")
        if key not in self._guards:
            self._guards[key] = self.unchanged(self.tree(guard.rule, transition))
        return self._guards[key]

    def unchanged(self, part: Node, changed: frozenset[str] = frozenset()) -> Node:
        """The rule for a row that is as it was, but for the names that are `changed`."""
        before = {read.path.removeprefix(_OLD) for read in reads(part) if read.path.startswith(_OLD)}
        same = {name for name in before if name.partition(".")[0] not in changed}
        return renamed(part, {_OLD + name: self._read(name) for name in same}) if same else part

    def before(self, part: Node, changed: frozenset[str]) -> Node:
        """A rule about the row before a move, in the words of the time after it: what is `changed` is then `old`."""
        now = {read.path for read in reads(part) if read.path.partition(".")[0] in changed}
        return renamed(self.unchanged(part, changed), {name: self._read(_OLD + name) for name in now})

    def facts_of(self, transition: Transition) -> Facts:
        """What is certain before anything is assumed, with the inputs of a transition."""
        return self._facts(transition) if transition.inputs else self.facts

    def names(self, prefix: str) -> tuple[str, ...]:
        """All names that begin so."""
        return tuple(name for name in self._scope_of(None).names if name.startswith(prefix))

    def _facts(self, transition: Transition | None) -> Facts:
        declared = Declared(self.definitions, self.resource, transition.inputs if transition is not None else None)
        return Facts(declared.values, declared.sizes, patience=self._patience)

    def _scope_of(self, transition: Transition | None) -> Scope:
        if transition is not None:
            return row_scope(self.definitions, self.resource, with_old=True, inputs=transition.inputs)
        if self._scope is None:
            self._scope = row_scope(self.definitions, self.resource, with_old=True)
        return self._scope

    def _read(self, path: str) -> Read:
        name = self._scope_of(None).names[path]
        return Read(type=name.type, nullable=name.nullable, start=0, end=0, path=path, name=name)


def mentions(part: Node, name: str) -> bool:
    """Whether a rule looks at a name."""
    return any(read.path == name for read in reads(part))
