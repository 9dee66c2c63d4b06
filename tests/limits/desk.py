"""A desk where people have boxes, as many and as heavy as their plan allows."""

from __future__ import annotations

from typing import Any

from engine.access import SYSTEM, Actor, user
from tests.support import System

FILES = {
    "users": """
        identity: true
        id_prefix: user_
        limited_by: plan
        attributes:
          email: {type: email, required: true, unique: true}
          name: {type: string}
          operator: {type: boolean, default: false, set_by: system}
        relationships:
          plan: {to: plans, set_by: system, default: {name: small}}
        access: {create: operator, delete: operator}
    """,
    "plans": """
        owner: none
        attributes:
          name: {type: slug, required: true, unique: true}
          title: {type: string}
          boxes: {type: integer}
          weight: {type: number}
          words: {type: json, schema: {type: array, items: {type: string}}, default: [plain]}
        access: {read: public}
    """,
    "boxes": """
        id_prefix: box_
        attributes:
          name: {type: string, required: true}
          weight: {type: number}
        lifecycle:
          initial: closed
          states: {closed: {}, open: {}, lost: {}, burnt: {final: true, gone: true}}
          transitions:
            unlock: {from: [closed, lost], to: open}
            shut: {from: open, to: closed}
            lose: {from: [closed, open], to: lost}
            burn: {from: [closed, open, lost], to: burnt}
        access: {read: 'owner in user.principals || user.operator', update: 'owner in user.principals || user.operator'}
        limits:
          boxes: {most: boxes, where: 'status != "lost"', unless: user.operator}
          weight: {most: weight, total: weight, where: 'status == "open"', unless: user.operator, message: It gets too heavy}
    """,
}


async def plan(running: System, name: str, **values: Any) -> str:
    """A plan."""
    kind = running.store.kind("plans")
    made = await running.write(lambda unit: unit.create(kind, {"name": name, "title": name.title(), **values}))
    return str(made.id)


async def person(running: System, name: str, plan_id: str | None, **more: Any) -> Actor:
    """Somebody with that plan."""
    kind = running.store.kind("users")
    given = {"email": f"{name}@example.org", "name": name, "plan": plan_id}
    made = await running.store.write(SYSTEM, lambda unit: unit.create(kind, given))
    return user(str(made.id), email=given["email"], plan=plan_id, **more)


async def box(running: System, actor: Actor, name: str = "box", **values: Any) -> str:
    """A box of `actor`."""
    seen = await running.service.create(actor, "boxes", {"name": name, **values}, {})
    return str(seen.record.id)
