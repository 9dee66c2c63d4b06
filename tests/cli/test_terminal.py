"""What others have written cannot act on a terminal, in whatever form it is shown."""

from __future__ import annotations

import json
import re

from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from engine.cli.resources.safe import as_json, as_yaml, visible
from tests.cli.house import House
from tests.cli.test_writing import at_terminal

ATTACK = "\x1b]0;owned\x07\x1b[2J\x1b[31mred\x9b31m\u202eetirw\r[bold]x[/bold]"
ACTS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def test_escape_sequences_are_shown_and_never_written(served: House) -> None:
    served.make("errands", "name=attack", f"note:={json.dumps(ATTACK)}", f"labels:={json.dumps([ATTACK])}")
    for words in (
        ("get", "errands/attack", "--fields", "note,labels"),
        ("get", "errands/attack", "--json"),
        ("get", "errands/attack", "--yaml"),
        ("describe", "errands/attack"),
        ("history", "errands/attack"),
        ("set", "errands/attack", f"note:={json.dumps(ATTACK + '2')}", "--dry-run"),
        ("set", "errands/attack", f"note:={json.dumps(ATTACK + '2')}"),
        ("history", "errands/attack"),
        ("get", "errands/attack", "--where", f"{ATTACK}=1"),
    ):
        seen = served.run(*words)
        assert not ACTS.search(seen.out + seen.err), words
    shown = served.done("get", "errands/attack", "--fields", "note").out
    assert "\\x1b]0;owned\\x07\\x1b[2J" in shown
    told = served.done("get", "errands/attack", "--json").attributes["note"]
    assert told == ATTACK + "2", "as JSON it means the same"


def test_a_real_terminal_gets_colours_and_no_sequence_of_others(served: House) -> None:
    served.make("errands", "name=colours", f"note:={json.dumps(ATTACK)}")
    _, seen = at_terminal(served, "describe", "errands/colours", answer="")
    assert not ACTS.search(seen.replace("\r\n", "\n").replace("\x1b[0m", "").replace("\x1b[1m", ""))
    _, seen = at_terminal(served, "do", "start", "errands/colours", "--wait", answer="")
    assert "\x1b[" in seen, "the progress of a person"
    assert "back" in seen
    assert "\x1b]0;" not in seen


def test_a_terminal_that_lacks_letters_gets_them_spelled_out(served: House) -> None:
    served.make("baskets", "name=accents", "title=Two → 籠")
    seen = served.raw("get", "baskets/accents", token=served.token("ann"), PYTHONIOENCODING="latin-1")
    assert (seen.code, "Two \\u2192 \\u7c60" in seen.out) == (0, True)


@given(st.text())
def test_text_loses_all_that_acts_and_nothing_else(text: str) -> None:
    assert not ACTS.search(visible(text))
    if text.isascii() and text.isprintable():
        assert visible(text) == text


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)


@given(json_values)
def test_json_and_yaml_mean_the_same_without_anything_that_acts(value: object) -> None:
    for text, read in ((as_json(value), json.loads), (as_yaml(value), YAML(typ="safe", pure=True).load)):
        assert not ACTS.search(text)
        assert read(text) == value
