"""What clients of the API notice: names that they no longer find, values that they may no longer send."""

from __future__ import annotations

from collections.abc import Iterator

from engine.model import Attribute, ResourceType
from engine.schema.plan.change import Change
from engine.schema.plan.pairs import pairs
from engine.schema.plan.rows import Rows
from engine.types import TYPES


def removed_type(old: ResourceType, rows: Rows) -> Iterator[Change]:
    """A type that is no longer there."""
    found = rows.count(old.name)
    yield Change(code="DL101", where=old.name, text=f"{old.name} is no longer a type", rows=found.number, ids=found.ids)


def removed_names(old: ResourceType, new: ResourceType, rows: Rows) -> Iterator[Change]:
    """Attributes and relationships that are no longer there."""
    for attribute in pairs(old.attributes, new.attributes).removed:
        if attribute.name not in new.relationships:
            held = rows.count(old.name, f'"{attribute.name}" IS NOT NULL')
            where, text = f"{new.name}.{attribute.name}", f"{new.name}.{attribute.name} is no longer there"
            yield Change(code="DL102", where=where, text=text, rows=held.number, ids=held.ids)
    for link in pairs(old.relationships, new.relationships).removed:
        if link.name not in new.attributes:
            held = rows.count(old.name, f'"{link.name}" IS NOT NULL')
            where, text = f"{new.name}.{link.name}", f"{new.name}.{link.name} no longer leads to {link.to}"
            yield Change(code="DL104", where=where, text=text, rows=held.number, ids=held.ids)


def narrower(old: ResourceType, new: ResourceType) -> Iterator[Change]:
    """What may no longer be sent, and what must be."""
    matched = pairs(old.attributes, new.attributes)
    for attribute in matched.added:
        if _must_be_sent(attribute):
            where = f"{new.name}.{attribute.name}"
            yield Change(code="AP103", where=where, text=f"whoever creates one must send {attribute.name}")
    for before, after in matched.kept:
        where = f"{new.name}.{after.name}"
        if _must_be_sent(after) and not _must_be_sent(before):
            yield Change(code="AP103", where=where, text=f"whoever creates one must send {after.name}")
        if _settable(before) and not _settable(after):
            yield Change(code="AP102", where=where, text=f"{after.name} can no longer be set")
        elif _settable(after) and TYPES[before.type].schema(before) != TYPES[after.type].schema(after):
            yield Change(code="AP102", where=where, text=f"what {after.name} may hold is described otherwise")


def _settable(attribute: Attribute) -> bool:
    return attribute.set_by == "user" and attribute.computed is None


def _must_be_sent(attribute: Attribute) -> bool:
    return attribute.required and _settable(attribute) and attribute.default is None and attribute.default_rule is None
