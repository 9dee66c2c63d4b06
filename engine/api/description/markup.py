"""HTML from values: everything that is not written here goes in escaped."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape

_INLINE = re.compile(r"`([^`]+)`|\*\*([^*]+)\*\*")


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


def html(value: object) -> Html:
    """A value as HTML: texts are escaped, sequences put one after the other."""
    if isinstance(value, Html):
        return value
    if isinstance(value, (list, tuple)):
        return Html("".join(html(each) for each in value))
    return Html("" if value is None else escape(str(value)))


def element(tag: str, *content: object, **attributes: str | bool | None) -> Html:
    """An element; `class_` is its class, an attribute that is None or False is left out."""
    written = "".join(
        f" {name.rstrip('_').replace('_', '-')}" + ("" if value is True else f'="{escape(str(value))}"')
        for name, value in attributes.items()
        if value is not None and value is not False
    )
    return Html(f"<{tag}{written}>{html(content)}</{tag}>")


def inline(text: str) -> Html:
    """A sentence in which `code` and **bold** are marked."""
    parts, at = [], 0
    for match in _INLINE.finditer(text):
        parts.append(html(text[at : match.start()]))
        parts.append(element("code", match[1]) if match[1] is not None else element("strong", match[2]))
        at = match.end()
    return Html("".join([*parts, html(text[at:])]))


def paragraphs(text: str) -> Html:
    """Paragraphs, and lists whose lines begin with a hyphen."""
    blocks = []
    for block in re.split(r"\n\s*\n", text.strip()):
        lines = [line.strip() for line in block.splitlines()]
        if all(line.startswith("- ") for line in lines):
            blocks.append(element("ul", [element("li", inline(line[2:])) for line in lines]))
        elif block.strip():
            blocks.append(element("p", inline(" ".join(lines))))
    return Html("".join(blocks))


def table(head: Sequence[str], rows: Iterable[Sequence[object]], class_: str | None = None) -> Html:
    """A table that scrolls by itself where the page is too narrow for it; nothing where it has no rows."""
    lines = [element("tr", [element("td", cell) for cell in row]) for row in rows]
    if not lines:
        return Html("")
    top = element("thead", element("tr", [element("th", cell, scope="col") for cell in head]))
    return element("div", element("table", top, element("tbody", lines), class_=class_), class_="scroll", tabindex="0")
