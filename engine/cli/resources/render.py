"""Values and resources as people read them: short in a table, whole in a description."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import click

from engine.cli.resources.safe import visible
from engine.cli.resources.schema import Type
from engine.cli.resources.values import shown_amount

WIDEST = 60
TONES = {"good": "green", "bad": "red", "warning": "yellow", "busy": "cyan"}

Resource = Mapping[str, Any]


def shown(value: Any, kind: str = "string") -> str:
    """A value in one line."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "true" if value else "false"
    if kind == "money" and isinstance(value, Mapping):
        return shown_amount(value)
    if kind == "timestamp":
        return moment(str(value))
    if isinstance(value, (Mapping, list)):
        return visible(json.dumps(value, ensure_ascii=False))
    return visible(value)


def moment(text: str) -> str:
    """A time of the server, to the second."""
    return visible(text).replace("T", " ").partition(".")[0].removesuffix("Z") if "T" in text else visible(text)


def short(text: str, width: int = WIDEST) -> str:
    """Cut where it would make a table unreadable."""
    return text if len(text) <= width else f"{text[: width - 1]}…"


def tone(kind: Type, state: str) -> str | None:
    """The colour of a state."""
    described = kind.states.get(state, {})
    return TONES["busy"] if described.get("busy") else TONES.get(described.get("tone", ""))


class Names:
    """What linked resources are called, from the `included` of a document."""

    def __init__(self, types: Mapping[str, Type], included: Sequence[Resource] = ()) -> None:
        self._types = types
        self._known = {(each["type"], each["id"]): each for each in included}

    def add(self, included: Sequence[Resource]) -> None:
        """Learn more of them."""
        self._known |= {(each["type"], each["id"]): each for each in included}

    def of(self, identifier: Resource | None) -> str:
        """The name of one, else its id."""
        if identifier is None:
            return "–"
        known = self._known.get((identifier["type"], identifier["id"]))
        called = self._types[identifier["type"]].called(known) if known and identifier["type"] in self._types else None
        return visible(called or identifier["id"])


def cell(kind: Type, resource: Resource, name: str, names: Names) -> str:
    """One value of a resource, for a table."""
    if name in kind.relations:
        linkage = resource.get("relationships", {}).get(name, {})
        return short(names.of(linkage.get("data")))
    value = resource["id"] if name == "id" else resource.get("attributes", {}).get(name)
    return short(shown(value, kind.fields.get(name, {}).get("type", "string")))


def table(headings: Sequence[str], rows: Sequence[Sequence[str]], colours: Sequence[Mapping[int, str]] = ()) -> None:
    """Print columns. `colours` has, for a row, the colour of some of its cells; a terminal alone shows them."""
    import io
    import sys

    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    made = Table(box=None, pad_edge=False, show_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for heading in headings:
        made.add_column(Text(visible(heading).upper()), no_wrap=True, overflow="ellipsis")
    for number, row in enumerate(rows):
        styles = colours[number] if number < len(colours) else {}
        made.add_row(*(Text(text, style=styles.get(index) or "") for index, text in enumerate(row)))
    if sys.stdout.isatty():
        Console(highlight=False, markup=False, emoji=False).print(made)
        return
    plain = Console(file=io.StringIO(), width=10_000, color_system=None)
    with plain.capture() as captured:
        plain.print(made)
    click.echo("\n".join(line.rstrip() for line in captured.get().splitlines()))


def resources(kind: Type, found: Sequence[Resource], names: Names, columns: Sequence[str]) -> None:
    """Print resources as a table, their ids first."""
    headings = ["id", *columns]
    place = headings.index(kind.state) if kind.state in headings else None
    rows = [[cell(kind, each, name, names) for name in headings] for each in found]
    colours = [{} if place is None else {place: tone(kind, row[place]) or ""} for row in rows]
    table(headings, rows, colours)


def properties(pairs: Sequence[tuple[str, str]], indent: int = 0) -> None:
    """Print names with values beside them; text of several lines goes below its name."""
    from engine.cli.resources.safe import say

    width = max((len(name) for name, _ in pairs), default=0)
    for name, text in pairs:
        if "\n" in text:
            say(f"{' ' * indent}{visible(name)}:")
            for line in text.splitlines():
                say(f"{' ' * (indent + 2)}{line}")
        else:
            say(f"{' ' * indent}{visible(name).ljust(width)}  {text}")
