"""The `relationships` section and the owner, who is one of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import cast

from engine.loader.draft import Draft
from engine.loader.node import Node, plain
from engine.loader.values import flag, text
from engine.loader.words import who
from engine.model import OnDelete, Position, Relationship

NOBODY = "none"


def owner_name(draft: Draft, identity: bool) -> str | None:
    """The relationship that holds the owner of a row, None where nobody owns rows."""
    named = draft.root.get("owner")
    if identity:
        if named is not None and named.value != NOBODY:
            draft.report(named, "identity-owner", "a row of the identity type owns itself; remove the key 'owner'")
        return None
    if named is None:
        return "owner"
    return None if named.value == NOBODY else str(named.value)


def read_relationships(
    draft: Draft, owner: str | None, owner_rule: str | None, identity: str | None
) -> Mapping[str, Relationship]:
    """The relationships of a type, the one called `owner` among them; `owner_rule` is the rule for whoever that is."""
    section = draft.root.get("relationships")
    entries = section.items() if section else []
    found = {name: _relationship(draft, name, key, node, owner_rule) for name, key, node in entries}
    if owner is None:
        return MappingProxyType(found)
    if owner in found:
        found[owner] = _declared_owner(draft, owner, found[owner], identity)
    elif identity is not None:
        _report_undeclared(draft, owner, found)
        place = Position(draft.file, draft.root.line, draft.root.column)
        found[owner] = Relationship(name=owner, to=identity, description="Whose it is", set_by="system", position=place)
    return MappingProxyType(found)


def _relationship(draft: Draft, name: str, key: Node, node: Node, owner: str | None) -> Relationship:
    target, read, write, default = text(node, "to"), node.get("read"), node.get("write"), node.get("default")
    if target is None:
        draft.uncertain.add(name)
    return Relationship(
        name=name,
        to=target or "",
        description=text(node, "description") or "",
        required=flag(node, "required"),
        immutable=flag(node, "immutable"),
        set_by="system" if text(node, "set_by") == "system" else "user",
        on_delete=cast(OnDelete, text(node, "on_delete") or "restrict"),
        read=who(draft, read, "attribute", owner) if read is not None else None,
        write=who(draft, write, "row", owner) if write is not None else None,
        default=MappingProxyType({at: plain(value) for at, _, value in default.items()}) if default is not None else None,
        was=text(node, "was"),
        position=draft.position(key),
    )


def _declared_owner(draft: Draft, name: str, relationship: Relationship, identity: str | None) -> Relationship:
    node = _entry(draft, name)
    for keyword, wrong in (("required", True), ("set_by", "user"), ("write", ...), ("default", ...)):
        value = node.get(keyword)
        if value is not None and wrong in (..., value.value):
            message = f"the owner is set from the caller, so {keyword!r} means nothing here; remove it"
            draft.report(node.keys[keyword], "owner-keyword", message)
    target = node.get("to")
    if identity is not None and target is not None and target.value != identity:
        draft.report(target, "bad-owner", f"the owner must be of the type {identity}, whose rows are the users", identity)
    return replace(relationship, set_by="system", required=False, write=None, default=None)


def _entry(draft: Draft, name: str) -> Node:
    section = draft.root.get("relationships")
    entry = section.get(name) if section is not None else None
    if entry is None:
        raise LookupError(name)
    return entry


def _report_undeclared(draft: Draft, owner: str, found: Mapping[str, Relationship]) -> None:
    named = draft.root.get("owner")
    if named is not None and owner != "owner" and not draft.vague:
        message = f"the owner {owner!r} is not declared under relationships"
        draft.report(named, "unknown-name", message, draft.closest(owner, found))
