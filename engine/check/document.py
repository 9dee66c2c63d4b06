"""The tables of codes in `docs/definitions.md`. `python -m engine.check.document PAGE` writes them into the page."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from engine.check.codes import FORM, HINTS, MEANING
from engine.pages import fill, table


def parts() -> Iterator[tuple[str, str]]:
    """The made parts of the page: name and content."""
    for name, codes in (("codes of meaning", MEANING), ("codes of hints", HINTS), ("codes of form", FORM)):
        yield name, table(("code", "what is found"), ((f"`{code}`", meaning) for code, meaning in codes.items()))


if __name__ == "__main__":
    fill(Path(sys.argv[1]), parts())
