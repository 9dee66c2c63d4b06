"""The store: one unit of work is rows, events and references, kept together or not at all."""

from collections.abc import AsyncIterator
from pathlib import Path

import orjson
import pytest

from engine.access import SYSTEM
from engine.errors import Conflict, Invalid, NotFound
from engine.store import Filter, ListQuery, Order
from tests.support import System, shut, system

FILES = {
    "shelves": """
        owner: none
        attributes:
          name: {type: slug, required: true, unique: true}
        access: {read: public}
        """,
    "books": """
        attributes:
          title: {type: string, required: true, max_length: 80, unique: owner}
          pages: {type: integer, minimum: 1}
          weight: {type: number}
          lent: {type: boolean, default: false}
          due: {type: timestamp}
          tags: {type: json, schema: {type: array, items: {type: string}}}
          price: {type: money, currency: USD}
          key: {type: secret}
          label: {type: slug, computed: slugify(title)}
        relationships:
          shelf: {to: shelves, on_delete: restrict}
        validations:
          - {rule: pages == null || pages < 5000, message: No book has that many pages, attribute: pages}
        view: {sort: [pages], filter: [lent]}
        """,
    "slips": """
        attributes: {text: {type: string}}
        relationships: {book: {to: books, required: true, on_delete: cascade}}
        """,
    "reviews": """
        attributes: {text: {type: string}}
        relationships: {book: {to: books, on_delete: set_null}}
        """,
}


@pytest.fixture
async def library(tmp_path: Path) -> AsyncIterator[System]:
    running = await system(tmp_path, FILES)
    yield running
    await shut(running)


async def make(library: System, kind: str, **given):
    return await library.write(lambda unit: unit.create(library.store.kind(kind), given))


async def test_a_row_keeps_every_type_as_it_was_given(library: System) -> None:
    given = {
        "title": "Ünïcode ✓", "pages": 2**62, "weight": 0.1, "lent": True, "due": "2026-01-01T12:00:00+02:00",
        "tags": ["a", "b"], "price": {"amount": 1250, "currency": "USD"}, "key": "s3cret",
    }  # fmt: skip
    with pytest.raises(Invalid, match="No book has that many pages"):
        await make(library, "books", **given)
    record = await make(library, "books", **given | {"pages": 12})
    row = record.row
    assert (row["title"], row["pages"], row["weight"], row["lent"]) == ("Ünïcode ✓", 12, 0.1, True)
    assert (row["due"], row["tags"], row["price"]) == (
        "2026-01-01T10:00:00.000Z",
        ["a", "b"],
        {"amount": 1250, "currency": "USD"},
    )
    assert row["label"] == "n-code" or row["label"].islower()
    assert row["key"].reveal() == "s3cret"
    assert "s3cret" not in repr(row)


async def test_a_secret_is_nowhere_in_the_file_in_clear(library: System, tmp_path: Path) -> None:
    record = await make(library, "books", title="Diary", key="open-sesame-42")
    await library.write(lambda unit: unit.update(library.store.kind("books"), record, {"key": "open-sesame-43"}))
    await library.store.database.write(lambda tx: tx.run("UPDATE _facts SET value = value"))
    content = b"".join(file.read_bytes() for file in tmp_path.glob("hoster.db*") if file.is_file())
    assert b"open-sesame" not in content
    assert b"Diary" in content


async def test_computed_values_follow_what_they_are_computed_from(library: System) -> None:
    record = await make(library, "books", title="War and Peace")
    assert record.row["label"] == "war-and-peace"
    updated = await library.write(lambda unit: unit.update(library.store.kind("books"), record, {"title": "Peace"}))
    assert updated.row["label"] == "peace"
    assert updated.version == 2


async def test_an_update_that_changes_nothing_writes_nothing(library: System) -> None:
    record = await make(library, "books", title="Same", tags=["x"])
    again = await library.write(lambda unit: unit.update(library.store.kind("books"), record, {"title": "Same", "tags": ["x"]}))
    assert again.version == 1
    assert [kind for _, _, kind in library.events(record.id)] == ["created"]


