"""How much an owner may have: the section `limits`, and who it is that says how much."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from engine.loader.draft import Draft, RuleUse
from engine.loader.node import Node
from engine.loader.problem import closest
from engine.loader.values import text
from engine.loader.words import who
from engine.model import Attribute, Definitions, Limit, Relationship, ResourceType, RuleText

_NUMERIC = ("integer", "number")


def limited_by(draft: Draft, identity: bool, relationships: Mapping[str, Relationship]) -> str | None:
    """The relationship of the identity type whose row says how much a user may have."""
    place, name = draft.root.get("limited_by"), text(draft.root, "limited_by")
    if place is None or name is None:
        return None
    if not identity:
        message = "only the type whose rows are the users is limited by something; remove this, or write 'identity: true'"
        draft.report(draft.root.keys["limited_by"], "not-identity", message)
        return None
    if name not in relationships:
        if not draft.vague:
            draft.report(place, "unknown-name", f"there is no relationship {name!r}", closest(name, relationships))
        return None
    return name


def read_limits(draft: Draft) -> Mapping[str, Limit]:
    """The limits of a type, by name."""
    section = draft.root.get("limits")
    return MappingProxyType(
        {name: _limit(draft, name, key, node) for name, key, node in (section.items() if section is not None else [])}
    )


def _limit(draft: Draft, name: str, key: Node, node: Node) -> Limit:
    unless = node.get("unless")
    return Limit(
        name=name,
        most=text(node, "most") or "",
        total=text(node, "total"),
        where=_counted(draft, node.get("where")),
        unless=who(draft, unless, "unless", None) if unless is not None else None,
        message=text(node, "message") or "",
        position=draft.position(key),
    )


def _counted(draft: Draft, node: Node | None) -> RuleText | None:
    if node is None:
        return None
    rule = draft.rule(node)
    draft.rules.append(RuleUse(rule, node, "counted"))
    return rule


def check_limits(drafts: Sequence[Draft], definitions: Definitions, *, complete: bool) -> None:
    """Report limits that nothing could be held against. `complete` says that no file is left out of the definitions."""
    limiting = definitions.limits
    for draft in drafts:
        resource = definitions.types[draft.name]
        section = draft.root.get("limits")
        if section is None or not resource.limits:
            continue
        if limiting is None:
            if complete and not _broken(drafts, definitions):
                message = "nothing says how much a user may have: the identity type needs the key 'limited_by'"
                draft.report(draft.root.keys["limits"], "no-limits", message)
        elif resource.owner is None:
            message = "nobody owns rows of this type, so there is nobody to limit"
            draft.report(draft.root.keys["limits"], "no-owner", message)
        for _, _, node in section.items():
            if limiting is not None:
                _numeric(drafts, draft, node.get("most"), limiting)
            _numeric(drafts, draft, node.get("total"), resource)


def _broken(drafts: Sequence[Draft], definitions: Definitions) -> bool:
    """Whether the identity type says what limits users, in a way that has been reported."""
    identity = definitions.identity
    return any(identity is not None and draft.name == identity.name and draft.root.get("limited_by") for draft in drafts)


def _numeric(drafts: Sequence[Draft], draft: Draft, place: Node | None, of: ResourceType) -> None:
    """Report a name that is no number of the type `of`."""
    behind = next(each for each in drafts if each.name == of.name)
    name = str(place.value) if place is not None else ""
    if place is None or behind.vague or name in behind.uncertain:
        return
    attribute = of.attributes.get(name)
    if attribute is None:
        numbers = [each.name for each in of.attributes.values() if _counts(each)]
        draft.report(place, "unknown-name", f"there is no attribute {name!r} of {of.name}", closest(name, numbers))
    elif not _counts(attribute):
        kind = "secret" if attribute.concealed else f"of the type {attribute.type}"
        draft.report(place, "wrong-value", f"{name} of {of.name} is {kind}; a limit is an integer or a number")


def _counts(attribute: Attribute) -> bool:
    return attribute.type in _NUMERIC and not attribute.concealed
