"""From text to tokens. Refuses what is too long, and names the slips of people who know other languages."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Literal, TypeAlias

from engine.rules.errors import RuleError

MAX_LENGTH = 2_000
MIN_INTEGER, MAX_INTEGER = -(2**63), 2**63 - 1

Kind: TypeAlias = Literal["name", "number", "string", "operator", "end"]
Value: TypeAlias = "bool | int | float | str | None"

_TOKEN = re.compile(
    r"""[ \t\r\n]+
    | (?P<number> [0-9]+ (?:\.[0-9]+)? (?:[eE][+-]?[0-9]+)? )
    | (?P<name> [A-Za-z_][A-Za-z0-9_]* )
    | (?P<string> "(?:[^"\\\n]|\\.)*" | '(?:[^'\\\n]|\\.)*' )
    | (?P<operator> && | \|\| | == | != | <= | >= | [-+*/%<>!?:.,()\[\]] )""",
    re.VERBOSE,
)
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", '"': '"', "'": "'"}
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_SLIPS = {
    "=": "use == to compare",
    "&": "use && for 'and'",
    "|": "use || for 'or'",
    "\u201c": 'use straight quotes, as in "text"',
    "\u201d": 'use straight quotes, as in "text"',
    "\u2018": "use straight quotes, as in 'text'",
    "\u2019": "use straight quotes, as in 'text'",
    "`": 'text goes in quotes, as in "text"',
    "{": "rules have no maps",
    "#": "rules have no comments",
    ";": "a rule is one expression",
}


@dataclass(frozen=True, slots=True)
class Token:
    """A word of the rule; `value` is what a number or a string stands for."""

    kind: Kind
    text: str
    start: int
    end: int
    value: Value = None


def tokens(text: str) -> list[Token]:
    """All tokens of `text`, closed by one of kind `end`."""
    if len(text) > MAX_LENGTH:
        raise RuleError(f"the rule is longer than {MAX_LENGTH:,} characters", MAX_LENGTH, len(text))
    unstorable = _UNSTORABLE.search(text)
    if unstorable:
        raise RuleError("this character cannot be used", unstorable.start(), unstorable.end())
    found: list[Token] = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise _unexpected(text, position)
        if match.lastgroup is not None:
            found.append(_token(match))
        position = match.end()
    found.append(Token("end", "", len(text), len(text)))
    return found


def _token(match: re.Match[str]) -> Token:
    text, start, end = match.group(), match.start(), match.end()
    if match.lastgroup == "number":
        return Token("number", text, start, end, _number(match))
    if match.lastgroup == "string":
        return Token("string", text, start, end, _unescaped(text[1:-1], start + 1))
    return Token("name" if match.lastgroup == "name" else "operator", text, start, end)


def _number(match: re.Match[str]) -> int | float:
    """The magnitude. 2**63 passes, because a minus sign in front makes it fit; the parser refuses it without one."""
    text, start, end = match.group(), match.start(), match.end()
    following = match.string[end : end + 1]
    if following.isalnum() or following == "_":
        raise RuleError("this is not a number", start, end + 1)
    if text.isdigit():
        significant = text.lstrip("0") or "0"
        if len(significant) > 19 or int(significant) > -MIN_INTEGER:
            raise RuleError("this number does not fit into 64 bits", start, end)
        return int(significant)
    value = float(text)
    if math.isinf(value):
        raise RuleError("this number is too large", start, end)
    return value


def _unescaped(text: str, offset: int) -> str:
    def replaced(match: re.Match[str]) -> str:
        code = match[1]
        if len(code) == 5:
            character = chr(int(code[1:], 16))
            if not _UNSTORABLE.match(character):
                return character
        elif code in _ESCAPES:
            return _ESCAPES[code]
        start = offset + match.start()
        known = r"\\ \" \' \n \t \r \u0041"
        raise RuleError(f"unknown escape '{match[0]}'", start, start + len(match[0]), f"known are {known}")

    return _ESCAPE.sub(replaced, text)


def _unexpected(text: str, position: int) -> RuleError:
    character = text[position]
    if character in "\"'":
        end = text.find("\n", position)
        return RuleError("this text has no closing quote", position, len(text) if end < 0 else end)
    shown = character if character.isprintable() else f"U+{ord(character):04X}"
    return RuleError(f"unexpected '{shown}'", position, position + 1, _SLIPS.get(character))
