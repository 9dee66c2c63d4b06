"""Parts of rules that say the same, wherever they stand: each has a text of its own, so that what is known of it is found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from engine.rules.tree import Constant, Element, ItemOf, Node, Quantify, Read

_PLACES = ("type", "nullable", "start", "end")


def shape(part: Node) -> str | None:
    """The text of a part; None for one that speaks of the items of a list, which is not the same for each of them."""
    if isinstance(part, Read):
        return part.path
    if isinstance(part, Element):
        return None
    if isinstance(part, Constant):
        return repr(part.value)
    written = []
    for field in fields(part):
        if field.name in _PLACES:
            continue
        text = _text(getattr(part, field.name), hides=isinstance(part, Quantify) and field.name == "condition")
        if text is None:
            return None
        written.append(text)
    return f"{type(part).__name__}({','.join(written)})"


def _text(value: Any, *, hides: bool) -> str | None:
    if hides:
        return repr(_bare(value))
    if isinstance(value, Node):
        return shape(value)
    if isinstance(value, tuple):
        texts = [shape(each) for each in value]
        return None if None in texts else f"({','.join(map(str, texts))})"
    return repr(value)


def _bare(value: Any) -> Any:
    """What stands inside of `exists` or `all`, whose items are their own matter."""
    if isinstance(value, Node):
        return type(value).__name__, *(_bare(getattr(value, each.name)) for each in fields(value) if each.name not in _PLACES)
    return tuple(map(_bare, value)) if isinstance(value, tuple) else value


def item_of(item: str, items: str) -> str:
    """The shape of `item in items`, for two names."""
    return f"{ItemOf.__name__}({item},{items})"


def size_of(name: str) -> str:
    """The shape of `size(name)`."""
    return f"Function('size',({name}))"


def renamed(part: Node, names: Mapping[str, Read]) -> Node:
    """The part with other names in the place of some."""
    if isinstance(part, Read):
        other = names.get(part.path)
        return part if other is None else replace(other, start=part.start, end=part.end)
    changes: dict[str, Any] = {}
    for field in fields(part):
        value = getattr(part, field.name)
        if isinstance(value, Node):
            changes[field.name] = renamed(value, names)
        elif isinstance(value, tuple):
            changes[field.name] = tuple(renamed(each, names) for each in value)
    return replace(part, **changes) if changes else part
