"""What is hidden stays hidden in odd moments, and a rule says the same in a list, a read and a write."""

from pathlib import Path

from engine.access import SYSTEM
from tests.support import shut, system

MEDIA = {"content-type": "application/vnd.api+json"}
PROJECTS = """
    attributes: {title: {type: string}}
    lifecycle:
      initial: up
      states: {up: {}, over: {final: true, gone: true}}
      transitions: {delete: {from: up, to: over}}
"""


def body(kind: str, row: str | None = None, attributes: dict | None = None, **related: tuple[str, str]) -> dict:
    links = {name: {"data": {"type": target, "id": other}} for name, (target, other) in related.items()}
    document = {"type": kind, "attributes": attributes or {}, "relationships": links}
    return {"data": document | ({"id": row} if row else {})}


async def test_an_attribute_is_hidden_in_a_list_though_its_row_is_deleted_meanwhile(tmp_path: Path) -> None:
    notes = "attributes: {code: {type: string, read: owner}, title: {type: string}}\naccess: {read: known}\n"
    desk = await system(tmp_path, {"notes": notes})
    ann, _ = await desk.person("ann")
    _, bob = await desk.person("bob")
    row = (await desk.service.create(ann, "notes", {"code": "HIDDEN", "title": "t"}, {})).record.id
    count = desk.store.count

    async def count_and_delete(*arguments):
        total = await count(*arguments)
        await desk.service.delete(ann, "notes", row)
        return total

    desk.store.count = count_and_delete  # between the reading of the rows and that of what they hide
    answer = await desk.client.get("/api/v1/notes?page[total]=true", headers=bob)
    assert answer.json()["data"][0]["attributes"]["title"] == "t"
    assert "HIDDEN" not in answer.text
    await shut(desk)


async def test_a_secret_with_a_rule_of_its_own_is_shown_to_nobody(tmp_path: Path) -> None:
    notes = "attributes: {code: {type: secret, read: owner}, title: {type: string}}\naccess: {read: known}\n"
    desk = await system(tmp_path, {"notes": notes})
    ann, _ = await desk.person("ann")
    _, bob = await desk.person("bob")
    row = (await desk.service.create(ann, "notes", {"code": "HIDDEN", "title": "t"}, {})).record.id
    for path in (f"/api/v1/notes/{row}", "/api/v1/notes"):
        answer = await desk.client.get(path, headers=bob)
        assert (answer.status_code, "HIDDEN" in answer.text, '"title":"t"' in answer.text) == (200, False, True)
    await shut(desk)


async def test_a_rule_over_a_related_row_that_is_gone_says_the_same_everywhere(tmp_path: Path) -> None:
    rule = "project.owner in user.principals"
    notes = f"attributes: {{title: {{type: string}}}}\nrelationships: {{project: {{to: projects}}}}\naccess: {{read: {rule}, update: {rule}}}\n"  # noqa: E501
    desk = await system(tmp_path, {"projects": PROJECTS, "notes": notes})
    ann, headers = await desk.person("ann")
    kind = desk.store.kind("projects")
    project = (await desk.service.create(ann, "projects", {}, {})).record
    row = (await desk.service.create(ann, "notes", {}, {"project": project.id})).record.id
    await desk.write(lambda unit: unit.update(kind, project, {"status": "over"}, "moved"))
    assert (await desk.client.get(f"/api/v1/projects/{project.id}", headers=headers)).status_code == 404
    assert (await desk.client.get(f"/api/v1/notes/{row}", headers=headers)).status_code == 200
    patched = await desk.client.patch(f"/api/v1/notes/{row}", json=body("notes", row, {"title": "x"}), headers=headers | MEDIA)
    assert patched.status_code == 200
    assert (
        desk.store.related(desk.store.kind("notes"), desk.service.get(SYSTEM, "notes", row).record)["project"]["id"]
        == project.id
    )
    await shut(desk)


async def test_a_row_cannot_be_moved_to_where_its_writer_may_not_change_it(tmp_path: Path) -> None:
    rule = "room.owner in user.principals"
    notes = f"attributes: {{title: {{type: string}}}}\nrelationships: {{room: {{to: rooms}}}}\naccess: {{create: {rule}, update: {rule}}}\n"  # noqa: E501
    desk = await system(tmp_path, {"rooms": "attributes: {title: {type: string}}\naccess: {read: known}\n", "notes": notes})
    ann, _ = await desk.person("ann")
    bob, headers = await desk.person("bob")
    theirs = (await desk.service.create(ann, "rooms", {}, {})).record.id
    mine, other = [(await desk.service.create(bob, "rooms", {}, {})).record.id for _ in range(2)]
    row = (await desk.service.create(bob, "notes", {}, {"room": mine})).record.id
    refused = await desk.client.patch(
        f"/api/v1/notes/{row}", json=body("notes", row, room=("rooms", theirs)), headers=headers | MEDIA
    )
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (403, "forbidden")
    assert desk.service.get(SYSTEM, "notes", row).record.row["room"] == mine
    moved = await desk.client.patch(
        f"/api/v1/notes/{row}", json=body("notes", row, room=("rooms", other)), headers=headers | MEDIA
    )
    assert moved.status_code == 200
    await shut(desk)
