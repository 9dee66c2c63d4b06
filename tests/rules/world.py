"""A small world with every kind of attribute, in which rules are tried: its definitions, its rows, and its tables."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

import orjson

from engine.model import STANDARD, Attribute, Definitions, Lifecycle, Relationship, ResourceType, State
from engine.rules import Scope, row_scope
from engine.types import TYPES

Row = dict[str, Any]


def _list_of(kind: str) -> dict[str, Any]:
    return {"type": "array", "items": {"type": kind}}


def _by_name(*each: Any) -> dict[str, Any]:
    return {one.name: one for one in each}


LIFECYCLE = Lifecycle(
    attribute="status",
    initial="pending",
    states=_by_name(*(State(name=name) for name in ("pending", "running", "failed"))),
    transitions={},
)

MAKERS = ResourceType(
    name="makers",
    attributes=_by_name(
        Attribute(name="name", type="string", required=True),
        Attribute(name="level", type="integer"),
        Attribute(name="score", type="number", required=True),
        Attribute(name="trusted", type="boolean", default=False),
        Attribute(name="fee", type="money"),
        Attribute(name="tags", type="json", schema=_list_of("string")),
        Attribute(name="password", type="secret"),
    ),
    relationships=_by_name(Relationship(name="parent", to="makers")),
)

THINGS = ResourceType(
    name="things",
    owner="owner",
    attributes=_by_name(
        Attribute(name="title", type="string", required=True),
        Attribute(name="body", type="text"),
        Attribute(name="kind", type="enum", values=("a", "ab", "é"), required=True),
        Attribute(name="count", type="integer", required=True),
        Attribute(name="stock", type="integer"),
        Attribute(name="size_limit", type="integer", default=1),
        Attribute(name="ratio", type="number", required=True),
        Attribute(name="weight", type="number"),
        Attribute(name="published", type="boolean", default=False),
        Attribute(name="hidden", type="boolean"),
        Attribute(name="starts", type="timestamp", required=True),
        Attribute(name="ends", type="timestamp"),
        Attribute(name="price", type="money", required=True),
        Attribute(name="discount", type="money"),
        Attribute(name="tags", type="json", schema=_list_of("string"), required=True),
        Attribute(name="ports", type="json", schema=_list_of("integer")),
        Attribute(name="shares", type="json", schema=_list_of("number")),
        Attribute(name="notes", type="json"),
        Attribute(name="token", type="secret"),
    ),
    relationships=_by_name(
        Relationship(name="maker", to="makers"),
        Relationship(name="owner", to="users", required=True),
    ),
    lifecycle=LIFECYCLE,
)

PEOPLE = ResourceType(
    name="people",
    identity=True,
    limited_by="maker",
    relationships=_by_name(Relationship(name="maker", to="makers")),
)

DEFINITIONS = Definitions({"things": THINGS, "makers": MAKERS, "people": PEOPLE})
SCOPE: Scope = row_scope(DEFINITIONS, THINGS)

NOW = "2026-01-31T09:30:00.000Z"
NOBODY: Mapping[str, Any] = {
    "id": "",
    "known": False,
    "operator": False,
    "principals": [],
    "email": None,
    "plan": None,
    "limits": {},
}
SOMEBODY: Mapping[str, Any] = {
    "id": "u1",
    "known": True,
    "operator": False,
    "principals": ["u1", "team"],
    "email": "Ada@example.com",
    "plan": None,
    "limits": {
        "name": "Small",
        "level": 2,
        "score": 0.5,
        "trusted": True,
        "fee": {"amount": 5, "currency": "EUR"},
        "tags": ["red"],
    },
}


def columns(resource: ResourceType) -> dict[str, str]:
    """Attribute type of every column of `resource`, by name."""
    kinds = dict(STANDARD)
    if resource.lifecycle is not None:
        kinds[resource.lifecycle.attribute] = "enum"
    kinds |= dict.fromkeys(resource.relationships, "string")
    return kinds | {each.name: each.type for each in resource.attributes.values()}


def create_tables(connection: sqlite3.Connection) -> None:
    """Strict tables for the world. No column is NOT NULL: rules do not rely on it."""
    for resource in DEFINITIONS.types.values():
        described = ", ".join(f'"{name}" {TYPES[kind].column}' for name, kind in columns(resource).items())
        connection.execute(f'CREATE TABLE "{resource.name}" ({described}) STRICT')


def insert(connection: sqlite3.Connection, resource: ResourceType, row: Mapping[str, Any]) -> None:
    """Put `row` into the table of `resource`."""
    kinds = columns(resource)
    values = [stored(kind, row.get(name)) for name, kind in kinds.items()]
    connection.execute(f'INSERT INTO "{resource.name}" VALUES ({", ".join("?" * len(values))})', values)


def stored(kind: str, value: Any) -> Any:
    """`value` as its column holds it."""
    if value is None or kind == "timestamp":
        return value
    if kind in ("json", "money"):
        return orjson.dumps(value).decode()
    return int(value) if kind == "boolean" else value


def thing(**values: Any) -> Row:
    """A row of `things` with all that is required."""
    return {
        "id": "t1",
        "created_at": "2026-01-01T00:00:00.000Z",
        "updated_at": "2026-01-02T00:00:00.000Z",
        "status": "running",
        "maker": None,
        "owner": "u1",
        "title": "A thing",
        "body": None,
        "kind": "a",
        "count": 3,
        "stock": None,
        "size_limit": 1,
        "ratio": 0.5,
        "weight": None,
        "published": True,
        "hidden": None,
        "starts": "2026-01-31T09:00:00.000Z",
        "ends": None,
        "price": {"amount": 500, "currency": "USD"},
        "discount": None,
        "tags": ["red", "blue"],
        "ports": None,
        "shares": None,
        "notes": None,
        "token": None,
    } | values


def maker(**values: Any) -> Row:
    """A row of `makers` with all that is required."""
    return {
        "id": "m1",
        "created_at": "2025-01-01T00:00:00.000Z",
        "updated_at": "2025-01-02T00:00:00.000Z",
        "parent": None,
        "name": "Maker",
        "level": None,
        "score": 1.5,
        "trusted": True,
        "fee": None,
        "tags": None,
        "password": None,
    } | values
