"""Many files and directories at once: later directories add and replace, and one bad file hides nothing of the others."""

from __future__ import annotations

import shutil
from pathlib import Path

from engine.check import check
from engine.loader import load

SOUND = Path(__file__).parent / "sound"
PLAIN = "owner: none\nattributes:\n  title: {type: string}\n"


def write(directory: Path, **files: str) -> Path:
    directory.mkdir(exist_ok=True)
    for name, text in files.items():
        (directory / f"{name}.yaml").write_text(text)
    return directory


def test_a_later_directory_adds_and_replaces_types(tmp_path: Path) -> None:
    first = write(tmp_path / "first", notes=PLAIN, books=PLAIN)
    second = write(tmp_path / "second", notes=PLAIN.replace("title", "subject"), films=PLAIN)
    definitions = load([first, second]).definitions
    assert definitions is not None
    assert list(definitions.types) == ["books", "films", "notes"]
    assert list(definitions.types["notes"].attributes) == ["subject"]
    assert definitions.types["notes"].position.file == str(second / "notes.yaml")


def test_a_file_that_is_replaced_is_not_even_read(tmp_path: Path) -> None:
    first = write(tmp_path / "first", notes="attributes: [")
    second = write(tmp_path / "second", notes=PLAIN)
    assert load([first, second]).problems == ()


def test_the_problems_of_all_files_come_together_in_order(tmp_path: Path) -> None:
    directory = write(
        tmp_path / "all",
        aaa="attributes: [",
        bbb="atributes: {}\nowner: none\n",
        ccc="owner: none\nattributes:\n  one: {type: strng}\n  two: {type: integer, default: x}\n",
        ddd="owner: none\nrelationships:\n  a: {to: aaa}\n  b: {to: bbb}\n  c: {to: cc}\naccess: {read: a.title == b.titel}\n",
        eee="owner: none\nattributes: {x: {type: string}}\nlifecycle: {initial: a, states: {a: {}, b: {}}}\n",
    )
    found = [(Path(each.position.file).stem, each.position.line, each.code) for each in check(load([directory]))]
    assert found == [
        ("aaa", 1, "bad-yaml"),
        ("bbb", 1, "unknown-key"),
        ("ccc", 3, "wrong-value"),
        ("ccc", 4, "bad-default"),
        ("ddd", 5, "unknown-type"),
        ("eee", 3, "trap-state"),
        ("eee", 3, "trap-state"),
        ("eee", 3, "unreachable-state"),
    ]


def test_a_relationship_to_a_file_that_cannot_be_read_is_no_second_problem(tmp_path: Path) -> None:
    directory = write(
        tmp_path / "all", bad="\x00", good="owner: none\nrelationships: {bad: {to: bad}}\naccess: {read: bad.x == 1}\n"
    )
    assert [problem.code for problem in load([directory]).problems] == ["bad-character"]


def test_an_owner_needs_a_type_for_users(tmp_path: Path) -> None:
    directory = write(tmp_path / "all", notes="attributes:\n  title: {type: string}\n")
    (problem,) = load([directory]).problems
    assert (problem.code, problem.position.line) == ("no-identity", 1)


def test_a_wrong_file_for_users_does_not_make_every_owner_wrong(tmp_path: Path) -> None:
    directory = write(tmp_path / "all", users="identity: true\nattributes: [\n", notes="attributes:\n  title: {type: string}\n")
    assert {Path(problem.position.file).stem for problem in load([directory]).problems} == {"users"}


def test_the_digest_is_of_the_content(tmp_path: Path) -> None:
    first, second = write(tmp_path / "first", notes=PLAIN), write(tmp_path / "second", notes=PLAIN)
    third = write(tmp_path / "third", notes=PLAIN + "description: Changed\n")
    one, two, three = load([first]).definitions, load([second]).definitions, load([third]).definitions
    assert one is not None and two is not None and three is not None
    assert one.digest == two.digest != three.digest


def test_no_directory_at_all_gives_no_types() -> None:
    definitions = load([]).definitions
    assert definitions is not None
    assert dict(definitions.types) == {}


