"""The functions that definitions name: handlers of commands, served reads, checks of attribute values, recurring work.

Importing a module that is decorated with these registers its functions; the registry of a running system is the value of
`registry()`, and `engine.check` holds it against the definitions in both directions.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from engine.commands.job import Handler
from engine.settings import Settings

Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Problem:
    """What a checker found in a value: a message, the place inside the value, and what to write instead.

    `path` leads into a JSON value ("services", "web"); `line` and `column` into a text, counted from 1.
    """

    message: str
    path: tuple[str | int, ...] = ()
    line: int | None = None
    column: int | None = None
    hint: str | None = None


#: Gets the value and the whole row to be written; pure: no I/O. One that was registered with `related` gets the rows behind
#: those relationships too, by name: None where there is none, or none that the writer may see.
Checker: TypeAlias = Callable[..., Sequence[Problem]]


@dataclass(frozen=True, slots=True)
class ReadContext:
    """What a served read gets: the row, the rows behind its relationships, and the checked parameters."""

    row: Mapping[str, Any]
    related: Mapping[str, Mapping[str, Any] | None]
    params: Mapping[str, Any]


#: Answers with a JSON value, or with an async iterator of lines when the definition says `stream: true`.
Reader: TypeAlias = Callable[[ReadContext], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Recurring:
    """Work that a schedule starts: `every` seconds, or by `cron` (five fields, UTC)."""

    name: str
    handler: Handler
    every: float | None = None
    cron: str | None = None


@dataclass(slots=True)
class Registry:
    """Functions by name, and the settings of the process they run in once it is assembled."""

    handlers: dict[str, Handler] = field(default_factory=dict)
    limits: dict[str, int] = field(default_factory=dict)
    checkers: dict[str, Checker] = field(default_factory=dict)
    checked_with: dict[str, tuple[str, ...]] = field(default_factory=dict)
    readers: dict[str, Reader] = field(default_factory=dict)
    recurring: dict[str, Recurring] = field(default_factory=dict)
    seeds: list[Path] = field(default_factory=list)
    settings: Settings | None = None

    def handles(self, name: str, *, limit: int | None = None) -> Callable[[Function], Function]:
        """Register the handler of the command `name`; at most `limit` of them run at a time in one process."""
        if limit is not None:
            self.limits[name] = limit
        return lambda function: _put(self.handlers, name, function)

    def checks(self, name: str, *, related: Sequence[str] = ()) -> Callable[[Function], Function]:
        """Register a checker that attributes use by `check: name`; it also gets the rows behind the `related` relationships."""
        if related:
            self.checked_with[name] = tuple(related)
        return lambda function: _put(self.checkers, name, function)

    def reads(self, name: str) -> Callable[[Function], Function]:
        """Register the function that serves the reads that name it."""
        return lambda function: _put(self.readers, name, function)

    def seed(self, file: Path) -> None:
        """Have the rows of a seed file made at the start, each once in the life of a database."""
        if file not in self.seeds:
            self.seeds.append(file)

    def every(self, seconds: float, name: str) -> Callable[[Function], Function]:
        """Register work that is due every so many seconds, by one process at a time."""
        return lambda function: self._recur(Recurring(name, function, every=seconds))

    def cron(self, expression: str, name: str) -> Callable[[Function], Function]:
        """Register work that is due by a cron expression of five fields, in UTC."""
        return lambda function: self._recur(Recurring(name, function, cron=expression))

    def _recur(self, recurring: Recurring) -> Any:
        _put(self.recurring, recurring.name, recurring)
        return _put(self.handlers, recurring.name, recurring.handler)


def _put(table: dict[str, Any], name: str, function: Any) -> Any:
    if name in table and table[name] is not function:
        raise ValueError(f"{name!r} is registered twice")
    table[name] = function
    return function


DEFAULT = Registry()
handles, checks, reads, every, cron, seed = (
    DEFAULT.handles, DEFAULT.checks, DEFAULT.reads, DEFAULT.every, DEFAULT.cron, DEFAULT.seed,
)  # fmt: skip
