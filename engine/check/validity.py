"""Conditions over the whole row that no row can meet: ever, when it is made, or on a move into some state.

They are asked after every write but a failure, which must find its way out whatever has become of the row. A transition
changes nothing but the state, the record of a failure, and what is computed; a command may change everything.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engine.check.reasoning import NULL, Values, only, together
from engine.check.reasoning.declared import PLAIN
from engine.check.reasoning.facts import Facts
from engine.check.reasoning.values import THERE
from engine.check.understood import Understood
from engine.check.ways import Ways
from engine.loader.loading import Loaded
from engine.loader.problem import Problem
from engine.model import Attribute, Lifecycle, Relationship, ResourceType, Transition, Validation
from engine.rules.tree import Node


def check_validity(loaded: Loaded, rules: Understood, ways: Ways | None) -> Iterator[Problem]:
    """Every write that the conditions of a type make impossible for certain."""
    validations = rules.resource.validations
    if not validations:
        return
    parts = [rules.tree(each.rule) for each in validations]
    never = _first_broken(rules, parts, rules.facts)
    if never is not None:
        yield Problem(
            never.rule.position, "validation-never-holds", "no row can ever meet this, or not together with those before it"
        )
        return
    lifecycle = rules.resource.lifecycle
    if (broken := _at_creation(rules)) is not None:
        way = f"; {ways.to(lifecycle.initial)}" if ways is not None and lifecycle is not None else ""
        message = f"no row can be made by a person: a new one, with all that can be set, never meets this{way}"
        yield Problem(broken.rule.position, "never-valid-at-first", message)
    if lifecycle is not None and ways is not None:
        yield from _moves(loaded, rules, lifecycle, ways)


def _moves(loaded: Loaded, rules: Understood, lifecycle: Lifecycle, ways: Ways) -> Iterator[Problem]:
    """Transitions and successes after which no row meets the conditions."""
    changed = _changed(rules.resource, lifecycle)
    held = [rules.unchanged(rules.tree(each.rule), changed) for each in rules.resource.validations]
    for transition in lifecycle.transitions.values():
        needs = [rules.before(rules.tree(each.rule, transition), changed) for each in transition.guards]
        broken = [_on_transition(rules, lifecycle, transition, source, needs, held) for source in transition.sources]
        if None not in broken:
            message = f"{transition.name} is never possible: no row that is then {transition.target} meets {_quoted(broken[0])}"
            message += f"; {ways.by(transition, transition.sources[0])}"
            yield Problem(transition.position, "move-never-valid", message)
    for state in lifecycle.states.values():
        if state.then is None:
            continue
        parts = [rules.tree(each.rule) for each in rules.resource.validations]
        broken_then = _first_broken(rules, parts, rules.facts.afresh(_moved(lifecycle, state.name, state.then)))
        if broken_then is not None:
            message = f"{state.run} can never end well: no row that is then {state.then} meets {_quoted(broken_then)}"
            position = loaded.place(rules.resource.name, "lifecycle", "states", state.name, "then")
            yield Problem(position, "move-never-valid", f"{message}; {ways.to(state.name)}")


def _on_transition(
    rules: Understood, lifecycle: Lifecycle, transition: Transition, source: str, needs: list[Node], held: list[Node]
) -> Validation | None:
    """The condition that a transition breaks for certain, where what it needs can be true at all."""
    facts = rules.facts_of(transition).afresh(_moved(lifecycle, source, transition.target))
    return _first_broken(rules, held, facts, needs) if together(needs, facts) else None


def _moved(lifecycle: Lifecycle, source: str, target: str) -> dict[str, Values]:
    return {lifecycle.attribute: only((target,)), f"old.{lifecycle.attribute}": only((source,))}


def _changed(resource: ResourceType, lifecycle: Lifecycle) -> frozenset[str]:
    computed = {name for name, each in resource.attributes.items() if each.computed is not None}
    return frozenset({lifecycle.attribute, *computed} | ({lifecycle.failure} if lifecycle.failure is not None else set()))


def _at_creation(rules: Understood) -> Validation | None:
    """The condition that every row breaks that a person makes; None where there are others, or where no person makes any."""
    resource, create = rules.resource, rules.resource.access.create
    known: dict[str, Values] = dict.fromkeys(rules.names("old."), NULL)
    if resource.lifecycle is not None:
        known[resource.lifecycle.attribute] = only((resource.lifecycle.initial,))
    known["user.known"] = only((True,))
    for relationship in resource.relationships.values():
        if (link := _first_link(resource, relationship)) is not None:
            known[relationship.name] = link
    for attribute in resource.attributes.values():
        if (value := _first_value(attribute)) is not None:
            known |= dict.fromkeys(_parts(attribute), value)
    facts = rules.facts.afresh(known)
    if create is None or not together([rules.tree(create)], facts):
        return None
    return _first_broken(rules, [rules.tree(each.rule) for each in resource.validations], facts)


def _first_value(attribute: Attribute) -> Values | None:
    """What an attribute that only the system sets is in a new row; None where that is not certain."""
    if attribute.set_by != "system" or attribute.computed is not None or attribute.default_rule is not None:
        return None
    default = attribute.default
    if default is None:
        return None if attribute.concealed else NULL
    if attribute.type not in PLAIN or not isinstance(default, bool | int | float | str):
        return None
    return only((float(default) if attribute.type == "number" else default,))


def _first_link(resource: ResourceType, relationship: Relationship) -> Values | None:
    if relationship.name == resource.owner:
        return THERE
    return NULL if relationship.set_by == "system" and relationship.default is None else None


def _parts(attribute: Attribute) -> tuple[str, ...]:
    name = attribute.name
    return (name, f"{name}.amount", f"{name}.currency") if attribute.type == "money" else (name,)


def _first_broken(rules: Understood, parts: list[Node], facts: Facts, needs: Sequence[Node] = ()) -> Validation | None:
    """The first condition that leaves no case in which it and those before it hold; one that fails alone comes first."""
    validations = rules.resource.validations
    if together([*needs, *parts], facts.afresh({})):
        return None
    for validation, part in zip(validations, parts, strict=True):
        if not together([*needs, part], facts.afresh({})):
            return validation
    for count, validation in enumerate(validations, start=1):
        if not together([*needs, *parts[:count]], facts.afresh({})):
            return validation
    return None


def _quoted(validation: Validation | None) -> str:
    return f"{validation.rule.text!r}" if validation is not None else ""
