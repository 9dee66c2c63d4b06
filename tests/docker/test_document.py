"""YAML from strangers: positions of what is wrong, and bounds that hold before anything large is built."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.docker.document import MAX_NODES, Table, Unreadable, read

ALIAS_BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{chr(98 + level)}: &{chr(98 + level)} [{', '.join(['*' + chr(97 + level)] * 9)}]\n" for level in range(9)
)


@pytest.mark.parametrize(
    ("text", "words", "line", "column"),
    [
        ("", "empty", 1, 1),
        ("# only a comment\n", "empty", 1, 1),
        ("a: b\na: c\n", "'a' stands here twice, first in line 1", 2, 1),
        ("a:\n  b: 1\n  c: 2\n  b: 3\n", "'b' stands here twice, first in line 2", 4, 3),
        ("a:\n\tb: 1\n", "not valid YAML", 2, 1),
        ("a: [1, 2\n", "not valid YAML", 2, 1),
        ("a: !!binary aGk=\n", "tag", 1, 4),
        ("a: !!python/object/apply:os.system [ls]\n", "tag", 1, 4),
        ("a: *nowhere\n", "*nowhere is not defined", 1, 4),
        ("a: &a [*a]\n", "*a is not defined", 1, 8),
        ("a: &a\n  <<: *a\n", "*a is not defined", 2, 7),
        ("a: 1\n---\nb: 2\n", "second document", 2, 1),
        ("? [a]\n: b\n", "plain text", 1, 3),
        ("a: {<<: [1, 2]}\n", "takes a mapping", 1, 5),
        ("[" * 5000, "deeper than 30", 1, 32),
        ("a: 1\nb: \x00\n", "not valid YAML", None, None),
    ],
)
def test_what_cannot_be_read_is_told_with_its_place(text: str, words: str, line: int | None, column: int | None) -> None:
    with pytest.raises(Unreadable) as caught:
        read(text)
    problem = caught.value.problems[0]
    assert words in problem.message
    assert (problem.line, problem.column) == (line, column)


@pytest.mark.parametrize(
    "text",
    [ALIAS_BOMB, "[" * 100_000, "{" * 100_000, "a: [" + "1," * 60_000 + "]", "- " * 80_000, "a" * 300_000],
    ids=["aliases", "brackets", "braces", "values", "dashes", "size"],
)
def test_a_text_made_to_exhaust_us_is_refused_within_two_seconds_of_work(text: str) -> None:
    began = time.thread_time()
    with pytest.raises(Unreadable):
        read(text)
    assert time.thread_time() - began < 2


def test_aliases_count_each_time_they_are_used() -> None:
    with pytest.raises(Unreadable, match=f"More than {MAX_NODES} keys and values"):
        read(ALIAS_BOMB)


def test_anchors_and_merge_keys_are_unfolded_and_own_keys_win() -> None:
    tree = read("x: &x {image: a, tty: true}\ny: &y {image: b, init: true}\nweb: {<<: [*x, *y], tty: false}\n")
    assert isinstance(tree, Table)
    web = tree.entries["web"]
    assert isinstance(web, Table)
    assert {key: value.text for key, value in web.entries.items()} == {"tty": "false", "image": "a", "init": "true"}
    assert web.entries["image"].place.path == ("web", "image")
    assert web.entries["image"].place.line == 1


def test_scalars_keep_their_text() -> None:
    tree = read("a: 1.10\nb: 0644\nc: yes\nd: 22:22\ne: 2001-01-01\nf: '~'\ng: ~\nh:\n")
    assert isinstance(tree, Table)
    texts = {key: (value.text, value.is_null) for key, value in tree.entries.items()}
    assert texts == {
        "a": ("1.10", False),
        "b": ("0644", False),
        "c": ("yes", False),
        "d": ("22:22", False),
        "e": ("2001-01-01", False),
        "f": ("~", False),
        "g": ("~", True),
        "h": ("", True),
    }


@given(st.text(alphabet="ab:-[]{}&*!|>'\"#\n \t,?<%@`\\0", max_size=60))
def test_any_text_is_read_or_refused_and_nothing_else(text: str) -> None:
    try:
        tree = read(text)
    except Unreadable as error:
        assert error.problems[0].message
    else:
        assert tree.place.line >= 1
