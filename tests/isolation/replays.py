"""Answers that are kept under a key: for who asked, with the rights that they had, and for nobody else."""

from __future__ import annotations

from engine.model import ResourceType
from tests.isolation import routes
from tests.isolation.asking import BASE, Answer, Ask, Desk
from tests.isolation.unseen import ghost
from tests.isolation.world import OPERATOR, OWNER, STRANGER

REPLAYED = ("idempotency-replayed", "true")


async def replays(desk: Desk) -> int:
    """A change of each type by its owner under a key, then the same request with the same key by everybody else."""
    callers, oracle, found = desk.made.callers, desk.oracle, 0
    for resource in desk.made.definitions.types.values():
        for row_id in oracle.visible(callers[OWNER], resource.name):
            body = routes.document(resource.name, row_id)
            ask = Ask("PATCH", f"{BASE}/{resource.name}/{row_id}", body, {"idempotency-key": f"kept-{row_id}"})
            first = await desk.ask(callers[OWNER], ask)
            if first.status != 200:
                continue
            again = await desk.ask(callers[OWNER], ask)
            assert (again.status, again.body, REPLAYED in again.headers) == (200, first.body, True)
            await _others(desk, ask, row_id, resource.name)
            found += 1
            break
        await _new_row(desk, resource)
    return found


async def _new_row(desk: Desk, resource: ResourceType) -> None:
    """A new row under a key: what its answer shows once, such as a token, is shown to nobody else who sends the same."""
    owner, visible = desk.made.callers[OWNER], desk.oracle.visible
    links = routes.needed(resource, lambda name: next(iter(visible(owner, name)), None))
    body = routes.document(resource.name, None, routes.new(desk.made, resource), **links)
    ask = Ask("POST", f"{BASE}/{resource.name}", body, {"idempotency-key": f"kept-{resource.name}"})
    first = await desk.ask(owner, ask)
    if first.status != 201:
        return
    desk.look_again()
    made = first.document["data"]
    once = [made["attributes"][each.name] for each in resource.attributes.values() if each.type == "token"]
    for other in (STRANGER, OPERATOR, "anonymous", "owner writing", "owner reading"):
        answer = await desk.ask(desk.made.callers[other], ask)
        assert REPLAYED not in answer.headers, f"{other}: {ask}\n{answer.text}"
        assert not any(token in answer.text for token in once), f"{other}: {ask}\n{answer.text}"
        desk.look_again()
    assert (await desk.ask(owner, ask, may=frozenset({made["id"]}))).body == first.body


async def _others(desk: Desk, ask: Ask, row_id: str, name: str) -> None:
    """Nobody gets the kept answer: not strangers, not the owner with a token that may do less."""
    for other in (STRANGER, OPERATOR, "anonymous", "owner writing", "owner reading", f"owner without {name}"):
        caller = desk.made.callers[other]
        answer: Answer = await desk.ask(caller, ask)
        assert REPLAYED not in answer.headers, f"{other}: {ask}\n{answer.text}"
        if caller.user not in (None, desk.made.people[OWNER]):
            assert "idempotency_key_reused" not in answer.codes, f"{other} learns that the key was used: {answer.text}"
        if other == "owner writing":
            assert answer.codes == ["idempotency_key_reused"], answer.text
        if caller.user is not None and caller.scopes is None and not desk.oracle.sees(caller, name, row_id):
            never = ghost(row_id)
            assert answer.without(row_id) == (await desk.ask(caller, ask.about(row_id, never))).without(never)


async def waits(desk: Desk) -> None:
    """Waiting for what a write has set off needs no other right than the write."""
    caller = desk.made.callers["owner writing"]
    for resource in desk.made.definitions.types.values():
        for row_id in desk.oracle.visible(caller, resource.name)[:1]:
            ask = Ask("PATCH", f"{BASE}/{resource.name}/{row_id}", routes.document(resource.name, row_id))
            plain = await desk.ask(caller, ask)
            waited = await desk.ask(caller, Ask(ask.method, ask.path, ask.body, {"prefer": "wait=1"}))
            assert (waited.status, waited.body) == (plain.status, plain.body)
