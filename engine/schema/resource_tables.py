"""The table of a resource type: a column an attribute and relationship, and the indexes that its lists and rules need."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from engine.database.tables import Column, Index, Table
from engine.model import ROW_VERSION, STANDARD, Attribute, Definitions, ResourceType
from engine.rules import compile_rule, constants, row_scope
from engine.types import TYPES


def resource_table(definitions: Definitions, resource: ResourceType) -> Table:
    """The table that holds the rows of `resource`."""
    return Table(
        name=resource.name,
        columns=_columns(resource),
        references={relationship.name: relationship.to for relationship in resource.relationships.values()},
        indexes=tuple(dict.fromkeys((*_indexes(resource), *_let_in(definitions, resource)))),
        was=resource.was,
        renamed=_renamed_states(resource),
    )


def _renamed_states(resource: ResourceType) -> tuple[tuple[str, str, str], ...]:
    lifecycle = resource.lifecycle
    if lifecycle is None:
        return ()
    return tuple((lifecycle.attribute, each.was, each.name) for each in lifecycle.states.values() if each.was is not None)


def _columns(resource: ResourceType) -> tuple[Column, ...]:
    columns = [Column(name, TYPES[kind].column, not_null=True) for name, kind in STANDARD.items()]
    columns.insert(1, Column(ROW_VERSION, "INTEGER", not_null=True))
    if resource.lifecycle is not None:
        columns.append(Column(resource.lifecycle.attribute, "TEXT", not_null=True))
    columns += [
        Column(relationship.name, "TEXT", not_null=relationship.required, was=relationship.was)
        for relationship in resource.relationships.values()
    ]
    columns += [
        Column(
            attribute.name,
            "TEXT" if attribute.encrypted else TYPES[attribute.type].column,
            not_null=attribute.required,
            default=_default(attribute),
            was=attribute.was,
            sealed=attribute.encrypted,
        )
        for attribute in resource.attributes.values()
    ]
    return tuple(columns)


def _default(attribute: Attribute) -> Any:
    """The default as the column keeps it; the store writes it too, the column's serves rows older than the attribute.

    Not for what is encrypted: a ciphertext is bound to its row.
    """
    if attribute.default is None or attribute.encrypted:
        return None
    kind = TYPES[attribute.type]
    if isinstance(attribute.default, (dict, list)):
        return orjson.dumps(attribute.default).decode()
    return kind.to_column(attribute.default) if kind.to_column else attribute.default


def _indexes(resource: ResourceType) -> list[Index]:
    indexes = [Index((name, "id") if name == resource.owner else (name,)) for name in resource.relationships]
    indexes += _counted(resource)
    indexes += [_unique(resource, attribute) for attribute in resource.attributes.values() if attribute.unique is not None]
    sorted_by = _sorted_by(resource)
    indexes += [Index((name, "id")) for name in sorted_by]
    looked_up = [*resource.view.filter, *(each.name for each in resource.attributes.values() if each.index)]
    covered = {"id", "created_at", *sorted_by, *resource.relationships}
    indexes += [Index((name,)) for name in looked_up if name not in covered and _selective(resource, name)]
    return indexes


def _sorted_by(resource: ResourceType) -> list[str]:
    return [name for name in resource.view.sort if name not in ("id", "created_at") and _selective(resource, name)]


def _let_in(definitions: Definitions, resource: ResourceType) -> Iterator[Index]:
    """What the rule for reading lets in, by its owner or by what it holds, in each order of lists: see `store.query`."""
    if resource.access.read is None:
        return
    rule, owner = compile_rule(resource.access.read.text, row_scope(definitions, resource)), resource.owner
    if owner is not None and owner in rule.names:
        yield from (Index((owner, name, "id")) for name in _sorted_by(resource) if name != owner)
    for equal in constants(rule):
        held = dict(equal)
        if held.keys() <= {"id", "created_at"}:
            continue
        yield Index(("id",), only_equal=equal)
        yield from (Index((name, "id"), only_equal=equal) for name in _sorted_by(resource) if name not in held)


def _counted(resource: ResourceType) -> Iterator[Index]:
    """Each write that a limit is asked for counts what its owner has, which must not take longer the more is gone."""
    lifecycle = resource.lifecycle
    if resource.limits and resource.owner is not None and lifecycle is not None and lifecycle.gone:
        yield Index((resource.owner, "id"), except_column=lifecycle.attribute, except_values=lifecycle.gone)


def _selective(resource: ResourceType, name: str) -> bool:
    """Not for booleans: half a table through an index is slower than the table, and misleads the query planner."""
    attribute = resource.attributes.get(name)
    return attribute is None or attribute.type != "boolean"


def _unique(resource: ResourceType, attribute: Attribute) -> Index:
    """Rows that are gone hold no name, port or address any more."""
    columns = (*(attribute.unique or ()), attribute.name)
    lifecycle = resource.lifecycle
    if lifecycle is None or not lifecycle.gone:
        return Index(columns, unique=True)
    return Index(columns, unique=True, except_column=lifecycle.attribute, except_values=lifecycle.gone)
