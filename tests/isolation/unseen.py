"""A row that one may not see is answered like one that does not exist: byte by byte, and statement by statement.

How long an answer takes could tell what its text does not. A stopwatch would measure the machine; so the statements are
compared that the database is asked: the same ones, in the same order, for the row that is hidden and for one that never
was. What is compared, looked up or counted only where there is a row would show here.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.model import ResourceType
from tests.isolation import routes
from tests.isolation.asking import BASE, Ask, Desk
from tests.isolation.world import Caller

_DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"


def ghost(row_id: str) -> str:
    """An id of the same form and time that nobody has."""
    return row_id[:-10] + "".join(_DIGITS[-1 - _DIGITS.index(each)] for each in row_id[-10:])


async def unseen(desk: Desk, caller: Caller, resource: ResourceType) -> int:
    """Hold every answer about some rows that a caller may not see against that about rows that are not there; how many."""
    hidden = [row_id for row_id in desk.oracle.rows[resource.name] if not desk.oracle.sees(caller, resource.name, row_id)]
    most = desk.made.depth.unseen
    chosen = hidden if len(hidden) <= most else desk.made.values.chance.sample(hidden, most)
    await desk.ask(caller, Ask("GET", f"{BASE}/schema"))  # from here on it is known whose token that is
    for row_id in chosen:
        await _is_not_there(desk, caller, resource.name, row_id)
        for ask in _everything(desk, caller, resource, row_id):
            await _same(desk, caller, ask, row_id)
    return len(chosen)


async def _same(desk: Desk, caller: Caller, ask: Ask, row_id: str) -> None:
    never = ghost(row_id)
    with desk.counting() as of_hidden:
        hidden = await desk.ask(caller, ask)
    other = ask.about(row_id, never)
    with desk.counting() as of_nothing:
        nothing = await desk.ask(caller, other)
    assert hidden.without(row_id) == nothing.without(never), f"{caller.name}: {ask}\n{hidden.text}\n{nothing.text}"
    assert of_hidden == of_nothing, f"{caller.name}: {ask}\n{of_hidden}\n{of_nothing}"
    if row_id in ask.path.partition("?")[0] and ask.method not in ("HEAD", "OPTIONS"):
        assert hidden.status >= 400, f"{caller.name}: {ask}\n{hidden.text}"


async def _is_not_there(desk: Desk, caller: Caller, name: str, row_id: str) -> None:
    """404, or that somebody must sign in, or that their token is not for this."""
    path, body = f"{BASE}/{name}/{row_id}", routes.document(name, row_id)
    for ask, verb in ((Ask("GET", path), "read"), (Ask("PATCH", path, body), "write"), (Ask("DELETE", path), "write")):
        expected = 404 if caller.within(name, verb) else 403
        expected = 401 if verb == "write" and caller.user is None else expected
        answer = await desk.ask(caller, ask)
        assert answer.status == expected, f"{caller.name}: {ask}\n{answer.text}"


def _everything(desk: Desk, caller: Caller, resource: ResourceType, row_id: str) -> Iterator[Ask]:
    yield from routes.reads(resource, row_id)
    yield from routes.writes(resource, row_id)
    yield from routes.atomic(resource, row_id)

    def there(name: str) -> str | None:
        return next(iter(desk.oracle.visible(caller, name)), None)

    yield from routes.references(desk.made, resource, row_id, there)
    yield from _pointing(desk, caller, resource, row_id)
    yield Ask("GET", f"{BASE}/{resource.name}?filter[id]={row_id}&page[total]=true")
    yield Ask("GET", f"{BASE}/events?filter[row]={row_id}")
    yield Ask("GET", f"{BASE}/events?filter[type]={resource.name}&filter[row]={row_id}")


def _pointing(desk: Desk, caller: Caller, resource: ResourceType, row_id: str) -> Iterator[Ask]:
    """Lists of rows that point at it, and changes that make visible rows do so; without those that do so already."""
    for other in desk.made.definitions.types.values():
        rows = desk.oracle.rows[other.name]
        for by, relationship in other.relationships.items():
            if relationship.to != resource.name or by in _hidden_somewhere(other):
                continue
            visible = desk.oracle.visible(caller, other.name)
            if not any(rows[each][by] == row_id for each in visible):
                yield Ask("GET", f"{BASE}/{other.name}?filter[{by}]={row_id}&page[total]=true")
                yield Ask("GET", f"{BASE}/{other.name}?filter[{by}.id]={row_id}&page[total]=true")
            for each in [one for one in visible if rows[one][by] != row_id][:2]:
                path = f"{BASE}/{other.name}/{each}"
                yield Ask("PATCH", path, routes.document(other.name, each, {}, **{by: (resource.name, row_id)}))
                yield Ask("PATCH", f"{path}/relationships/{by}", {"data": {"type": resource.name, "id": row_id}})


def _hidden_somewhere(resource: ResourceType) -> frozenset[str]:
    return frozenset(each.name for each in resource.relationships.values() if each.read is not None)
