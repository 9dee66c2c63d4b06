"""`$NAME` and `${NAME…}` in the values of a compose file, as the compose specification has them.

Only declared variables are looked up, never the environment of this process. A `$` that begins neither a name nor a brace
stays as it is; `$$` stands for one `$`. Pure text in, text out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from handlers.docker.document import Listing, Scalar, Table, Tree

_NAME = re.compile(r"[_a-zA-Z][_a-zA-Z0-9]*")
_OPERATOR = re.compile(r":?[-?+]")
MAX_NESTING = 10
#: Characters that values may add to one document: a small text can name a long value a hundred thousand times.
MAX_GROWTH = 1024 * 1024


class InterpolationError(Exception):
    """A reference that cannot be replaced. `variable` is its name; `missing` says that it only lacks a value."""

    def __init__(self, message: str, variable: str | None = None, *, missing: bool = False) -> None:
        super().__init__(message)
        self.message, self.variable, self.missing = message, variable, missing


@dataclass(frozen=True, slots=True)
class Values:
    """What variables stand for. `guesses` are stand-ins for declared variables whose value nobody has given yet."""

    known: Mapping[str, str] = field(default_factory=dict)
    guesses: Mapping[str, str] = field(default_factory=dict)

    def get(self, name: str) -> str | None:
        """The value or the stand-in of a variable, None when it is not declared or has no value."""
        return self.known.get(name, self.guesses.get(name))


@dataclass(frozen=True, slots=True)
class Replaced:
    """Text after replacement; `guessed` when a stand-in is part of it."""

    text: str
    guessed: bool = False


def interpolate(text: str, values: Values) -> Replaced:
    """Replace every reference in `text`; raises `InterpolationError`."""
    return Interpolation(values).text(text)


class Interpolation:
    """The replacement of one document: what could not be replaced, and how much the values may still add to it."""

    def __init__(self, values: Values) -> None:
        self.values = values
        self.errors: list[tuple[Scalar, InterpolationError]] = []
        self.allowance = MAX_GROWTH

    def text(self, text: str) -> Replaced:
        """One text replaced; raises `InterpolationError`."""
        if "$" not in text:
            return Replaced(text)
        reader = _Reader(text, self)
        return Replaced(reader.until_end(), reader.guessed)

    def tree(self, tree: Tree) -> Tree:
        """The tree with every value replaced and no key touched. What cannot be replaced is added to `errors`."""
        if isinstance(tree, Table):
            return Table(tree.place, {key: self.tree(value) for key, value in tree.entries.items()}, tree.keys)
        if isinstance(tree, Listing):
            return Listing(tree.place, tuple(self.tree(item) for item in tree.items))
        try:
            replaced = self.text(tree.text)
        except InterpolationError as error:
            self.errors.append((tree, error))
            return Scalar(tree.place, tree.text, tree.is_null, guessed=True)
        return tree if replaced.text == tree.text else Scalar(tree.place, replaced.text, guessed=replaced.guessed)


class _Reader:
    def __init__(self, text: str, owner: Interpolation) -> None:
        self.full, self.owner, self.values = text, owner, owner.values
        self.guessed = False
        self._at = 0

    def until_end(self) -> str:
        return self._run(closing=False, depth=0, active=True)

    def _run(self, *, closing: bool, depth: int, active: bool) -> str:
        """Read up to the end, or to the brace that closes this reference. Inactive text is read but not looked up."""
        pieces: list[str] = []
        while self._at < len(self.full):
            character = self.full[self._at]
            if closing and character == "}":
                return "".join(pieces)
            if character == "$":
                pieces.append(self._dollar(depth, active))
            else:
                pieces.append(character)
                self._at += 1
        if closing:
            raise InterpolationError("A `${` is never closed: add the missing `}`, or write `$$` for a plain dollar sign")
        return "".join(pieces)

    def _dollar(self, depth: int, active: bool) -> str:
        following = self.full[self._at + 1 : self._at + 2]
        if following == "$":
            self._at += 2
            return "$"
        if following == "{":
            self._at += 2
            return self._braced(depth, active)
        name = _NAME.match(self.full, self._at + 1)
        if name is None:
            self._at += 1
            return "$"
        self._at = name.end()
        return self._value(name.group(), active)

    def _braced(self, depth: int, active: bool) -> str:
        if depth >= MAX_NESTING:
            raise InterpolationError(f"References are nested deeper than {MAX_NESTING} levels")
        name = _NAME.match(self.full, self._at)
        if name is None:
            raise InterpolationError("`${` must be followed by the name of a variable; write `$$` for a plain dollar sign")
        self._at = name.end()
        operator = _OPERATOR.match(self.full, self._at)
        if operator is not None:
            self._at = operator.end()
            result = self._operated(name.group(), operator.group(), depth, active)
        else:
            if self.full[self._at : self._at + 1] not in {"}", ""}:
                raise InterpolationError(
                    f"`${{{name.group()}` is followed by {self.full[self._at]!r}: expected `}}`, or one of `:- - :? ? :+ +`",
                    name.group(),
                )
            result = self._value(name.group(), active) if self._at < len(self.full) else ""
        if self.full[self._at : self._at + 1] != "}":
            raise InterpolationError("A `${` is never closed: add the missing `}`, or write `$$` for a plain dollar sign")
        self._at += 1
        return result

    def _operated(self, name: str, operator: str, depth: int, active: bool) -> str:
        value = self.values.get(name) if active else None
        # A colon makes an empty value count as none.
        given = value is not None and not (operator.startswith(":") and value == "")
        wants_word = active and given == (operator[-1] == "+")
        word = self._run(closing=True, depth=depth + 1, active=wants_word)
        if not active:
            return ""
        if operator[-1] == "+":
            self.guessed = self.guessed or (name in self.values.guesses)
            return word if given else ""
        if given:
            return self._value(name, active)
        if operator[-1] == "?":
            raise InterpolationError(f"The variable {name} needs a value" + (f": {word}" if word else ""), name, missing=True)
        return word

    def _value(self, name: str, active: bool) -> str:
        if not active:
            return ""
        value = self.values.get(name)
        if value is None:
            raise InterpolationError(
                f"The variable {name} has no value: declare it among the template's variables, or write ${{{name}:-default}}",
                name,
                missing=True,
            )
        self.owner.allowance -= len(value)
        if self.owner.allowance < 0:
            raise InterpolationError("The text grows too large when its variables are filled in", name)
        self.guessed = self.guessed or name not in self.values.known
        return value
