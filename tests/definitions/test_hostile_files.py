"""Whatever stands in a directory of definitions is reported at once and in place; nothing raises, nothing hangs."""

from __future__ import annotations

import copy
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.check import check
from engine.loader import load
from engine.loader.node import plain
from engine.loader.yaml_reader import read_yaml

RESOURCES = Path(__file__).parents[2] / "resources"
SOUND = Path(__file__).parent / "sound"
SHIPPED = [path.read_text() for path in sorted(RESOURCES.glob("*.yaml"))]
DOCUMENTS: list[Any] = [plain(root) for text in SHIPPED if (root := read_yaml(text, lambda *_: None)) is not None]

BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{chr(98 + level)}: &{chr(98 + level)} [{','.join(['*' + chr(97 + level)] * 9)}]\n" for level in range(8)
)
HOSTILE = {
    "alias bomb": BOMB.encode(),
    "deep flow lists": b"attributes: " + b"[" * 50_000,
    "deep flow mappings": b"{a: " * 20_000,
    "deep block lists": b"- " * 50_000,
    "deep keys": b"? " * 50_000,
    "very many values": b"attributes: [" + b"1," * 100_000 + b"]",
    "one long line": b"description: " + b"x" * 250_000,
    "many documents": b"---\na: b\n" * 10_000,
    "many tags": b"a: !x\n" * 10_000,
    "a python object": b'a: !!python/object/apply:os.system ["true"]\n',
    "a directive": b"%YAML 9.9\n---\nattributes: {}\n",
    "a large file": b"# comment\n" * 150_000,
    "binary": bytes(range(256)) * 10,
    "utf-16": "attributes: {}".encode("utf-16"),
    "a null character": b"attributes:\n  title: \x00\n",
    "an escaped surrogate": b'description: "\\ud800"\n',
    "an escaped null": b'description: "a\\0b"\n',
    "unclosed": b'attributes: {title: {type: "str',
    "only spaces": b"   \n   \n",
    "nothing": b"",
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_content_is_refused_quickly_and_in_place(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "notes.yaml"
    path.write_bytes(content)
    began = time.process_time()
    loaded = load([tmp_path])
    assert time.process_time() - began < 3
    assert loaded.definitions is None
    assert loaded.problems
    assert {problem.position.file for problem in loaded.problems} == {str(path)}


def test_an_alias_bomb_is_never_expanded(tmp_path: Path) -> None:
    (tmp_path / "notes.yaml").write_text(BOMB)
    codes = {problem.code for problem in load([tmp_path]).problems}
    assert {"anchor", "alias"} <= codes


def test_a_byte_that_is_no_utf8_is_found_in_its_line_and_column(tmp_path: Path) -> None:
    (tmp_path / "notes.yaml").write_bytes("description: é\nowner: \xff".encode("latin-1"))
    (problem,) = load([tmp_path]).problems
    assert (problem.position.line, problem.position.column, problem.code) == (1, 14, "not-utf8")


def test_a_byte_order_mark_is_no_problem(tmp_path: Path) -> None:
    (tmp_path / "notes.yaml").write_bytes(b"\xef\xbb\xbfowner: none\nattributes: {title: {type: string}}\n")
    assert load([tmp_path]).problems == ()


def test_a_missing_directory_is_a_problem(tmp_path: Path) -> None:
    (problem,) = load([tmp_path / "nowhere"]).problems
    assert (problem.code, problem.position.file) == ("unreadable", str(tmp_path / "nowhere"))


def test_a_file_in_place_of_a_directory_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "notes.yaml").write_text("owner: none\n")
    (problem,) = load([tmp_path / "notes.yaml"]).problems
    assert problem.code == "unreadable"


def test_what_is_no_regular_file_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "one.yaml").mkdir()
    os.mkfifo(tmp_path / "two.yaml")
    (tmp_path / "three.yaml").symlink_to(tmp_path / "nowhere")
    (tmp_path / "four.yaml").symlink_to(tmp_path / "four.yaml")
    problems = load([tmp_path]).problems
    assert [(Path(problem.position.file).stem, problem.code) for problem in problems] == [
        ("four", "unreadable"),
        ("one", "unreadable"),
        ("three", "unreadable"),
        ("two", "unreadable"),
    ]


def test_a_file_name_that_is_no_type_name_is_a_problem(tmp_path: Path) -> None:
    for name in ("Notes.yaml", "my-notes.yaml", "notes.yml", "sqlite_notes.yaml", "schema.yaml"):
        (tmp_path / name).write_text("owner: none\ndescription: A note\n")
    codes = {Path(problem.position.file).name: (problem.code, problem.hint) for problem in load([tmp_path]).problems}
    assert codes == {
        "Notes.yaml": ("file-name", None),
        "my-notes.yaml": ("file-name", None),
        "notes.yml": ("file-name", "notes.yaml"),
        "sqlite_notes.yaml": ("reserved-name", None),
        "schema.yaml": ("reserved-name", None),
    }


