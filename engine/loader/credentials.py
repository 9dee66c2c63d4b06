"""Types whose rows let people in: each has one token, somebody to let in, and one type at most does it in each way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.loader.draft import Draft
from engine.model import ResourceType


def check_credentials(drafts: Sequence[Draft], types: Mapping[str, ResourceType]) -> None:
    """Report at the draft it concerns."""
    first: dict[str, str] = {}
    for draft in drafts:
        resource = types[draft.name]
        _second_token(draft, resource)
        if resource.credential is None:
            continue
        other = first.setdefault(resource.credential, draft.name)
        if other != draft.name:
            place = draft.root.get("credential") or draft.root
            message = f"rows of {other} let people in as {resource.credential} already; there can be one such type only"
            draft.report(place, "second-credential", message)
        _complete(draft, resource)


def _second_token(draft: Draft, resource: ResourceType) -> None:
    section = draft.root.get("attributes")
    tokens = _tokens(resource)
    for name in tokens[1:]:
        place = section.keys[name] if section is not None else draft.root
        draft.report(place, "second-token", f"{tokens[0]} is the token of this type already; there can be one only")


def _complete(draft: Draft, resource: ResourceType) -> None:
    place = draft.root.keys["credential"]
    if resource.owner is None:
        message = "nobody owns rows of this type, so there is nobody whom they could let in; name an owner"
        draft.report(place, "no-owner", message)
    if not _tokens(resource) and not draft.vague and not draft.uncertain & set(resource.attributes):
        draft.report(place, "no-token", "a credential needs an attribute of the type token, which is what lets its owner in")


def _tokens(resource: ResourceType) -> list[str]:
    return [each.name for each in resource.attributes.values() if each.type == "token"]
