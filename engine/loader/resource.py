"""One mended tree → one resource type, with every default written out."""

from __future__ import annotations

from typing import Literal, cast

from engine.loader.attributes import read_attributes
from engine.loader.draft import Draft
from engine.loader.lifecycles import read_lifecycle
from engine.loader.limits import limited_by, read_limits
from engine.loader.prefix import default_prefix
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
    credential = text(root, "credential")
    if len(draft.problems) > before:
        draft.unsound.add("lifecycle")
    relationships = read_relationships(draft, name, owner, identity_type)
    return ResourceType(
        name=draft.name,
        description=text(root, "description") or "",
        id_prefix=text(root, "id_prefix") or default_prefix(draft.name),
        identity=identity,
        limited_by=limited_by(draft, identity, relationships),
        credential=cast("Literal['bearer', 'cookie'] | None", credential),
        owner=name,
        attributes=attributes,
        relationships=relationships,
        lifecycle=lifecycle,
        access=read_access(draft, owner, identity),
        limits=read_limits(draft),
        validations=read_validations(draft),
        examples=read_examples(draft),
        reads=read_reads(draft),
        view=read_view(draft),
        was=text(root, "was"),
        position=Position(draft.file, root.line, root.column),
    )
