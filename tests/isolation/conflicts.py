"""Values that must be unique: a conflict says that a value is taken, and nothing of the row that has it.

That a value is taken anywhere is the one thing which an attribute that is unique in the whole type cannot but reveal. So
the answer to somebody who gives the value of a row that they cannot see is the same, byte by byte, as for a value of a row
of their own, and the database is asked the same statements on the way: nothing looks at the row that is there, so neither
the text nor the time tells whose it is. A stopwatch would measure the machine instead. What is unique within an owner is
never in conflict with what others have.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.model import Attribute, ResourceType
from engine.rules import compile_rule, row_scope
from tests.isolation import routes
from tests.isolation.asking import BASE, Answer, Ask, Desk
from tests.isolation.world import Caller

Given = Mapping[str, Any]


async def conflicts(desk: Desk, caller: Caller) -> int:
    """What is unique in a type or within an owner, by new rows and by changes; how many were in conflict with rows unseen."""
    found = 0
    await desk.ask(caller, Ask("GET", f"{BASE}/schema"))  # from here on it is known whose token that is
    for resource in desk.made.definitions.types.values():
        for attribute in resource.attributes.values():
            if attribute.unique in ((), (resource.owner,)) and attribute.type != "token":
                found += await _conflict(desk, caller, resource, attribute)
    return found


async def _conflict(desk: Desk, caller: Caller, resource: ResourceType, attribute: Attribute) -> int:
    seen = [each for each in desk.oracle.visible(caller, resource.name) if _is_theirs(desk, caller, resource, each)]
    unseen = [
        row_id
        for row_id, row in desk.oracle.rows[resource.name].items()
        if not desk.oracle.sees(caller, resource.name, row_id)
        and not desk.oracle.is_gone(resource, row)
        and (resource.owner is None or row[resource.owner] != caller.user)
    ]
    own, others = (_with_value(desk, resource, attribute, each) for each in (seen, unseen))
    if not (own and others):
        return 0
    for ask in _asks(desk, caller, resource, own[0]):
        mine, theirs = await _both(desk, caller, resource, attribute, ask, own[0], others[0])
        if attribute.unique == ():
            assert mine == theirs, f"{caller.name}: {ask}\n{mine}\n{theirs}"
        else:
            assert "taken" not in theirs[0].codes, f"{caller.name}: {ask}\n{theirs[0].text}"
    return 1


def _asks(desk: Desk, caller: Caller, resource: ResourceType, row_id: str) -> list[Ask]:
    """A new row, and a change to one that is theirs: both without the value that is to be in conflict."""
    visible = desk.oracle.visible
    links = routes.needed(resource, lambda name: next(iter(visible(caller, name)), None))
    path = f"{BASE}/{resource.name}"
    asks = [Ask("POST", f"{path}?dry_run=true", routes.document(resource.name, None, routes.new(desk.made, resource), **links))]
    for other in visible(caller, resource.name):
        if other != row_id and _is_theirs(desk, caller, resource, other):
            return [*asks, Ask("PATCH", f"{path}/{other}?dry_run=true", routes.document(resource.name, other))]
    return asks


async def _both(
    desk: Desk, caller: Caller, resource: ResourceType, attribute: Attribute, ask: Ask, own: str, other: str
) -> tuple[tuple[Answer, list[str]], tuple[Answer, list[str]]]:
    """The answers and statements for the value of a row of one's own, and for that of somebody else."""
    found = []
    for row_id in (own, other):
        given = _given(desk, resource, attribute, row_id)
        body = {"data": {**ask.body["data"], "attributes": {**ask.body["data"]["attributes"], **given}}}
        with desk.counting() as statements:
            answer = await desk.ask(caller, Ask(ask.method, ask.path, body))
        found.append((answer, list(statements)))
    return found[0], found[1]


def _with_value(desk: Desk, resource: ResourceType, attribute: Attribute, of: list[str]) -> list[str]:
    rows = desk.oracle.rows[resource.name]
    return [each for each in of if rows[each][attribute.name] is not None and _given(desk, resource, attribute, each)]


def _given(desk: Desk, resource: ResourceType, attribute: Attribute, row_id: str) -> Given:
    """What has to be given so that the attribute has the value that it has in that row."""
    row, names = desk.oracle.rows[resource.name][row_id], {attribute.name}
    if attribute.computed is not None:
        names = set(compile_rule(attribute.computed.text, row_scope(desk.made.definitions, resource), expect=None).names)
    possible = {each.name for each in routes.settable(resource)}
    return {name: row[name] for name in names} if names <= possible else {}


def _is_theirs(desk: Desk, caller: Caller, resource: ResourceType, row_id: str) -> bool:
    row = desk.oracle.rows[resource.name][row_id]
    owner = row_id if resource.identity else row[resource.owner] if resource.owner else caller.user
    return owner == caller.user and desk.oracle.holds(caller, resource, resource.access.update, row)
