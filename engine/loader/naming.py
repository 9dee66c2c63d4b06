"""Names within one type: none is reserved, none means two things, and those that are used exist."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from engine.loader.constraints import check_value
from engine.loader.draft import Draft
from engine.loader.node import Node, plain
from engine.loader.values import names
from engine.model import STANDARD, Attribute, ResourceType

#: Members of a JSON:API resource object, names of the rule language, and words of the query string.
RESERVED = frozenset(
    {*STANDARD, "type", "links", "meta", "relationships", "attributes", "actions", "self", "lid"}
    | {"user", "old", "input", "now", "true", "false", "null", "in"}
)
#: The last part of a path, or a word of `can` and of access.
RESERVED_PATHS = frozenset({"relationships", "actions", "events", "create", "update", "read", "usable", "list"})
RESERVED_TYPES = frozenset({"schema", "events", "openapi", "docs", "auth", "health", "ready", "metrics", "operations", "none"})


def check_naming(draft: Draft, resource: ResourceType) -> None:
    """Everything about names that one file can tell."""
    _reserved(draft)
    _taken(draft, resource)
    _former(draft)
    if draft.vague:
        return
    _scopes(draft, resource)
    _view(draft, resource)
    _validations(draft, resource)
    _examples(draft, resource)


def fields(resource: ResourceType) -> set[str]:
    """Every name that a row has a value under."""
    lifecycle = {resource.lifecycle.attribute} if resource.lifecycle is not None else set()
    return {*resource.attributes, *resource.relationships, *STANDARD, *lifecycle}


def _keys(node: Node | None, *path: str) -> Iterable[tuple[str, Node]]:
    for key in path:
        node = node.get(key) if node is not None else None
    return [(name, place) for name, place, _ in node.items()] if node is not None else []


def _reserved(draft: Draft) -> None:
    if draft.name in RESERVED_TYPES or draft.name.startswith("sqlite_"):
        draft.report(draft.root, "reserved-name", f"the name {draft.name!r} is taken by the API; rename the file")
    root = draft.root
    named = [*_keys(root, "attributes"), *_keys(root, "relationships")]
    for transition, _ in _keys(root, "lifecycle", "transitions"):
        named += _keys(root, "lifecycle", "transitions", transition, "inputs")
    for name, place in named:
        if name in RESERVED:
            draft.report(place, "reserved-name", f"{name!r} is a name of the API or of the rule language; choose another")
    for name, place in [*_keys(root, "lifecycle", "transitions"), *_keys(root, "reads")]:
        if name in RESERVED_PATHS:
            draft.report(place, "reserved-name", f"{name!r} is part of the API's paths; choose another name")
    lifecycle = root.get("lifecycle")
    state = lifecycle.get("attribute") if lifecycle is not None else None
    if state is not None and state.value in RESERVED:
        draft.report(state, "reserved-name", f"{state.value!r} is a name of the API or of the rule language; choose another")


def _taken(draft: Draft, resource: ResourceType) -> None:
    root = draft.root
    attributes = {name for name, _ in _keys(root, "attributes")}
    relationships = {name for name, _ in _keys(root, "relationships")}
    transitions = {name for name, _ in _keys(root, "lifecycle", "transitions")}
    state = resource.lifecycle.attribute if resource.lifecycle is not None else None
    for name, place in _keys(root, "attributes"):
        if name == resource.owner and name not in relationships:
            draft.report(place, "name-taken", f"{name!r} is the relationship to the owner; rename this, or name the owner")
    for name, place in _keys(root, "relationships"):
        if name in attributes:
            draft.report(place, "name-taken", f"{name!r} is an attribute already")
    for name, place in [*_keys(root, "attributes"), *_keys(root, "relationships")]:
        if name == state:
            message = f"{name!r} is where the lifecycle shows the state; remove this, or give the lifecycle another 'attribute'"
            draft.report(place, "name-taken", message)
    for name, place in _keys(root, "lifecycle", "transitions"):
        if name in resource.relationships:
            draft.report(place, "name-taken", f"{name!r} is a relationship already, and both would have the same path")
    for name, place in _keys(root, "reads"):
        if name in transitions or name in resource.relationships:
            other = "transition" if name in transitions else "relationship"
            draft.report(place, "name-taken", f"{name!r} is a {other} already, and both would have the same path")


def _former(draft: Draft) -> None:
    """A former name must be free: something that is still there has not been renamed."""
    root = draft.root
    fields_now = (root.get("attributes"), root.get("relationships"))
    _former_in(draft, [entry for section in fields_now if section is not None for entry in section.items()])
    lifecycle = root.get("lifecycle")
    states = lifecycle.get("states") if lifecycle is not None else None
    _former_in(draft, states.items() if states is not None else [])


def _former_in(draft: Draft, entries: list[tuple[str, Node, Node]]) -> None:
    taken = {name for name, _, _ in entries}
    for name, _, node in entries:
        was = node.get("was")
        if was is not None and was.value in taken:
            draft.report(was, "name-taken", f"{name} cannot have been {was.value!r}, which is still there or named twice")
        elif was is not None:
            taken.add(str(was.value))


def _exists(draft: Draft, place: Node, name: str, known: Collection[str], what: str) -> bool:
    if name in known or name in draft.uncertain:
        return True
    draft.report(place, "unknown-name", f"there is no {what} {name!r}", draft.closest(name, known))
    return False


def _scopes(draft: Draft, resource: ResourceType) -> None:
    section = draft.root.get("attributes")
    known = fields(resource) - set(STANDARD)
    for name, _, node in section.items() if section is not None else []:
        scope = node.get("unique")
        for other, place in names(scope):
            if other == "owner" and other not in known:
                if resource.owner is None:
                    draft.report(place, "no-owner", "nobody owns rows of this type, so nothing can be unique within an owner")
            elif other == name:
                draft.report(place, "wrong-value", f"{name} cannot be unique within itself; write true")
            elif _exists(draft, place, other, known, "attribute or relationship"):
                _comparable(draft, place, resource.attributes.get(other), "be a scope of uniqueness")


def _comparable(draft: Draft, place: Node, attribute: Attribute | None, use: str) -> None:
    if attribute is not None and attribute.concealed:
        draft.report(place, "wrong-value", f"{attribute.name} is never shown, so it cannot {use}")
    elif attribute is not None and attribute.type == "json":
        draft.report(place, "wrong-value", f"{attribute.name} is of the type json, which cannot {use}")


def _view(draft: Draft, resource: ResourceType) -> None:
    view = draft.root.get("view")
    if view is None:
        return
    known = fields(resource)
    for key in ("list", "filter", "sort"):
        for name, place in names(view.get(key)):
            if not _exists(draft, place, name, known, "attribute or relationship"):
                continue
            attribute = resource.attributes.get(name)
            if key != "list":
                _comparable(draft, place, attribute, f"be used to {key}")
            elif attribute is not None and attribute.concealed:
                draft.report(place, "wrong-value", f"{name} is never shown, so it cannot be a column")
    for key in ("order", "title"):
        for name, place in names(view.get(key)):
            bare = name.removeprefix("-") if key == "order" else name
            if _exists(draft, place, bare, known, "attribute or relationship"):
                _comparable(draft, place, resource.attributes.get(bare), "give the order or the title")
                if key == "order":
                    _open(draft, place, bare, resource)


def _open(draft: Draft, place: Node, name: str, resource: ResourceType) -> None:
    """The order of a list, and the cursors of its pages, tell what it is made of."""
    field = resource.attributes.get(name) or resource.relationships.get(name)
    if field is not None and field.read is not None:
        message = f"{name} is not seen by all who see the row, and the order of lists would tell; order by something else"
        draft.report(place, "order-of-hidden", message)


def _validations(draft: Draft, resource: ResourceType) -> None:
    section = draft.root.get("validations")
    for node in section.elements() if section is not None else []:
        for name, place in names(node.get("attribute")):
            _exists(draft, place, name, {*resource.attributes, *resource.relationships}, "attribute or relationship")


def _examples(draft: Draft, resource: ResourceType) -> None:
    section = draft.root.get("examples")
    transitions = resource.lifecycle.transitions if resource.lifecycle is not None else {}
    actions = {"read", "usable", "create", "update", "delete", *transitions}
    for node in section.elements() if section is not None else []:
        can = {name for name, _ in names(node.get("can"))}
        for name, place in [*names(node.get("can")), *names(node.get("cannot"))]:
            _exists(draft, place, name, actions, "transition")
        for name, place in names(node.get("cannot")):
            if name in can:
                draft.report(place, "contradiction", f"{name!r} stands under can and under cannot")
        _when(draft, node.get("when"), resource)


def _when(draft: Draft, when: Node | None, resource: ResourceType) -> None:
    for key, place, value in when.items() if when is not None else []:
        name, dot, _ = key.partition(".")
        if dot:
            _exists(draft, place, name, resource.relationships, "relationship")
        elif resource.lifecycle is not None and name == resource.lifecycle.attribute:
            states = resource.lifecycle.states
            if not isinstance(value.value, str) or value.value not in states:
                draft.report(
                    value, "unknown-state", f"there is no state {plain(value)!r}", draft.closest(str(value.value), states)
                )
        elif _exists(draft, place, name, fields(resource), "attribute or relationship"):
            attribute = resource.attributes.get(name)
            if name in resource.relationships and not isinstance(value.value, str | None):
                draft.report(value, "wrong-value", f"{name} is a relationship: its value is an id, or null")
            if attribute is not None and value.value is not None and name not in draft.uncertain:
                check_value(draft, value, attribute, "wrong-value")
