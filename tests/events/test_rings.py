"""Rows that go together, each judged by what the others were while they were all there."""

from __future__ import annotations

from pathlib import Path

from tests.events.support import entries
from tests.support import shut, system

FILES = {
    "hubs": """
        id_prefix: hub_
        owner: owner
        attributes: {public: {type: boolean, default: false}}
        relationships: {owner: {to: users}, best: {to: spokes, on_delete: cascade}}
        access: {read: public || owner in user.principals}
    """,
    "spokes": """
        id_prefix: spoke_
        owner: owner
        relationships: {owner: {to: users}, hub: {to: hubs, on_delete: cascade}}
        access: {read: hub.public || owner in user.principals}
    """,
}


async def test_all_of_a_ring_is_removed_for_those_who_saw_it(tmp_path: Path) -> None:
    running = await system(tmp_path, FILES)
    ann, _ = await running.person("ann")
    _, bob = await running.person("bob")
    hubs, spokes = running.store.kind("hubs"), running.store.kind("spokes")
    hub = await running.write(lambda unit: unit.create(hubs, {"owner": ann.id, "public": True}))
    spoke = await running.write(lambda unit: unit.create(spokes, {"owner": ann.id, "hub": hub.id}))
    hub = await running.write(lambda unit: unit.update(hubs, hub, {"best": spoke.id}))
    await running.write(lambda unit: unit.remove(hubs, hub))
    document = await entries(running, bob, "filter[type]=hubs,spokes")
    told = [(item["relationships"]["subject"]["data"]["id"], item["attributes"]["change"]) for item in document["data"]]
    assert told[:3] == [(hub.id, "added"), (spoke.id, "added"), (hub.id, "updated")]
    assert sorted(told[3:]) == sorted([(hub.id, "removed"), (spoke.id, "removed")])
    await shut(running)
