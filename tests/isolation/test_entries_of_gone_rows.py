"""What an entry keeps of who could see a row: a row that is gone is not taken for one whose value is null."""

from __future__ import annotations

from pathlib import Path

from engine.store import Record, Unit
from tests.events.support import entries, make
from tests.support import shut, system

FILES = {
    "folders": "attributes: {name: {type: string}}",
    "notes": """
        attributes: {text: {type: string}}
        relationships: {folder: {to: folders, on_delete: set_null}}
        access: {read: folder == null}
    """,
}


async def test_the_end_of_a_row_is_told_as_its_end_after_others_have_lost_the_value_that_shows_them(tmp_path: Path) -> None:
    running = await system(tmp_path, FILES)
    _, ann = await running.person("ann")
    folder = await make(running, ann, "folders", name="folder")
    kind = running.store.kind("notes")

    def put(unit: Unit) -> Record:
        return unit.create(kind, {"text": "not for all", "folder": folder})

    shown, kept = await running.write(put), await running.write(put)
    await running.write(lambda unit: unit.update(kind, unit.get(kind, shown.id), {"folder": None}))
    await running.write(lambda unit: unit.remove(kind, unit.get(kind, kept.id)))
    document = await entries(running, None)
    assert {each["relationships"]["subject"]["data"]["id"] for each in document["data"]} == {shown.id}
    await shut(running)
