"""Whether a rule, or a token, lets somebody do something, and the error for them when it does not: the one place for it.

Writes raise the error; whoever asks why something is not possible is shown it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.access import Actor, Verb
from engine.errors import Forbidden
from engine.rules import Rule
from engine.store import TypeStore, Unit


def insist_on_scope(actor: Actor, type_name: str, verb: Verb) -> None:
    """Raise `Forbidden` where the token that the actor came with is not for this."""
    if actor.scopes is not None and not actor.within_scope(type_name, verb):
        needed = f"{type_name}:{verb}"
        raise Forbidden(f"This token is not for that: it needs the scope {verb} or {needed}", code="insufficient_scope")


def refusal(unit: Unit, kind: TypeStore, row: Mapping[str, Any], rule: Rule | None, what: str, **more: Any) -> Forbidden | None:
    """The error for `what`, where `rule` does not let the actor of `unit` do it; without a rule, only the system may.

    `more` are further fields of the error.
    """
    if unit.actor.system:
        return None
    if rule is None:
        return Forbidden(f"You may not {what}: only the system does that", **more)
    related = unit.related(kind, row, rule.relationships)
    if rule.evaluate(row, user=unit.actor.facts, related=related, now=unit.now):
        return None
    return Forbidden(f"You may not {what}: it needs {rule.text}", **more)


def insist_on(unit: Unit, kind: TypeStore, row: Mapping[str, Any], rule: Rule | None, what: str) -> None:
    """Raise the error for `what`, where there is one."""
    error = refusal(unit, kind, row, rule, what)
    if error is not None:
        raise error