def test_other_files_and_hidden_files_are_passed_over(tmp_path: Path) -> None:
    for name in (".notes.yaml", "README.md", "notes.yaml~"):
        (tmp_path / name).write_text("nonsense: [")
    assert load([tmp_path]).problems == ()


def test_a_schema_that_points_elsewhere_is_never_fetched(tmp_path: Path) -> None:
    (tmp_path / "notes.yaml").write_text(
        "owner: none\nattributes:\n  data: {type: json, schema: {$ref: 'file:///etc/passwd'}}\n"
        "  more: {type: json, schema: {items: [{$dynamicRef: 'http://127.0.0.1:1/'}]}}\n"
    )
    problems = load([tmp_path]).problems
    assert [(problem.position.line, problem.code) for problem in problems] == [(3, "bad-schema"), (4, "bad-schema")]


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=st.sampled_from(SHIPPED),
    cuts=st.lists(
        st.tuples(st.floats(0, 1), st.integers(0, 30), st.text("{}[]:,-#&*!|>'\"%@` \n\tab0", max_size=4)), max_size=4
    ),
)
def test_damaged_files_give_problems_with_places_and_never_an_exception(
    text: str, cuts: list[tuple[float, int, str]], tmp_path: Path
) -> None:
    for where, length, inserted in cuts:
        start = int(where * len(text))
        text = text[:start] + inserted + text[start + length :]
    (tmp_path / "notes.yaml").write_text(text)
    loaded = load([tmp_path])
    lines = text.split("\n")
    for problem in check(loaded):
        assert 1 <= problem.position.line <= len(lines) + 1
        assert problem.position.column >= 1
    assert (loaded.definitions is None) == bool(loaded.problems)


ODD_VALUES = st.sampled_from(
    [None, True, -1, 1.5, "", "owner", "string", "*", "1m", "deleted", [], {}, ["a"], {"a": 1}, {"rule": "x"}, {"type": "json"}]
)
KEYS = ["was", "unique", "default", "computed", "final", "gone", "run", "then", "after", "retry", "owner", "identity", "status"]


def steps(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The way to every value of a document."""
    yield path
    for step, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from steps(inner, (*path, step))


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_well_formed_files_with_odd_values_never_raise(data: st.DataObject, tmp_path: Path) -> None:
    document = copy.deepcopy(data.draw(st.sampled_from(DOCUMENTS)))
    for _ in range(data.draw(st.integers(1, 4))):
        path = data.draw(st.sampled_from(list(steps(document))[1:] or [("attributes",)]))
        parent = document
        for step in path[:-1]:
            parent = parent[step]
        parent[path[-1]] = copy.deepcopy(data.draw(ODD_VALUES))
        if isinstance(parent, dict):
            parent[data.draw(st.sampled_from(KEYS))] = copy.deepcopy(data.draw(ODD_VALUES))
    (tmp_path / "notes.yaml").write_bytes(orjson.dumps(document))
    loaded = load([SOUND, tmp_path])
    check(loaded)
    assert (loaded.definitions is None) == bool(loaded.problems)


TITLES = "owner: none\nattributes:\n" + "".join(f"  title{number}: {{type: string}}\n" for number in range(3000))
STATES = "".join(f"    s{number}: {{}}\n" for number in range(1500))
MOVES = "".join(f"    t{number}: {{from: state{number}, to: st{number}}}\n" for number in range(2000))
WRONG_ALL_OVER = {
    "keys": "owner: none\n" + "".join(f"atributes{number}: x\n" for number in range(12_000)),
    "names": TITLES + "view: {list: [" + ",".join(f"titel{number}" for number in range(2500)) + "]}\n",
    "rules": TITLES.replace("string}", "string, default: {rule: titel}}"),
    "states": f"owner: none\nlifecycle:\n  initial: s0\n  states:\n{STATES}  transitions:\n{MOVES}",
}


@pytest.mark.parametrize("text", WRONG_ALL_OVER.values(), ids=WRONG_ALL_OVER.keys())
def test_thousands_of_slips_are_told_of_quickly(text: str, tmp_path: Path) -> None:
    (tmp_path / "notes.yaml").write_text(text)
    began = time.process_time()
    problems = check(load([tmp_path]))
    assert time.process_time() - began < 4
    assert len(problems) > 100
    assert problems[0].hint is not None or problems[0].code == "unknown-state"
