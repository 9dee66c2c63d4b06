"""What a new row gets beside plain values: links to rows that are meant when none is given, and the token made for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.model import Relationship
from engine.store.type_store import TypeStore
from engine.store.work import Work
from engine.types import TYPES, hashed


def complete(unit: Work, kind: TypeStore, row: dict[str, Any], given: Mapping[str, Any]) -> None:
    """Complete a drafted row by what was not `given`."""
    for relationship in kind.resource.relationships.values():
        if relationship.default is not None and relationship.name not in given:
            row[relationship.name] = meant(unit, relationship, relationship.default)
    for attribute in kind.resource.attributes.values():
        if attribute.type == "token" and given.get(attribute.name) is None:
            text = attribute.prefix + unit.store.ambient.token()
            row[attribute.name] = hashed(text)
            unit.made.setdefault((kind.name, row["id"]), {})[attribute.name] = text


def meant(unit: Work, relationship: Relationship, values: Mapping[str, Any]) -> str | None:
    """The id of the oldest row that has these values, whoever may see it; None where there is none."""
    target = unit.store.types[relationship.to]
    wanted = target.normal(values)
    columns = [TYPES[target.layout.kinds[name]].to_column for name in wanted]
    parameters = [convert(value) if convert else value for convert, value in zip(columns, wanted.values(), strict=True)]
    where = " AND ".join(f't."{name}" = ?' for name in wanted)
    statement = f'SELECT t.id FROM "{target.name}" t WHERE {where}{target.present} ORDER BY t.id LIMIT 1'
    found = unit.transaction.one(statement, parameters)
    return None if found is None else str(found[0])
