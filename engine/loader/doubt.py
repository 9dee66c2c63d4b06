"""Names whose meaning is unknown because their own definition is wrong: a rule that speaks of one is not judged.

Each name counts only where it belongs: in the rules of its own type, and behind a relationship that leads to its type.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from engine.loader.draft import Draft
from engine.model import Definitions, ResourceType
from engine.rules import RuleError
from engine.rules.lexer import Token, tokens

_WORD = r"[A-Za-z0-9_]"


class Doubt:
    """What is unknown about the names of every type."""

    def __init__(self, drafts: Sequence[Draft], definitions: Definitions, *, complete: bool) -> None:
        self._uncertain: Mapping[str, frozenset[str]] = {draft.name: frozenset(draft.uncertain) for draft in drafts}
        self._readable = frozenset(draft.name for draft in drafts if not draft.vague)
        self._limits = self._about_limits(drafts, definitions, complete)

    def about(self, resource: ResourceType) -> re.Pattern[str] | None:
        """What `speaks_of` looks for in the rules of a type; None when nothing there is unknown."""
        own = self._any(self._uncertain.get(resource.name, frozenset()))
        found = [rf"(?:(?:old|input)\.)?{own}"] if own else []
        found += self._limits
        for relationship in resource.relationships.values():
            if relationship.to not in self._readable:
                found.append(rf"{re.escape(relationship.name)}\.{_WORD}+")
            elif behind := self._any(self._uncertain[relationship.to]):
                found.append(rf"{re.escape(relationship.name)}\.{behind}")
        return re.compile(rf"(?<![A-Za-z0-9_.])(?:{'|'.join(found)})(?!{_WORD})") if found else None

    def _about_limits(self, drafts: Sequence[Draft], definitions: Definitions, complete: bool) -> list[str]:
        """What is unknown of how much users may have, which rules see as `user.limits`."""
        limiting = definitions.limits
        if limiting is not None and limiting.name in self._readable:
            behind = self._any(self._uncertain[limiting.name])
            return [rf"user\.limits\.{behind}"] if behind else []
        written = any(draft.root.get("limited_by") is not None for draft in drafts)
        return [rf"user\.limits\.{_WORD}+"] if written or not complete else []

    @staticmethod
    def _any(names: Iterable[str]) -> str:
        known = sorted(names)
        return f"(?:{'|'.join(map(re.escape, known))})" if known else ""


def speaks_of(text: str, unknown: re.Pattern[str] | None) -> bool:
    """Whether a rule speaks of something unknown; what stands in quotes speaks of nothing."""
    return unknown is not None and unknown.search(_bare(text)) is not None


def _bare(text: str) -> str:
    """The rule without its quoted texts and its spaces; as it stands, where it is not even made of words."""
    try:
        found = tokens(text)
    except RuleError:
        return text
    return "".join(f"{_gap(before, token)}{_shown(token)}" for before, token in zip([None, *found], found, strict=False))


def _gap(before: Token | None, token: Token) -> str:
    words = ("name", "number")
    return " " if before is not None and before.kind in words and token.kind in words else ""


def _shown(token: Token) -> str:
    return '""' if token.kind == "string" else token.text
