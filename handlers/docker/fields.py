"""Typed access to the keys of one mapping, collecting every problem instead of stopping at the first.

A value that holds the stand-in of a variable may look wrong only because of the stand-in: then no problem is reported, and
the key reads as if it were absent. The real value is checked when the deployment starts.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass, field

from engine.commands.registry import Problem
from handlers.docker.document import Listing, Place, Scalar, Table, Tree
from handlers.docker.policy import dotted

_TRUE = {"true", "yes", "on", "y"}
_FALSE = {"false", "no", "off", "n"}


@dataclass(slots=True)
class Findings:
    """The problems and notices of one file, in the order they were met."""

    problems: list[Problem] = field(default_factory=list)
    notices: list[Problem] = field(default_factory=list)

    def wrong(self, at: Tree | Place, message: str, hint: str | None = None) -> None:
        """Report a problem, unless the value is a guess."""
        if not is_guess(at):
            place = at if isinstance(at, Place) else at.place
            self.problems.append(place.problem(f"{dotted(place)}: {message}", hint))

    def notice(self, at: Tree | Place, message: str) -> None:
        """Report something that has no effect."""
        place = at if isinstance(at, Place) else at.place
        self.notices.append(place.problem(f"{dotted(place)}: {message}"))


def is_guess(tree: Tree | Place) -> bool:
    """Whether a variable's stand-in is part of the value."""
    if isinstance(tree, Scalar):
        return tree.guessed
    if isinstance(tree, Listing):
        return any(is_guess(item) for item in tree.items)
    return False


class Fields:
    """The keys of one mapping."""

    def __init__(self, table: Table, findings: Findings) -> None:
        self.table, self.findings = table, findings

    def get(self, key: str) -> Tree | None:
        """The value, None where the key is absent or null."""
        value = self.table.entries.get(key)
        return None if isinstance(value, Scalar) and value.is_null else value

    def scalar(self, key: str) -> Scalar | None:
        """A plain value."""
        value = self.get(key)
        if value is None or isinstance(value, Scalar):
            return value
        self.findings.wrong(value, "a single value is expected here")
        return None

    def text(self, key: str, *, empty: bool = False) -> str | None:
        """Text; empty text is a problem unless `empty`."""
        value = self.scalar(key)
        if value is None:
            return None
        if not value.text and not empty:
            self.findings.wrong(value, "this must not be empty")
            return None
        return value.text

    def flag(self, key: str) -> bool:
        """true or false, false where absent."""
        return self.choice_flag(key) or False

    def choice_flag(self, key: str) -> bool | None:
        """true, false, or None where absent."""
        value = self.scalar(key)
        if value is None:
            return None
        word = value.text.lower()
        if word not in _TRUE | _FALSE:
            self.findings.wrong(value, f"true or false is expected, not {value.text!r}")
            return None
        return word in _TRUE

    def number(
        self, key: str, convert: Callable[[str], int], *, low: int = 0, high: int | None = None, high_text: str = ""
    ) -> int | None:
        """A number in the form that `convert` reads; it must lie between `low` and `high`."""
        value = self.scalar(key)
        return None if value is None else self.converted(value, convert, low=low, high=high, high_text=high_text)

    def converted(
        self, value: Scalar, convert: Callable[[str], int], *, low: int = 0, high: int | None = None, high_text: str = ""
    ) -> int | None:
        """The same for a value at hand."""
        try:
            number = convert(value.text.strip())
        except ValueError as error:
            self.findings.wrong(value, str(error))
            return None
        if number < low:
            self.findings.wrong(value, f"{value.text} is too small")
        elif high is not None and number > high:
            self.findings.wrong(value, f"{value.text} is too much", f"At most {high_text or high} is allowed")
        else:
            return number
        return None

    def one_of(self, key: str, *choices: str) -> str | None:
        """One of a few words."""
        value = self.scalar(key)
        if value is None:
            return None
        if value.text not in choices:
            self.findings.wrong(value, f"{value.text!r} is not possible here", f"Write {_either(choices)}")
            return None
        return value.text

    def sub(self, key: str) -> Fields | None:
        """A mapping below this one."""
        value = self.get(key)
        if value is None:
            return None
        if isinstance(value, Table):
            return Fields(value, self.findings)
        self.findings.wrong(value, "a mapping is expected here")
        return None

    def items(self, key: str) -> tuple[Tree, ...]:
        """The items of a list, none where absent."""
        value = self.get(key)
        if value is None:
            return ()
        if isinstance(value, Listing):
            return value.items
        self.findings.wrong(value, "a list is expected here")
        return ()

    def scalars(self, key: str, *, single: bool = False) -> tuple[Scalar, ...]:
        """The plain values of a list; with `single`, one value may stand for a list of one."""
        value = self.get(key)
        if single and isinstance(value, Scalar):
            return (value,)
        found = []
        for item in self.items(key):
            if isinstance(item, Scalar):
                found.append(item)
            else:
                self.findings.wrong(item, "a single value is expected here")
        return tuple(found)

    def command(self, key: str) -> tuple[str, ...] | None:
        """A command: a list of words, or text that is split as a shell would. Empty clears it, null keeps the image's."""
        value = self.get(key)
        if value is None:
            return None
        if not isinstance(value, Scalar):
            return tuple(each.text for each in self.scalars(key))
        try:
            return tuple(shlex.split(value.text))
        except ValueError:
            self.findings.wrong(value, "a quotation is never closed", "Write the command as a list of words")
            return None

    def pairs(self, key: str) -> dict[str, Scalar | None]:
        """A mapping, or a list of `NAME=value`; a bare name has no value."""
        value = self.get(key)
        if isinstance(value, Table):
            return {name: self._pair(each) for name, each in value.entries.items()}
        found: dict[str, Scalar | None] = {}
        for item in self.scalars(key):
            name, equals, text = item.text.partition("=")
            if not name:
                self.findings.wrong(item, f"{item.text!r} does not begin with a name")
            found[name] = Scalar(item.place, text, guessed=item.guessed) if equals else None
        return found

    def _pair(self, value: Tree) -> Scalar | None:
        if isinstance(value, Scalar):
            return None if value.is_null else value
        self.findings.wrong(value, "a single value is expected here")
        return None


def whole(text: str) -> int:
    """A whole number in digits; raises `ValueError` with a sentence."""
    digits = text.removeprefix("-")
    if not digits.isascii() or not digits.isdigit() or len(digits) > 18:
        raise ValueError(f"{text!r} is not a whole number")
    return int(text)


def octal(text: str) -> int:
    """Permission bits in octal, `0444` or `0o444`; raises `ValueError` with a sentence."""
    digits = text.removeprefix("0o")
    if not 1 <= len(digits) <= 5 or not set(digits) <= set("01234567"):
        raise ValueError(f"{text!r} is not a file mode: write for example 0444")
    return int(digits, 8)


def _either(choices: tuple[str, ...]) -> str:
    quoted = [f"`{each}`" for each in choices]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} or {quoted[-1]}"
