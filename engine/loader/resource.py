"""One mended tree → one resource type, with every default written out."""

from __future__ import annotations

from engine.loader.attributes import read_attributes
from engine.loader.draft import Draft
from engine.loader.lifecycles import read_lifecycle
from engine.loader.relationships import owner_name, read_relationships
from engine.loader.sections import read_access, read_examples, read_reads, read_validations, read_view
from engine.loader.values import flag, text
from engine.loader.words import owner_rule
from engine.model import Position, ResourceType


def read_resource(draft: Draft, identity_type: str | None) -> ResourceType:
    """The resource type of a file. `identity_type` is the type whose rows are the users, where there is one."""
    root = draft.root
    identity = flag(root, "identity")
    name = owner_name(draft, identity)
    owner = owner_rule(name, identity)
    attributes = read_attributes(draft, root.get("attributes"), owner, name)
    before = len(draft.problems)
    lifecycle = read_lifecycle(draft, attributes, owner)
    if len(draft.problems) > before:
        draft.unsound.add("lifecycle")
    return ResourceType(
        name=draft.name,
        description=text(root, "description") or "",
        id_prefix=text(root, "id_prefix") or default_prefix(draft.name),
        identity=identity,
        owner=name,
        attributes=attributes,
        relationships=read_relationships(draft, name, identity_type),
        lifecycle=lifecycle,
        access=read_access(draft, owner, identity),
        validations=read_validations(draft),
        examples=read_examples(draft),
        reads=read_reads(draft),
        view=read_view(draft),
        was=text(root, "was"),
        position=Position(draft.file, root.line, root.column),
    )


def default_prefix(name: str) -> str:
    """What ids begin with when the file does not say: the name in the singular, so that two types hardly ever share it."""
    singular = name.removesuffix("ies") + "y" if name.endswith("ies") else name.removesuffix("s")
    return (singular or name) + "_"
