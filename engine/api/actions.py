"""The document of what can be done with a row, and why not: `GET /api/v1/{type}/{id}/actions`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from engine.api.documents import BASE, Document
from engine.service.actions import DELETE, UPDATE, Action

METHODS = {UPDATE: "PATCH", DELETE: "DELETE"}


def actions_document(type_name: str, row_id: str, actions: Iterable[Action]) -> Document:
    """The actions of a row as resources; their ids are of one row and one action, so that no two share one."""
    path = f"{BASE}/{type_name}/{row_id}"
    return {"data": [_resource(path, row_id, each) for each in actions], "links": {"self": f"{path}/actions", "related": path}}


def _resource(path: str, row_id: str, action: Action) -> dict[str, Any]:
    moves = action.target is not None
    method = "POST" if moves else METHODS[action.name]
    return {
        "type": "actions",
        "id": f"{row_id}/{action.name}",
        "attributes": {
            "name": action.name,
            "description": action.description,
            "allowed": action.allowed,
            "reasons": [
                {"code": each.code, "detail": each.detail, **({"meta": dict(each.meta)} if each.meta else {})}
                for each in action.reasons
            ],
            "target": action.target,
            "confirm": action.confirm,
            "inputs": dict(action.inputs),
            "needs": list(action.needs),
        },
        "links": {"perform": {"href": f"{path}/{action.name}" if moves else path, "meta": {"method": method}}},
    }
