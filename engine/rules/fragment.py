"""Pieces of SQL that carry their binds with them, so that text and values cannot come apart."""

from __future__ import annotations

from dataclasses import dataclass

from engine.rules.condition import Bind


@dataclass(frozen=True, slots=True)
class Fragment:
    """A piece of SQL with the binds of its placeholders, in order."""

    text: str
    binds: tuple[Bind, ...] = ()


def sql(template: str, *parts: Fragment) -> Fragment:
    """`template` with `parts` in its `{}`, which must stand in that order, each once."""
    return Fragment(template.format(*[part.text for part in parts]), tuple(bind for part in parts for bind in part.binds))


def joined(separator: str, parts: list[Fragment]) -> Fragment:
    """`parts` with `separator` between them."""
    return Fragment(separator.join(part.text for part in parts), tuple(bind for part in parts for bind in part.binds))
