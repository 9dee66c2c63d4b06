"""Pages that people write, with parts that are made from the code.

Such a part stands between `<!-- made: name -->` and `<!-- end: name -->`. A test holds each against what makes it, so a
page cannot drift from the code; `just docs` writes the parts anew.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path


class NoSuchPart(LookupError):
    """The page has no such marks, or has them more than once."""


def filled(page: str, name: str, content: str) -> str:
    """The page with `content` as its part `name`."""
    marks = re.compile(f"(<!-- made: {re.escape(name)} -->\n).*?(<!-- end: {re.escape(name)} -->)", re.DOTALL)
    if len(marks.findall(page)) != 1:
        raise NoSuchPart(f"the page needs one pair of marks for {name!r}")
    return marks.sub(lambda match: f"{match[1]}\n{content.strip()}\n\n{match[2]}", page)


def fill(path: Path, parts: Iterable[tuple[str, str]]) -> None:
    """Write the parts of the page at `path` anew."""
    page = path.read_text()
    for name, content in parts:
        page = filled(page, name, content)
    path.write_text(page)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)
