"""A row may be needed by rows that its owner cannot see: the refusal says that, and nothing of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import System, shut, system

FOLDERS = "attributes: {name: {type: string}}\naccess: {read: known, usable: known}\n"
OTHERS = {
    "insists": "relationships: {folder: {to: folders, on_delete: restrict}}\n",
    "breaks": """
        relationships: {folder: {to: folders, on_delete: set_null}}
        validations: [{rule: old.id == null || folder != null, message: A private rule, attribute: text}]
    """,
    "counts": """
        relationships: {folder: {to: folders, on_delete: set_null}}
        limits: {free: {most: most, where: folder == null, message: A private limit}}
    """,
    "goes along": "relationships: {folder: {to: folders, on_delete: cascade}}\n",
}
PLANS = {
    "plans": "owner: none\nattributes: {title: {type: string}, most: {type: integer}}\n",
    "users": """
        identity: true
        id_prefix: user_
        limited_by: plan
        attributes:
          email: {type: email, required: true, unique: true}
          name: {type: string}
          operator: {type: boolean, default: false, set_by: system}
        relationships: {plan: {to: plans, set_by: system}}
    """,
}
CLIPS = "relationships: {note: {to: notes, on_delete: restrict}}\naccess: {read: known}\nattributes: {name: {type: string}}\n"


@pytest.mark.parametrize("how", OTHERS)
async def test_what_others_do_with_a_row_is_not_told_when_it_cannot_be_removed(how: str, tmp_path: Path) -> None:
    notes = f"attributes: {{text: {{type: string}}}}\n{OTHERS[how].replace(chr(10) + '        ', chr(10))}"
    files = {**PLANS, "folders": FOLDERS, "notes": notes, "clips": CLIPS}
    running = await system(tmp_path, files)
    _, ann = await running.person("ann")
    await running.person("bob")
    folder = await running.write(lambda unit: unit.create(running.store.kind("folders"), {"owner": _id(running, "ann")}))
    owner = _id(running, "bob")
    given = {"text": "qzprivatezq", "folder": folder.id, "owner": owner}
    note = await running.write(lambda unit: unit.create(running.store.kind("notes"), given))
    clips = running.store.kind("clips")
    await running.write(lambda unit: unit.create(clips, {"note": note.id, "owner": owner}))
    answer = await running.client.delete(f"/api/v1/folders/{folder.id}", headers=ann)
    assert answer.status_code == 409
    (error,) = answer.json()["errors"]
    assert (error["code"], "meta" in error, "source" in error) == ("in_use", False, False)
    assert error["detail"] == "Something that you may not see still needs it, or what would go with it"
    assert note.id not in answer.text
    told = await running.client.get(f"/api/v1/folders/{folder.id}/actions", headers=ann)
    assert not any(word in told.text for word in ("notes", "clips", note.id, "private"))
    await shut(running)


def _id(running: System, name: str) -> str:
    return str(running.store.database.read("SELECT id FROM users WHERE name = ?", (name,))[0][0])
