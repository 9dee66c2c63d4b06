"""The codes of `hoster check`: each that the code can give is in the tables of the page, and none is there in vain."""

from __future__ import annotations

import ast
import re

from engine.check.codes import FORM, HINTS, MEANING
from tests.docs.pages import ROOT, page, rows, trees

CODES = {*FORM, *MEANING, *HINTS}
#: Written with the kind of function in the place of its second half.
MADE_UP = {f"{what}-{kind}" for what in ("unknown", "unused") for kind in ("command", "read", "check")}


def texts() -> set[str]:
    """Every text in the rooms that find problems; the words of the language and the table itself aside."""
    found = set()
    for tree in trees("engine/loader", "engine/check"):
        if not (ast.get_docstring(tree) or "").startswith("Every code of a finding"):
            found |= {each.value for each in ast.walk(tree) if isinstance(each, ast.Constant) and isinstance(each.value, str)}
    return found


def test_every_code_is_in_one_table_and_can_be_given() -> None:
    assert len(CODES) == len(FORM) + len(MEANING) + len(HINTS)
    assert CODES - texts() == MADE_UP - texts()
    assert CODES >= MADE_UP


def test_every_word_that_looks_like_a_code_is_one() -> None:
    assert {text for text in texts() if re.fullmatch(r"[a-z]+(-[a-z]+)+", text)} - CODES == set()


def test_the_page_has_them_all() -> None:
    told = [line[0].strip("`") for line in rows(page("definitions"), "What check finds")]
    assert {each for each in told if each not in ("code", "---")} == CODES


def test_every_code_of_meaning_and_every_hint_is_given_by_a_test() -> None:
    folders = (ROOT / "tests" / "definitions", ROOT / "tests" / "check")
    tested = "".join(path.read_text() for folder in folders for path in folder.rglob("*.*") if path.suffix in (".yaml", ".py"))
    assert {code for code in (*MEANING, *HINTS) if code not in tested} == set()
