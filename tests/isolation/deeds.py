"""Writes that are done, by everybody, and what everybody is shown afterwards; and rights that end."""

from __future__ import annotations

from collections.abc import Iterator

from engine.errors import HosterError
from engine.model import ResourceType
from engine.store import Unit
from tests.isolation import routes
from tests.isolation.asking import ATOMIC, BASE, Ask, Desk
from tests.isolation.events import no_traces
from tests.isolation.reading import Reading
from tests.isolation.world import OPERATOR, OWNER, STRANGER, Caller


async def deeds(desk: Desk, most_rows: int = 2) -> int:
    """New rows, changes, moves and removals of every type by everybody; how many were done."""
    done = 0
    for name in (OWNER, STRANGER, OPERATOR):
        caller = desk.made.callers[name]
        for resource in desk.made.definitions.types.values():
            if resource.identity or resource.credential is not None:
                continue  # whoever ends their own token has done for today
            for ask, may in _deeds(desk, caller, resource, most_rows):
                answer = await desk.ask(caller, ask, may=may)
                if answer.status < 300:
                    done += 1
                    desk.look_again()
    await _afterwards(desk)
    return done


def _deeds(desk: Desk, caller: Caller, resource: ResourceType, most_rows: int) -> Iterator[tuple[Ask, frozenset[str]]]:
    """The writes, each with what its answer may hold besides: what is shown of the row as it is then."""
    name, path, oracle = resource.name, f"{BASE}/{resource.name}", desk.oracle
    links = routes.needed(resource, lambda other: next(iter(desk.oracle.visible(caller, other)), None))
    yield Ask("POST", path, routes.document(name, None, routes.new(desk.made, resource), **links)), frozenset()
    add = {"op": "add", "data": routes.document(name, None, routes.new(desk.made, resource), **links)["data"]}
    yield Ask("POST", f"{BASE}/operations", routes.operations(add), {"content-type": ATOMIC}), frozenset()
    for row_id in oracle.visible(caller, name)[:most_rows]:
        for attribute in routes.settable(resource):
            value = desk.made.values.value(attribute)
            if value is not None:
                shown = _shown(desk, caller, name, row_id, {attribute.name: value})
                yield Ask("PATCH", f"{path}/{row_id}", routes.document(name, row_id, {attribute.name: value})), shown
        for transition in resource.lifecycle.transitions.values() if resource.lifecycle else ():
            assert resource.lifecycle is not None
            moved = _shown(desk, caller, name, row_id, {resource.lifecycle.attribute: transition.target})
            yield (
                Ask("POST", f"{path}/{row_id}/{transition.name}", {"data": {"attributes": routes.inputs(transition.inputs)}}),
                moved,
            )
        yield Ask("DELETE", f"{path}/{row_id}"), frozenset()


def _shown(desk: Desk, caller: Caller, name: str, row_id: str, changes: dict[str, object]) -> frozenset[str]:
    if row_id not in desk.oracle.rows[name]:
        return frozenset()
    return desk.oracle.after(caller, name, row_id, changes)


async def _afterwards(desk: Desk) -> None:
    """Lists and events are right for everybody again."""
    for name in ("anonymous", OWNER, STRANGER, OPERATOR):
        caller = desk.made.callers[name]
        for resource in desk.made.definitions.types.values():
            await Reading(desk, caller, resource).lists()
        await no_traces(desk, caller)


async def demotion(desk: Desk) -> None:
    """Somebody who was an operator is shown what they may see now: in lists, in events, and in answers that were kept."""
    identity = desk.made.definitions.identity
    if identity is None or "operator" not in identity.attributes:
        return
    caller, kept = desk.made.callers[OPERATOR], []
    for resource in desk.made.definitions.types.values():
        for row_id in desk.oracle.visible(caller, resource.name)[:3]:
            body = routes.document(resource.name, row_id)
            ask = Ask("PATCH", f"{BASE}/{resource.name}/{row_id}", body, {"idempotency-key": f"once-{row_id}"})
            if (await desk.ask(caller, ask)).status == 200:
                kept.append(ask)
    kind = desk.made.running.store.kind(identity.name)

    def demote(unit: Unit) -> None:
        unit.update(kind, unit.get(kind, caller.user or ""), {"operator": False}, hold=False)

    try:
        await desk.made.running.write(demote)
    except HosterError:
        return
    desk.forget()
    for ask in kept:
        await desk.ask(caller, ask)
    for resource in desk.made.definitions.types.values():
        await Reading(desk, caller, resource).everything()
    await no_traces(desk, caller)
