"""Removing rows, and rows that are gone: what refers to them is dealt with as its relationship says, whatever shape it has."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from engine.errors import Conflict
from engine.store import Record
from tests.support import System, shut, system

APPS = """
    attributes: {title: {type: string}}
    relationships:
      project: {to: projects}
      current: {to: releases, on_delete: set_null}
    lifecycle:
      initial: up
      states: {up: {}, removed: {final: true, gone: true}}
      transitions: {end: {from: up, to: removed}}
"""
FILES = {
    "projects": "attributes: {title: {type: string}}\n",
    "apps": APPS,
    "releases": "attributes: {title: {type: string}}\nrelationships: {app: {to: apps, required: true, on_delete: cascade}}\n",
    "domains": "attributes: {title: {type: string}}\nrelationships: {app: {to: apps, on_delete: cascade}}\n",
    "certificates": "attributes: {title: {type: string}}\nrelationships: {domain: {to: domains, on_delete: restrict}}\n",
    "alerts": """
        attributes: {title: {type: string}}
        relationships: {app: {to: apps, on_delete: set_null}, domain: {to: domains, on_delete: set_null}}
        validations: [{rule: "title != 'strict' || app != null", message: An alert needs an app}]
        """,
    "posts": "attributes: {title: {type: string}}\n",
    "comments": """
        attributes: {title: {type: string}}
        relationships: {post: {to: posts, on_delete: cascade}, parent: {to: comments, on_delete: cascade}}
        """,
    "trees": "attributes: {title: {type: string}}\nrelationships: {parent: {to: trees, on_delete: set_null}}\n",
}


@pytest.fixture
async def yard(tmp_path: Path) -> AsyncIterator[System]:
    running = await system(tmp_path, FILES)
    yield running
    await shut(running)


async def make(yard: System, kind: str, **given: str | None) -> Record:
    return await yard.write(lambda unit: unit.create(yard.store.kind(kind), given))


async def change(yard: System, kind: str, record: Record, **given: str | None) -> Record:
    return await yard.write(lambda unit: unit.update(yard.store.kind(kind), record, given))


async def remove(yard: System, kind: str, record: Record) -> None:
    await yard.write(lambda unit: unit.remove(yard.store.kind(kind), record))


async def end(yard: System, app: Record) -> Record:
    """Put an app into its gone state as the store writes it, and release what refers to it."""
    kind = yard.store.kind("apps")
    return await yard.write(lambda unit: unit.release(kind, unit.update(kind, app, {"status": "removed"}, "moved")))


def count(yard: System, *kinds: str) -> list[int]:
    return [yard.store.database.read(f"SELECT count(*) FROM {kind}")[0][0] for kind in kinds]


async def test_a_thread_goes_with_its_post_each_comment_once(yard: System) -> None:
    post = await make(yard, "posts")
    first = await make(yard, "comments", post=post.id)
    second = await make(yard, "comments", post=post.id, parent=first.id)
    await remove(yard, "posts", post)
    assert count(yard, "posts", "comments") == [0, 0]
    assert [kind for _, _, kind in yard.events(second.id)] == ["created", "deleted"]


async def test_a_row_that_refers_to_itself_can_be_removed(yard: System) -> None:
    tree = await make(yard, "trees")
    await remove(yard, "trees", await change(yard, "trees", tree, parent=tree.id))
    comment = await make(yard, "comments")
    await remove(yard, "comments", await change(yard, "comments", comment, parent=comment.id))
    assert count(yard, "trees", "comments") == [0, 0]


async def test_a_ring_of_cascades_comes_to_an_end(yard: System) -> None:
    ring = [await make(yard, "comments") for _ in range(5)]
    ring = [await change(yard, "comments", each, parent=ring[index - 1].id) for index, each in enumerate(ring)]
    await remove(yard, "comments", ring[2])
    assert count(yard, "comments") == [0]
    assert sum(kind == "deleted" for _, _, kind in yard.events()) == 5


async def test_a_long_chain_is_no_deep_recursion(yard: System) -> None:
    def chain(unit):
        kind, last = yard.store.kind("comments"), None
        for _ in range(1500):
            last = unit.create(kind, {"parent": last}).id

    await yard.write(chain)
    rows = await yard.store.where("comments", parent=None)
    await remove(yard, "comments", rows[0])
    assert count(yard, "comments") == [0]


async def test_a_row_that_refers_twice_lets_go_in_one_write(yard: System) -> None:
    app = await make(yard, "apps")
    domain = await make(yard, "domains", app=app.id)
    alert = await make(yard, "alerts", app=app.id, domain=domain.id)
    await remove(yard, "apps", app)
    left = (await yard.store.where("alerts"))[0]
    assert (left.row["app"], left.row["domain"], left.version) == (None, None, alert.version + 1)


async def test_a_refusal_further_down_changes_nothing(yard: System) -> None:
    app = await make(yard, "apps")
    domain = await make(yard, "domains", app=app.id)
    await make(yard, "certificates", domain=domain.id)
    alert = await make(yard, "alerts", app=app.id)
    with pytest.raises(Conflict, match=f"Some of certificates still refer to domains/{domain.id}") as refused:
        await remove(yard, "apps", app)
    assert refused.value.error_code == "in_use"
    assert (await yard.store.where("alerts"))[0].row["app"] == alert.row["app"] == app.id


async def test_a_gone_row_goes_with_what_it_refers_to_and_takes_its_own_along(yard: System) -> None:
    project = await make(yard, "projects")
    app = await make(yard, "apps", project=project.id)
    await make(yard, "domains", app=app.id)
    with pytest.raises(Conflict, match="Some of apps"):
        await remove(yard, "projects", project)
    await yard.write(lambda unit: unit.update(yard.store.kind("apps"), app, {"status": "removed"}, "moved"))
    await remove(yard, "projects", project)
    assert count(yard, "projects", "apps", "domains") == [0, 0, 0]


async def test_a_row_that_is_gone_lets_go_of_what_refers_to_it_and_stays(yard: System) -> None:
    app = await make(yard, "apps")
    domain = await make(yard, "domains", app=app.id)
    strict = await make(yard, "alerts", title="strict", app=app.id)
    gone = await end(yard, app)
    assert gone.state == "removed"
    assert count(yard, "apps", "domains") == [1, 0]
    assert [kind for _, _, kind in yard.events(domain.id)] == ["created", "deleted"]
    assert (await yard.store.where("alerts"))[0].row["app"] is None
    assert [kind for _, _, kind in yard.events(strict.id)] == ["created", "updated"]


async def test_a_row_that_is_gone_and_refers_back_loses_that_reference(yard: System) -> None:
    app = await make(yard, "apps")
    release = await make(yard, "releases", app=app.id)
    gone = await end(yard, await change(yard, "apps", app, current=release.id))
    assert (gone.row["current"], gone.version) == (None, app.version + 3)
    assert count(yard, "apps", "releases") == [1, 0]


async def test_what_insists_on_a_row_keeps_it_from_being_gone(yard: System) -> None:
    app = await make(yard, "apps")
    domain = await make(yard, "domains", app=app.id)
    await make(yard, "certificates", domain=domain.id)
    with pytest.raises(Conflict, match="Some of certificates"):
        await end(yard, app)
    assert yard.state("apps", app.id) == "up"


async def test_a_required_reference_inside_a_ring_is_removed_in_the_right_order(yard: System) -> None:
    app = await make(yard, "apps")
    release = await make(yard, "releases", app=app.id)
    app = await change(yard, "apps", app, current=release.id)
    await remove(yard, "apps", app)
    assert count(yard, "apps", "releases") == [0, 0]


async def test_rows_of_a_type_without_a_file_are_a_conflict_and_no_failure(tmp_path: Path) -> None:
    first = await system(tmp_path, {"notes": "attributes: {title: {type: string}}\n"})
    ann, _ = await first.person("ann")
    await first.service.create(ann, "notes", {}, {})
    await shut(first)
    second = await system(tmp_path, {"cards": "attributes: {title: {type: string}}\n"})
    person = (await second.store.where("users"))[0]
    with pytest.raises(Conflict, match="is in use"):
        await remove(second, "users", person)
    await shut(second)