def test_kept_trees_give_the_same_definitions(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    first = load([SOUND], cache=cache)
    kept = sorted(cache.iterdir())
    assert len(kept) == len(list(SOUND.glob("*.yaml")))
    assert load([SOUND], cache=cache).definitions == first.definitions == load([SOUND]).definitions
    assert sorted(cache.iterdir()) == kept


def test_kept_trees_keep_the_places_of_problems(tmp_path: Path) -> None:
    broken = write(tmp_path / "all", notes="owner: none\nattributes:\n  title: {type: strng, read: 'titel == 1'}\n")
    first = load([broken], cache=tmp_path / "cache").problems
    assert first
    assert load([broken], cache=tmp_path / "cache").problems == first


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    directory = write(tmp_path / "all", notes=PLAIN)
    load([directory], cache=tmp_path / "cache")
    write(directory, notes=PLAIN.replace("title", "subject"))
    definitions = load([directory], cache=tmp_path / "cache").definitions
    assert definitions is not None
    assert list(definitions.types["notes"].attributes) == ["subject"]
    assert len(list((tmp_path / "cache").iterdir())) == 1


def test_damaged_kept_trees_are_passed_over(tmp_path: Path) -> None:
    directory = write(tmp_path / "all", notes=PLAIN)
    cache = tmp_path / "cache"
    expected = load([directory], cache=cache).definitions
    (kept,) = cache.iterdir()
    good = kept.read_bytes()
    header, checksum, body = good.split(b"\n", 2)
    damaged = [b"", b"\n\n", good[:-1], good.replace(b"title", b"tItle"), b"{}", header + b"\n" + checksum + b"\n[1,2"]
    for content in [*damaged, bytes(range(256)), body]:
        kept.write_bytes(content)
        loaded = load([directory], cache=cache)
        assert loaded.definitions == expected
        assert kept.read_bytes() == good


def test_a_cache_that_cannot_be_written_is_not_missed(tmp_path: Path) -> None:
    directory = write(tmp_path / "all", notes=PLAIN)
    (tmp_path / "cache").write_text("a file, not a directory")
    assert load([directory], cache=tmp_path / "cache").problems == ()


def test_moving_a_directory_changes_only_the_places(tmp_path: Path) -> None:
    first = write(tmp_path / "first", notes="attributes: {}\n")
    one = [(str(each), each.position.file) for each in load([first]).problems]
    shutil.move(first, tmp_path / "second")
    two = [str(each).replace("second", "first") for each in load([tmp_path / "second"]).problems]
    assert [text for text, _ in one] == two


def of(directory: Path, **files: str) -> list[tuple[str, int, str]]:
    """The problems of these files as file, line and code."""
    found = load([write(directory, **files)]).problems
    return [(Path(each.position.file).stem, each.position.line, each.code) for each in found]


BROKEN = "owner: none\nattributes:\n  status: {type: strng}\n"


def test_a_broken_name_hides_nothing_in_the_rules_of_another_type(tmp_path: Path) -> None:
    other = "owner: none\nattributes:\n  status: {type: string}\naccess: {read: status == 1}\n"
    assert of(tmp_path / "all", aaa=BROKEN, bbb=other) == [("aaa", 3, "wrong-value"), ("bbb", 4, "bad-rule")]


def test_a_broken_name_hides_nothing_where_it_only_stands_in_quotes(tmp_path: Path) -> None:
    notes = BROKEN + "access:\n  read: titel == 'status'\n  create: status == 1\n"
    assert of(tmp_path / "all", notes=notes) == [("notes", 3, "wrong-value"), ("notes", 5, "bad-rule")]


def test_a_broken_name_is_passed_over_behind_the_relationship_that_leads_to_it_only(tmp_path: Path) -> None:
    rules = "access: {read: a . status == 1, create: b.status == 1, update: old.a.status == 1, delete: other.status == 1}\n"
    whole = "owner: none\nattributes:\n  status: {type: string}\n"
    notes = "owner: none\nrelationships:\n  a: {to: aaa}\n  b: {to: bbb}\n" + rules
    found = of(tmp_path / "all", aaa=BROKEN, bbb=whole, notes=notes)
    assert found == [("aaa", 3, "wrong-value"), *[("notes", 5, "bad-rule")] * 3]


def test_a_name_that_is_no_name_is_told_of_once(tmp_path: Path) -> None:
    notes = "owner: none\nattributes:\n  my-title: {type: string}\naccess: {read: my-title == 'x' && my - title == ''}\n"
    assert of(tmp_path / "all", notes=notes) == [("notes", 3, "bad-name")]
