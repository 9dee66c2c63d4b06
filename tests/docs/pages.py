"""The pages of the documentation, and what can be taken out of them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.glob("*.md"))


def page(name: str) -> str:
    """The text of `docs/<name>.md`."""
    return (DOCS / f"{name}.md").read_text()


def blocks(text: str, language: str) -> list[str]:
    """The fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def files(text: str, suffix: str, language: str) -> dict[str, str]:
    """The blocks that are whole files, by the stem of the name in their first line."""
    named = ((re.match(rf"# (\w+)\.{suffix}\n", block), block) for block in blocks(text, language))
    return {match[1]: block for match, block in named if match is not None}


def rows(text: str, heading: str) -> list[list[str]]:
    """The cells of the table below a heading, without its head."""
    section = re.split(r"^#+ ", text.split(f"# {heading}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines[2:]]


def code_words(text: str) -> list[str]:
    """What stands between backticks."""
    return re.findall(r"`([^`\n]+)`", text)


def trees(*folders: str) -> Iterator[ast.Module]:
    """The parsed modules below some folders of the project."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield ast.parse(path.read_text())


def calls(*folders: str) -> Iterator[ast.Call]:
    """Every call in some folders of the project."""
    for tree in trees(*folders):
        yield from (node for node in ast.walk(tree) if isinstance(node, ast.Call))
