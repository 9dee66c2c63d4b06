"""The page about the definition language: its files load, use every keyword, and do what it says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from engine.check import check
from engine.loader import load
from engine.loader.document import keywords
from engine.model import Access
from engine.rules.functions import KNOWN
from engine.seeds import sow
from engine.settings.declared import SHIPPED_RESOURCES
from tests.docs.pages import blocks, files, page, rows
from tests.support import shut, system

PAGE = page("definitions")
FILES = files(PAGE, "yaml", "yaml")


@pytest.mark.parametrize("name", FILES)
def test_every_file_of_the_page_has_no_problem(name: str, tmp_path: Path) -> None:
    (tmp_path / f"{name}.yaml").write_text(FILES[name])
    loaded = load([SHIPPED_RESOURCES, tmp_path])
    assert [str(problem) for problem in check(loaded)] == []
    assert name in loaded.understood.types


def test_the_page_has_a_first_and_a_larger_type() -> None:
    assert {"notes", "tickets", "accounts", "bookings", "boats"} <= set(FILES)


def test_the_larger_type_uses_every_keyword() -> None:
    missing = {section: sorted(set(words) - used(section)) for section, words in keywords().items()}
    elsewhere = ["credential", "identity", "limited_by"]
    assert {section: words for section, words in missing.items() if words} == {"top": elsewhere}
    told = ("identity: true", "credential: bearer", "credential: cookie", "limited_by: plan")
    assert [word for word in told if f"`{word}" not in PAGE] == []


def used(section: str) -> set[str]:
    """The keywords that the larger type uses in a section."""
    written: dict[str, Any] = YAML(typ="safe", pure=True).load(FILES["tickets"])
    lifecycle = written["lifecycle"]
    states, transitions = lifecycle["states"].values(), lifecycle["transitions"].values()
    places: dict[str, list[dict[str, Any]]] = {
        "top": [written],
        "attribute": list(written["attributes"].values()),
        "relationship": list(written["relationships"].values()),
        "lifecycle": [lifecycle],
        "state": [each for each in states if each],
        "retry": [each["retry"] for each in states if each and "retry" in each],
        "transition": list(transitions),
        "access": [written["access"]],
        "limit": list(written["limits"].values()),
        "validation": written["validations"],
        "example": written["examples"],
        "read": list(written["reads"].values()),
        "view": [written["view"]],
    }
    if section == "parameter":  # the same words as for attributes; the page lists them in a sentence
        sentence = PAGE.split("- **Inputs** are written like attributes", 1)[1].split("not\n", 1)[0]
        return {word for word in keywords()["parameter"] if f"`{word}`" in sentence}
    return {key for place in places[section] for key in place}


def test_every_word_of_access_is_explained() -> None:
    from engine.loader.words import _FIXED

    told = {word.strip("`") for line in rows(PAGE, "Access") for word in line[0].split(", ")}
    assert told >= {*_FIXED, "owner"}
    assert set(keywords()["access"]) == set(Access.__slots__)


def test_every_function_of_rules_is_in_the_page() -> None:
    for name in KNOWN:
        assert f"{name}(" in PAGE, name


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ('node != "a"', True),
        ("node == null", True),
        ('node in ["a"]', False),
        ("port < 3", False),
        ("port + 1 == null", True),
        ("port / 0 == null", True),
        ("!(port > 1)", True),
    ],
)
def test_null_behaves_as_the_page_says(rule: str, expected: bool, tmp_path: Path) -> None:
    from engine.rules import compile_rule, row_scope

    (tmp_path / "accounts.yaml").write_text(FILES["accounts"])
    definitions = load([SHIPPED_RESOURCES, tmp_path]).understood
    scope = row_scope(definitions, definitions.types["accounts"])
    assert compile_rule(rule, scope).evaluate({"node": None, "port": None}) is expected


async def test_the_seeds_of_the_page_are_sown_once(tmp_path: Path) -> None:
    seeds = tmp_path / "seeds.yaml"
    seeds.write_text(next(block for block in blocks(PAGE, "yaml") if "$ref" in block))
    running = await system(tmp_path, {path.stem: path.read_text() for path in SHIPPED_RESOURCES.glob("*.yaml")})
    try:
        assert [await sow(running.store, seeds), await sow(running.store, seeds)] == [2, 0]
        guests = running.store.database.read(
            "SELECT p.name FROM users u JOIN plans p ON p.id = u.plan WHERE u.email LIKE 'guest@%'"
        )
        assert guests == [("tiny",)]
    finally:
        await shut(running)
