"""The page on changing definitions has every code of a plan, with its class and sentence."""

from __future__ import annotations

from engine.schema.plan import CODES
from tests.docs.pages import page, rows

PAGE = page("changes")


def test_the_table_has_every_code_and_no_other() -> None:
    assert [tuple(line) for line in rows(PAGE, "Codes")] == [(f"`{code}`", kind, text) for code, (kind, text) in CODES.items()]


def test_every_class_is_explained() -> None:
    assert {line[0].strip("`") for line in rows(PAGE, "Classes")} == {kind for kind, _ in CODES.values()}
