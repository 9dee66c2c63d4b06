"""Who: the words that stand for a rule in `access`, in `by` and in an attribute's `read`."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from engine.loader.draft import Draft, Purpose, RuleUse
from engine.loader.node import Node
from engine.model import NOWHERE, RuleText

_FIXED = {
    "public": "true",
    "known": "user.known",
    "operator": "user.operator",
    "nobody": "false",
    "system": "false",
}


def owner_rule(owner: str | None, identity: bool) -> str | None:
    """The rule that is true for the owner of a row; None where rows have no owner."""
    if identity:
        return "id in user.principals"
    return f"{owner} in user.principals" if owner is not None else None


def who(draft: Draft, node: Node, purpose: Purpose, owner: str | None) -> RuleText:
    """What is written at `node`, a word or a rule, as a rule. `owner` is the rule for the owner of a row."""
    written = draft.rule(node)
    if written.text == "owner" and purpose != "unless":
        if owner is None:
            draft.report(
                node, "no-owner", "nobody owns rows of this type, so 'owner' means no one; name an owner or another word"
            )
            return replace(written, text="false")
        return replace(written, text="user.known" if purpose == "create" and not owner.startswith("id ") else owner)
    if written.text in _FIXED:
        return replace(written, text=_FIXED[written.text])
    draft.rules.append(RuleUse(written, node, purpose))
    return written


def by(draft: Draft, node: Node | None, owner: str | None) -> RuleText | Literal["system"]:
    """Who may fire a transition: the owner unless told otherwise, an operator where rows have no owner."""
    if node is None:
        return RuleText(owner or _FIXED["operator"], NOWHERE)
    if node.value in ("system", "nobody"):
        return "system"
    return who(draft, node, "transition", owner)
