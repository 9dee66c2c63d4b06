"""Finding what a dotted name means, and saying what is wrong with one that means nothing."""

from __future__ import annotations

from engine.rules.errors import RuleError, did_you_mean
from engine.rules.functions import KNOWN
from engine.rules.scope import Scope
from engine.rules.syntax import Reference
from engine.rules.tree import Read

_ELSEWHERE = {
    "old": "the row before a change is known in validations and guards only",
    "input": "inputs are known in the guards of a transition that declares some",
}
_WORDS = {"True": "true", "TRUE": "true", "False": "false", "FALSE": "false", "None": "null", "nil": "null", "NULL": "null"}


def resolve(scope: Scope, reference: Reference, variables: tuple[str, ...]) -> Read:
    """The name that `reference` spells; `variables` are further words that could have been meant."""
    path = ".".join(part.text for part in reference.parts)
    name = scope.names.get(path)
    if name is None:
        raise _unknown(scope, reference, variables)
    if name.type == "secret":
        raise RuleError(f"'{path}' is secret: rules cannot use it", reference.start, reference.end)
    return Read(type=name.type, nullable=name.nullable, start=reference.start, end=reference.end, path=path, name=name)


def _unknown(scope: Scope, reference: Reference, variables: tuple[str, ...]) -> RuleError:
    prefix = ""
    for part in reference.parts:
        members = scope.members(prefix)
        if part.text not in members:
            break
        prefix = f"{prefix}.{part.text}" if prefix else part.text
    else:
        shown = ", ".join(f"{prefix}.{member}" for member in scope.members(prefix)[:6])
        return RuleError(f"'{prefix}' is no value by itself", reference.start, reference.end, f"there are {shown}")
    word = part.text
    if not prefix:
        return RuleError(f"unknown name '{word[:60]}'", part.start, part.end, _hint(word, (*members, *variables)))
    if members:
        return RuleError(f"'{prefix}' has no '{word[:60]}'", part.start, part.end, did_you_mean(word, members))
    hint = "a rule follows one relationship, not two" if "." in prefix and prefix in scope.names else None
    return RuleError(f"'{prefix}' has nothing inside that a rule can read", part.start, part.end, hint)


def _hint(word: str, known: tuple[str, ...]) -> str | None:
    if word in _ELSEWHERE:
        return _ELSEWHERE[word]
    if word in _WORDS:
        return f"use {_WORDS[word]}"
    if word in KNOWN:
        return f"{word} is a function"
    return did_you_mean(word, known)
