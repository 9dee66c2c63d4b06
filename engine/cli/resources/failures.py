"""How a command ends that does not do what was asked: a sentence for people, or the errors as JSON, and a status.

1 is refused or failed, 2 a mistake in what was typed, 3 that no server was reached.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from typing import IO, Any

import click

from engine.cli.resources.safe import as_json, say, visible

_HINTS = {
    "unauthenticated": "Give a token with HOSTER_TOKEN or --token-file, or act on the database of this machine with --local",
    "invalid_token": "hoster token create --user EMAIL makes a new one",
    "stale": "Try again",
    "rate_limited": "Wait a little",
}


class Failure(click.ClickException):
    """The server refused, or what was begun failed."""

    exit_code = 1

    def __init__(self, message: str, *, code: str = "failed", hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint
        self.errors: Sequence[Mapping[str, Any]] = [
            {"code": code, "detail": message, **({"meta": {"hint": hint}} if hint else {})}
        ]
        context = click.get_current_context(silent=True)
        self._as_json = context is not None and context.params.get("form") == "json"

    def show(self, file: IO[Any] | None = None) -> None:
        """Print it: as sentences on standard error, or as the JSON document that the command answers with."""
        if self._as_json:
            click.echo(as_json({"errors": self.errors}), file=file)
            return
        for line in self.sentences():
            say(line, err=True)

    def sentences(self) -> Iterable[str]:
        """What people read."""
        yield f"Error: {visible(self.message, lines=True)}"
        if self.hint:
            yield f"Hint: {visible(self.hint)}"


class Usage(Failure):
    """What was typed makes no sense for this server."""

    exit_code = 2


class NoServer(Failure):
    """Nobody answers."""

    exit_code = 3


class Refused(Failure):
    """An error document of the API."""

    def __init__(self, status: int, errors: Sequence[Mapping[str, Any]]) -> None:
        super().__init__("; ".join(str(each.get("detail", each.get("title"))) for each in errors))
        self.status = status
        self.errors = errors

    @property
    def codes(self) -> set[str]:
        """The codes of its errors."""
        return {str(each.get("code")) for each in self.errors}

    def sentences(self) -> Iterable[str]:
        """One line for each error, then what helps."""
        lines: list[str] = []
        for each in self.errors:
            hint = hint_of(each)
            lines.append(f"Error: {visible(sentence(each), lines=True)}")
            lines += [f"Hint: {visible(hint)}"] if hint else []
        return dict.fromkeys(lines)


def sentence(error: Mapping[str, Any]) -> str:
    """An error as one sentence that begins with the field it is about."""
    detail = str(error.get("detail") or error.get("title") or error.get("code"))
    about = _about(error.get("source") or {})
    named = about is None or about.partition(".")[0] in detail
    code = f" ({error['code']})" if error.get("code") else ""
    return f"{detail}{code}" if named else f"{about}: {detail}{code}"


def hint_of(error: Mapping[str, Any]) -> str | None:
    """What the one who reads it can do, where somebody knows."""
    told = error.get("meta")
    if isinstance(told, Mapping) and told.get("hint"):
        return str(told["hint"])
    return _HINTS.get(str(error.get("code")))


def _about(source: Mapping[str, Any]) -> str | None:
    if source.get("parameter"):
        return str(source["parameter"])
    steps = str(source.get("pointer") or "").split("/")
    if len(steps) > 3 and steps[2] in ("attributes", "relationships"):
        return ".".join(step.replace("~1", "/").replace("~0", "~") for step in steps[3:])
    return None


def unknown(sentence: str, name: str, known: Iterable[str]) -> Usage:
    """`sentence` ends in the wrong name; with what was probably meant, or what there is."""
    names = list(known)
    close = difflib.get_close_matches(name, names, 1)
    if close:
        return Usage(f"{sentence} {name!r}", code="unknown", hint=f"Did you mean {close[0]}?")
    listed = f"There are {', '.join(names)}" if names else "There are none"
    return Usage(f"{sentence} {name!r}", code="unknown", hint=listed)
