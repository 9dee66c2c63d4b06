"""Every rule, compiled against all definitions: unknown names, wrong types, and rules that a database cannot evaluate.

A rule that speaks of a name whose meaning is unknown, because its own definition is wrong, is passed over: the one problem
is enough.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from engine.loader.doubt import Doubt, speaks_of
from engine.loader.draft import Draft, RuleUse
from engine.loader.node import Node
from engine.model import Attribute, Definitions, ResourceType
from engine.rules import Rule, RuleError, Scope, compile_rule, row_scope, user_scope
from engine.types import TYPES

#: Wrong rules of one file that are told of.
MAX_WRONG = 100
#: What can be said to one database can be said to the others; this one is always there.
_DIALECT = "sqlite"
_IN_SQL = ("read", "attribute", "counted")
_WITH_OLD = ("guard", "validation")
_NO_INPUTS: Mapping[str, Attribute] = MappingProxyType({})


def check_rules(drafts: Sequence[Draft], definitions: Definitions, *, complete: bool) -> None:
    """Report every rule that is wrong at the character where it goes wrong.

    `complete` says that no file is left out of the definitions.
    """
    doubt = Doubt(drafts, definitions, complete=complete)
    for draft in drafts:
        if not draft.vague:
            _RuleChecks(draft, definitions, doubt).run()


class _RuleChecks:
    """The rules of one file. Scopes are shared between rules, because making one costs more than compiling a rule."""

    def __init__(self, draft: Draft, definitions: Definitions, doubt: Doubt) -> None:
        self.draft = draft
        self.definitions = definitions
        self.resource: ResourceType = definitions.types[draft.name]
        self.unknown = doubt.about(self.resource)
        self.scopes: dict[bool, Scope] = {}

    def run(self) -> None:
        reads: dict[str, frozenset[str]] = {}
        wrong = 0
        for use in self.draft.rules:
            if speaks_of(use.rule.text, self.unknown):
                continue
            try:
                rule = self._compile(use)
            except RuleError as error:
                self._report(use, error)
                wrong += 1
                if wrong == MAX_WRONG:
                    self.draft.report(use.node, "too-many-problems", "the rest of the rules of this file were not checked")
                    break
                continue
            if use.purpose == "computed" and use.attribute is not None:
                reads[use.attribute.name] = rule.names
        self._cycles(reads)

    def _report(self, use: RuleUse, error: RuleError) -> None:
        place = Node(None, use.node.line, use.node.column_of(error.offset))
        self.draft.report(place, "bad-rule", error.message, error.hint)

    def _scope(self, use: RuleUse) -> Scope:
        with_old = use.purpose in _WITH_OLD
        if use.purpose == "unless":
            return user_scope(self.definitions)
        if use.inputs:
            return row_scope(self.definitions, self.resource, with_old=with_old, inputs=use.inputs)
        if with_old not in self.scopes:
            self.scopes[with_old] = row_scope(self.definitions, self.resource, with_old=with_old)
        return self.scopes[with_old]

    def _compile(self, use: RuleUse) -> Rule:
        if use.purpose not in ("default", "computed"):
            rule = compile_rule(use.rule.text, self._scope(use))
            if use.purpose in _IN_SQL:
                rule.sql(_DIALECT, "r")
            return rule
        rule = compile_rule(use.rule.text, self._scope(use), expect=None)
        if use.attribute is not None and not fits(rule.type, use.attribute):
            wanted = TYPES[use.attribute.type].rule or use.attribute.type
            message = f"{use.attribute.name} is of the type {use.attribute.type}, which needs {wanted}; this is {rule.type}"
            raise RuleError(message, 0, len(use.rule.text))
        return rule

    def _cycles(self, reads: Mapping[str, frozenset[str]]) -> None:
        for use in self.draft.rules:
            name = use.attribute.name if use.attribute is not None else ""
            if use.purpose == "computed" and name in reads and name in _behind(name, reads):
                place = Node(None, use.node.line, use.node.column_of(0))
                self.draft.report(place, "computed-cycle", f"{name} is computed from itself")


def fits(rule_type: str, attribute: Attribute) -> bool:
    """Whether a value of a rule type can be kept in an attribute."""
    kind = TYPES[attribute.type].rule
    if rule_type == "null":
        return not attribute.required
    if attribute.type == "json":
        return True
    return rule_type == kind or (rule_type == "int" and kind == "float")


def _behind(name: str, reads: Mapping[str, frozenset[str]]) -> set[str]:
    """Everything that a computed attribute is made from, through other computed attributes."""
    seen: set[str] = set()
    waiting = list(_direct(reads[name]))
    while waiting:
        each = waiting.pop()
        if each not in seen:
            seen.add(each)
            waiting += _direct(reads.get(each, frozenset()))
    return seen


def _direct(names: frozenset[str]) -> Iterator[str]:
    """Money is read by its parts, as price.amount; the parts of other names are values of other rows."""
    return (name.removesuffix(".amount").removesuffix(".currency") for name in names)