async def test_a_stale_record_cannot_be_written(library: System) -> None:
    kind = library.store.kind("books")
    record = await make(library, "books", title="Old")
    await library.write(lambda unit: unit.update(kind, record, {"title": "New"}))
    with pytest.raises(Conflict, match="changed by somebody else"):
        await library.write(lambda unit: unit.update(kind, record, {"title": "Newer"}))


async def test_events_are_numbered_without_gaps_even_when_writes_fail(library: System) -> None:
    for number in range(30):
        try:
            await make(library, "books", title=f"Book {number % 10}", shelf="nowhere" if number % 7 == 3 else None)
        except Conflict:
            continue
    numbers = [seq for seq, _, _ in library.events()]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


async def test_an_event_tells_before_and_after_without_the_secret(library: System) -> None:
    record = await make(library, "books", title="A", key="hidden-1")
    await library.write(lambda unit: unit.update(library.store.kind("books"), record, {"title": "B", "key": "hidden-2"}))
    rows = library.store.database.read("SELECT data FROM _events WHERE row = ? ORDER BY seq", (record.id,))
    created, updated = (orjson.loads(row[0]) for row in rows)
    assert created["after"]["title"] == "A"
    assert updated["before"]["title"] == "A"
    assert updated["after"]["title"] == "B"
    assert "hidden" not in str(rows)


async def test_unique_within_the_owner_is_no_matter_between_owners(library: System) -> None:
    one, _ = await library.person("one")
    two, _ = await library.person("two")
    await library.service.create(one, "books", {"title": "Emma"}, {})
    await library.service.create(two, "books", {"title": "Emma"}, {})
    with pytest.raises(Conflict) as taken:
        await library.service.create(one, "books", {"title": "Emma"}, {})
    assert taken.value.error_code == "taken"
    assert taken.value.pointer == "/data/attributes/title"


async def test_a_row_that_others_refer_to_is_not_removed(library: System) -> None:
    shelf = await make(library, "shelves", name="top")
    book = await make(library, "books", title="Heavy", shelf=shelf.id)
    with pytest.raises(Conflict, match="Some of books still refer"):
        await library.write(lambda unit: unit.remove(library.store.kind("shelves"), shelf))
    await library.write(lambda unit: unit.remove(library.store.kind("books"), book))
    await library.write(lambda unit: unit.remove(library.store.kind("shelves"), shelf))
    assert library.store.find(library.store.kind("shelves"), SYSTEM, shelf.id) is None


async def test_removing_cascades_and_sets_null_with_events_for_each(library: System) -> None:
    book = await make(library, "books", title="Gone")
    slip = await make(library, "slips", text="x", book=book.id)
    review = await make(library, "reviews", text="good", book=book.id)
    await library.write(lambda unit: unit.remove(library.store.kind("books"), book))
    assert library.store.find(library.store.kind("slips"), SYSTEM, slip.id) is None
    kept = library.store.find(library.store.kind("reviews"), SYSTEM, review.id)
    assert kept is not None
    assert kept.row["book"] is None
    assert [kind for _, _, kind in library.events(slip.id)] == ["created", "deleted"]
    assert [kind for _, _, kind in library.events(review.id)] == ["created", "updated"]


async def test_lists_filter_sort_and_page_without_overlap(library: System) -> None:
    kind = library.store.kind("books")
    for number in range(25):
        await make(library, "books", title=f"B{number}", pages=number % 4 + 1, lent=number % 2 == 0)
    query = ListQuery((Filter("lent", "eq", True),), (Order("pages", descending=True),), limit=5)
    seen: list[str] = []
    for offset in (0, 5, 10):
        records, more = await library.store.page(kind, SYSTEM, ListQuery(query.filters, query.order, 5, offset))
        seen += [record.id for record in records]
        assert more is (offset < 10)
    assert len(seen) == len(set(seen)) == 13
    assert await library.store.count(kind, SYSTEM, query) == 13


async def test_the_default_order_is_newest_first(library: System) -> None:
    made = [(await make(library, "books", title=f"B{number}")).id for number in range(5)]
    records, _ = await library.store.page(library.store.kind("books"), SYSTEM, ListQuery())
    assert sorted(made, reverse=True) == [record.id for record in records]


async def test_an_unknown_type_is_not_found(library: System) -> None:
    with pytest.raises(NotFound):
        library.store.kind("unicorns")
