"""The row that every contender stores, and the request documents made from it."""

from __future__ import annotations

from typing import Any

NAME_PATTERN = r"^[a-zA-Z0-9 -]+$"
VERSION_PATTERN = r"^\d+\.\d+\.\d+$"
DESCRIPTION = "hello world " * 5
COMPOSE = "services:\n  web:\n    image: nginx\n" * 3
SPREAD = 7919
"""A prime: prices come in no order, so that the sorted list cannot lean on the order of insertion."""


def attributes(number: int) -> dict[str, Any]:
    """What row `number` holds; every second row is published."""
    return {
        "name": f"item {number}",
        "version": "1.0.0",
        "description": DESCRIPTION,
        "compose_spec": COMPOSE,
        "price": number * SPREAD % 10_000,
        "published": number % 2 == 1,
        "tags": ["a", "b"],
    }


def document(type_name: str, values: dict[str, Any], row_id: str | None = None) -> dict[str, Any]:
    """A JSON:API request document that creates a row, or changes the row `row_id`."""
    resource: dict[str, Any] = {"type": type_name, "attributes": values}
    if row_id is not None:
        resource["id"] = row_id
    return {"data": resource}
