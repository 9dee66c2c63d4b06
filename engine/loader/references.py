"""What only all files together can tell: targets of relationships, the identity type, prefixes, and the way to deletion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.loader.credentials import check_credentials
from engine.loader.draft import Draft
from engine.loader.linked_defaults import check_linked_defaults
from engine.loader.naming import fields
from engine.loader.node import Node
from engine.model import Lifecycle, ResourceType, State


def identity_type(drafts: Sequence[Draft]) -> str | None:
    """The type whose rows are the users: the first that says so."""
    return next((draft.name for draft in drafts if _claims_identity(draft)), None)


def _claims_identity(draft: Draft) -> bool:
    claim = draft.root.get("identity")
    return claim is not None and claim.value is True


def check_references(drafts: Sequence[Draft], types: Mapping[str, ResourceType], names: frozenset[str]) -> None:
    """Report at the draft it concerns. `names` are all types, those that could not be read included."""
    complete = all(not draft.vague for draft in drafts) and names == frozenset(types)
    identity = identity_type(drafts)
    check_credentials(drafts, types)
    for draft in drafts:
        resource = types[draft.name]
        if identity is not None and draft.name != identity and _claims_identity(draft):
            place = draft.root.get("identity") or draft.root
            draft.report(place, "second-identity", f"the identity type is {identity} already; there can be one only")
        if resource.owner is not None and identity is None and complete:
            place = draft.root.get("owner") or draft.root
            message = "rows have an owner, but no type has 'identity: true'; add a type for users, or write 'owner: none'"
            draft.report(place, "no-identity", message)
        _targets(draft, resource, names)
        _deletion(draft, resource.lifecycle)
        check_linked_defaults(draft, resource, types)
        if complete:
            _examples(draft, resource, types)
    _prefixes(drafts, types)


def _targets(draft: Draft, resource: ResourceType, names: frozenset[str]) -> None:
    section = draft.root.get("relationships")
    for name, _, node in section.items() if section is not None else []:
        target, on_delete = node.get("to"), node.get("on_delete")
        if target is not None and target.value not in names:
            message = f"there is no resource type {target.value!r}"
            draft.report(target, "unknown-type", message, draft.closest(str(target.value), names))
        relationship = resource.relationships[name]
        if on_delete is not None and on_delete.value == "set_null" and relationship.required:
            message = f"{name} is required, so it cannot be emptied; use restrict or cascade"
            draft.report(on_delete, "required-set-null", message)
        if on_delete is not None and on_delete.value == "cascade" and _works_outside(draft, resource.lifecycle):
            message = (
                f"rows of {draft.name} are deleted by their lifecycle, and a cascade would skip it and forget what they made"
            )
            draft.report(on_delete, "cascade-skips-lifecycle", message, "write restrict, or set_null where it is not required")
        if relationship.required and relationship.set_by == "system":
            message = f"only the system sets {name}, and it is missing at creation; remove 'required'"
            draft.report(node.keys["required"], "required-by-system", message)
        if relationship.write is not None and relationship.set_by == "system":
            message = f"only the system sets {name}, so 'write' means nothing; remove one"
            draft.report(node.keys["write"], "keyword-not-applicable", message)


def _examples(draft: Draft, resource: ResourceType, types: Mapping[str, ResourceType]) -> None:
    """Values of related rows, as `template.status: published`, must be values that such rows have."""
    section = draft.root.get("examples")
    for example in section.elements() if section is not None else []:
        when = example.get("when")
        for key, place, _ in when.items() if when is not None else []:
            name, dot, field = key.partition(".")
            target = types.get(resource.relationships[name].to) if name in resource.relationships else None
            if dot and target is not None and field not in fields(target):
                message = f"there is no attribute or relationship {field!r} of {target.name}"
                draft.report(place, "unknown-name", message, draft.closest(field, fields(target)))


def _deletion(draft: Draft, lifecycle: Lifecycle | None) -> None:
    """HTTP DELETE fires the transition `delete`: it must lead to a state whose rows are gone."""
    delete = lifecycle.transitions.get("delete") if lifecycle is not None else None
    if lifecycle is None or delete is None or draft.vague or "lifecycle" in draft.unsound:
        return
    seen: set[str] = set()
    waiting = [delete.target]
    while waiting:
        state = lifecycle.states[waiting.pop()]
        if state.gone:
            return
        if state.name not in seen:
            seen.add(state.name)
            waiting += _by_itself(lifecycle, state)
    draft.report(
        _key(draft.root, "lifecycle", "transitions", "delete"),
        "delete-never-gone",
        "HTTP DELETE fires this transition, but nothing leads on from it to a state with 'gone: true'",
    )


def _works_outside(draft: Draft, lifecycle: Lifecycle | None) -> bool:
    """Whether rows may have things in the world outside that only their lifecycle takes away."""
    if lifecycle is None or draft.vague or "lifecycle" in draft.unsound:
        return False
    return "delete" in lifecycle.transitions or any(state.run is not None for state in lifecycle.states.values())


def _by_itself(lifecycle: Lifecycle, state: State) -> list[str]:
    """Where a state leads without anybody's doing: by the success of its command, or by its timers."""
    timed = [lifecycle.transitions[timer.transition].target for timer in state.after]
    return timed if state.then is None else [state.then, *timed]


def _key(root: Node, *path: str) -> Node:
    node = root
    for step in path[:-1]:
        node = node.get(step) or node
    return node.keys.get(path[-1], node)


def _prefixes(drafts: Sequence[Draft], types: Mapping[str, ResourceType]) -> None:
    first: dict[str, str] = {}
    for draft in drafts:
        prefix = types[draft.name].id_prefix
        other = first.setdefault(prefix, draft.name)
        if other != draft.name:
            place = draft.root.get("id_prefix") or draft.root
            message = f"ids of {other} begin with {prefix!r} already; give this type an 'id_prefix' of its own"
            draft.report(place, "prefix-taken", message)
