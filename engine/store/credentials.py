"""What lets people in, as the store keeps it: what one credential may hand on to another, and when anything of it changed.

A process remembers whom a credential belongs to. Every write to a user, a credential or what limits a user counts up one
number in the same transaction, so that each process forgets in time, whoever wrote.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from engine.errors import Forbidden, Invalid
from engine.store.type_store import TypeStore
from engine.store.work import Work

COUNT = (
    "INSERT INTO _facts (id, value) VALUES ('identities', '1') "
    "ON CONFLICT (id) DO UPDATE SET value = CAST(value AS INTEGER) + 1"
)
GENERATION = "SELECT value FROM _facts WHERE id = 'identities'"

SCOPES, ENDS = "scopes", "expires_at"
VERBS = ("read", "write")


def changed(unit: Work) -> None:
    """Make every process forget whom it knows, once this unit is committed."""
    unit.transaction.run(COUNT)


def hold(unit: Work, kind: TypeStore, row: Mapping[str, Any]) -> None:
    """Refuse a credential with scopes that do not exist, or that may do more or lasts longer than the one it is made with."""
    wanted, held = row.get(SCOPES), unit.actor.scopes
    for index, scope in enumerate(wanted or ()):
        if not _exists(scope, unit.store.types):
            detail = "A scope is read, write, or a resource type with one of them, such as notes:read"
            raise Invalid(detail, code="unknown_scope", pointer=f"/data/attributes/{SCOPES}/{index}")
    if held is not None and (wanted is None or not all(_covers(held, scope) for scope in wanted)):
        raise Forbidden("A token cannot make or change one that may do more than itself", code="insufficient_scope")
    until = unit.actor.expires_at if _came_with_token(unit) else None
    if until is not None and ENDS in kind.resource.attributes and (row[ENDS] is None or row[ENDS] > until):
        detail = f"A token cannot make one that lasts longer than itself: until {until} at most"
        raise Forbidden(detail, code="insufficient_scope", pointer=f"/data/attributes/{ENDS}")


def _came_with_token(unit: Work) -> bool:
    """Not with a session: that is a person, who may make what they like."""
    kind = unit.store.types.get((unit.actor.credential or "").partition("/")[0])
    return kind is not None and kind.resource.credential == "bearer"


def _exists(scope: Any, types: Collection[str]) -> bool:
    if not isinstance(scope, str):
        return False
    name, colon, verb = scope.rpartition(":")
    return verb in VERBS and (not colon or name in types)


def _covers(held: Collection[str], scope: str) -> bool:
    return scope in held or scope.rpartition(":")[2] in held
