"""What holds for every page: its parts that are made are made from the code as it is, and its blocks and links are sound."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from engine.check import document as findings_document
from engine.loader import document as definitions_document
from engine.pages import NoSuchPart, filled, table
from engine.settings import Settings, settings_of
from handlers import docker_reference
from tests.docs.pages import DOCS, PAGES, blocks, page

MADE = {"definitions": lambda: (*definitions_document.parts(), *findings_document.parts()), "compose": docker_reference.parts}
EXPECTED = {"api", "architecture", "cli", "compose", "definitions", "handlers", "operations", "settings"}


@pytest.mark.parametrize("name", MADE)
def test_the_made_parts_are_those_that_the_code_makes(name: str) -> None:
    text = page(name)
    for part, content in MADE[name]():
        assert filled(text, part, content) == text, f"{name}.md, {part}: run: just docs"


@pytest.mark.parametrize("name", MADE)
def test_every_made_part_of_a_page_has_something_that_makes_it(name: str) -> None:
    marked = re.findall(r"<!-- made: (.*?) -->", page(name))
    assert sorted(marked) == sorted(part for part, _ in MADE[name]())


def test_a_part_is_filled_between_its_marks_only() -> None:
    text = "a\n<!-- made: x -->\nold\n<!-- end: x -->\nb\n"
    assert filled(text, "x", "new\\1") == "a\n<!-- made: x -->\n\nnew\\1\n\n<!-- end: x -->\nb\n"
    with pytest.raises(NoSuchPart):
        filled(text, "y", "new")
    assert table(("a", "b"), [("1|2", "3")]) == "| a | b |\n| --- | --- |\n| 1\\|2 | 3 |"


def test_there_is_a_page_for_every_reader() -> None:
    assert {path.stem for path in PAGES} >= EXPECTED


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_every_block_of_json_and_yaml_can_be_read(path: Path) -> None:
    text = path.read_text()
    for block in blocks(text, "json"):
        json.loads(block)
    for block in blocks(text, "yaml"):
        YAML(typ="safe", pure=True).load(block)
    assert text.count("\n```") % 2 == 0


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_every_link_leads_to_a_page_and_a_heading(path: Path) -> None:
    for target, anchor in re.findall(r"\]\(([\w./-]*)(?:#([\w-]+))?\)", path.read_text()):
        other = DOCS / target if target else path
        assert other.exists(), f"{path.name}: {target}"
        assert not anchor or anchor in anchors(other.read_text()), f"{path.name}: {target}#{anchor}"


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_every_curl_with_brackets_in_its_address_keeps_them(path: Path) -> None:
    commands = [line for block in blocks(path.read_text(), "sh") for line in block.replace("\\\n", " ").splitlines()]
    for line in commands:
        if line.startswith("curl") and re.search(r"\?\S*\[", line):
            assert " -g " in line, f"{path.name}: {line}"


def test_every_setting_has_its_section() -> None:
    headings = re.findall(r"^## (HOSTER_\w+)$", page("settings"), re.MULTILINE)
    assert headings == [each.variable for each in settings_of(Settings).values()]


def anchors(text: str) -> set[str]:
    """The anchors that headings get."""
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", each.lower()).replace(" ", "-") for each in headings}
