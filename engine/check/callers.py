"""The kinds of callers, as facts: who owns the row, a stranger, an operator who does not own it, nobody known, the system.

Together the first three are everybody who is signed in. Handlers, timers and workers act as the system, of which rules
know nothing; it is asked for no right, so only guards can keep it from a move.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TypeAlias

from engine.check.reasoning import FALSE, NULL, TRUE, Values, item_of, only
from engine.check.reasoning.shape import size_of
from engine.check.reasoning.values import THERE
from engine.model import ResourceType

Caller: TypeAlias = Mapping[str, Values]

PRINCIPALS = "user.principals"
_KNOWN = {"user.known": TRUE, "user.id": THERE.without(""), size_of(PRINCIPALS): Values(low=1)}

SYSTEM: Caller = MappingProxyType(
    {
        "user.known": FALSE,
        "user.operator": FALSE,
        "user.id": only(("",)),
        "user.email": NULL,
        "user.plan": NULL,
        size_of(PRINCIPALS): only((0,)),
    }
)
ANONYMOUS = SYSTEM


def known_callers(resource: ResourceType) -> Mapping[str, Caller]:
    """Everybody who is signed in, by kind."""
    owner = "id" if resource.identity else resource.owner
    operator, stranger = {**_KNOWN, "user.operator": TRUE}, {**_KNOWN, "user.operator": FALSE}
    if owner is None:
        return {"stranger": stranger, "operator": operator}
    owns = item_of(owner, PRINCIPALS)
    return {
        "owner": {**_KNOWN, owns: TRUE, owner: THERE},
        "stranger": {**stranger, owns: FALSE},
        "operator": {**operator, owns: FALSE},
    }
