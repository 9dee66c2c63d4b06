"""The smaller sections of a file: access, validations, examples, reads and view."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from engine.loader.attributes import read_parameters
from engine.loader.draft import Draft, Purpose, RuleUse
from engine.loader.node import Node, plain
from engine.loader.values import flag, names, text
from engine.loader.words import who
from engine.model import Access, Example, Read, RuleText, Validation, View


def read_access(draft: Draft, owner: str | None, identity: bool) -> Access:
    """Who may do what, with every default written out."""
    node = draft.root.get("access")
    others = RuleText(owner or "user.operator")
    creators = RuleText("user.known" if owner is not None and not identity else "user.operator")

    def rule(key: str, purpose: Purpose, default: RuleText) -> RuleText:
        written = node.get(key) if node is not None else None
        return default if written is None else who(draft, written, purpose, owner)

    usable = node.get("usable") if node is not None else None
    return Access(
        read=rule("read", "read", others),
        usable=who(draft, usable, "row", owner) if usable is not None else None,
        create=rule("create", "create", creators),
        update=rule("update", "row", others),
        delete=rule("delete", "row", others),
    )


def read_validations(draft: Draft) -> tuple[Validation, ...]:
    """The conditions over the whole row."""
    section = draft.root.get("validations")
    found = []
    for node in section.elements() if section is not None else []:
        rule, message = node.get("rule"), text(node, "message")
        if rule is None or message is None:
            continue
        validation = Validation(draft.rule(rule), message, text(node, "attribute"))
        draft.rules.append(RuleUse(validation.rule, rule, "validation"))
        found.append(validation)
    return tuple(found)


def read_examples(draft: Draft) -> tuple[Example, ...]:
    """The executable statements about access."""
    section = draft.root.get("examples")
    return tuple(_example(draft, node) for node in (section.elements() if section is not None else []) if node.get("as"))


def _example(draft: Draft, node: Node) -> Example:
    when = node.get("when")
    values = {key: plain(value) for key, _, value in when.items()} if when is not None else {}
    return Example(
        actor=text(node, "as") or "",
        when=MappingProxyType(values),
        can=tuple(name for name, _ in names(node.get("can"))),
        cannot=tuple(name for name, _ in names(node.get("cannot"))),
        position=draft.position(node),
    )


def read_reads(draft: Draft) -> Mapping[str, Read]:
    """The read-only endpoints of a row."""
    section = draft.root.get("reads")
    entries = section.items() if section is not None else []
    return MappingProxyType({name: _read(draft, name, key, node) for name, key, node in entries})


def _read(draft: Draft, name: str, key: Node, node: Node) -> Read:
    source = node.value if isinstance(node.value, str) else text(node, "from")
    return Read(
        name=name,
        source=source or "",
        description=text(node, "description") or "",
        stream=flag(node, "stream"),
        params=read_parameters(draft, node.get("params")),
        position=draft.position(key),
    )


def read_view(draft: Draft) -> View:
    """How lists show the type."""
    node = draft.root.get("view")
    if node is None:
        return View()

    def listed(key: str) -> tuple[str, ...]:
        return tuple(name for name, _ in names(node.get(key)))

    return View(
        columns=listed("list"),
        filter=listed("filter"),
        sort=listed("sort"),
        order=text(node, "order") or View().order,
        title=text(node, "title"),
    )
