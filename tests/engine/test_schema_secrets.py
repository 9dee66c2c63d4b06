"""What is kept encrypted and what is kept in clear is known of each column, not guessed from what people have written there."""

from pathlib import Path

import pytest

from engine.access import SYSTEM
from engine.schema.prepare import SchemaChangeNeeded
from tests.support import System, shut, system

NOTES = "attributes:\n  title: {type: string}\n"
GROWN = NOTES + "  stars: {type: integer}\n"
SEALED = "attributes:\n  title: {type: string, secret: true}\n"
LOOKALIKE = "v1:0123abcd:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"


async def note(running: System, title: str) -> str:
    """A note; its id."""
    return str((await running.write(lambda unit: unit.create(running.store.kind("notes"), {"title": title}))).id)


async def test_a_kept_answer_keeps_no_definition_from_changing(tmp_path: Path) -> None:
    first = await system(tmp_path, {"notes": NOTES})
    _, ann = await first.person("ann")
    headers = ann | {"content-type": "application/vnd.api+json", "idempotency-key": "one"}
    body = {"data": {"type": "notes", "attributes": {"title": "a"}}}
    assert (await first.client.post("/api/v1/notes", json=body, headers=headers)).status_code == 201
    await shut(first)
    second = await system(tmp_path, {"notes": GROWN})
    again = await second.client.post("/api/v1/notes", json=body, headers=headers)
    assert again.headers["idempotency-replayed"] == "true"
    await shut(second)


async def test_a_text_that_looks_like_a_secret_keeps_no_definition_from_changing(tmp_path: Path) -> None:
    first = await system(tmp_path, {"notes": NOTES})
    row = await note(first, LOOKALIKE)
    await shut(first)
    second = await system(tmp_path, {"notes": GROWN})
    assert second.service.get(SYSTEM, "notes", row).record.row["title"] == LOOKALIKE
    await shut(second)


@pytest.mark.parametrize("title", ["in clear", LOOKALIKE])
async def test_what_is_in_clear_does_not_become_secret_nor_the_other_way_round(tmp_path: Path, title: str) -> None:
    first = await system(tmp_path, {"notes": NOTES})
    row = await note(first, title)
    await shut(first)
    with pytest.raises(SchemaChangeNeeded, match="hold it in clear"):
        await system(tmp_path, {"notes": SEALED})
    second = await system(tmp_path, {"notes": NOTES})
    await second.write(lambda unit: unit.remove(second.store.kind("notes"), unit.get(second.store.kind("notes"), row)))
    await shut(second)
    third = await system(tmp_path, {"notes": SEALED})
    await note(third, title)
    await shut(third)
    with pytest.raises(SchemaChangeNeeded, match="holds secrets"):
        await system(tmp_path, {"notes": GROWN})


async def test_a_secret_stays_known_as_one_through_new_names_and_absence(tmp_path: Path) -> None:
    first = await system(tmp_path, {"notes": SEALED})
    await note(first, "s3cret")
    await shut(first)
    for changed in (
        {"memos": "was: notes\nattributes:\n  title: {type: string}\n"},
        {"notes": "attributes:\n  heading: {type: string, was: title}\n"},
        {"memos": "was: notes\nattributes:\n  heading: {type: string, was: title}\n"},
    ):
        with pytest.raises(SchemaChangeNeeded, match="holds secrets"):
            await system(tmp_path, changed)
    await shut(await system(tmp_path, {"notes": "attributes: {stars: {type: integer}}\n"}))
    await shut(await system(tmp_path, {"plants": NOTES}))
    with pytest.raises(SchemaChangeNeeded, match="holds secrets"):
        await system(tmp_path, {"notes": NOTES})
    await shut(await system(tmp_path, {"notes": SEALED}))


async def test_of_a_former_version_the_values_tell(tmp_path: Path) -> None:
    first = await system(tmp_path, {"notes": NOTES, "keys": SEALED})
    await note(first, LOOKALIKE)
    await note(first, "in clear")
    await first.write(lambda unit: unit.create(first.store.kind("keys"), {"title": "s3cret"}))
    await first.write(lambda unit: unit.transaction.run("DELETE FROM _facts WHERE id = 'sealed columns'"))
    await shut(first)
    with pytest.raises(SchemaChangeNeeded, match=r"keys.title holds secrets[^;]*; notes.title is secret now"):
        await system(tmp_path, {"notes": SEALED, "keys": NOTES})
    await shut(await system(tmp_path, {"notes": GROWN, "keys": SEALED}))
