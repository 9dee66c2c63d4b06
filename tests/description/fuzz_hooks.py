"""What schemathesis has to know beyond the document: what no schema can say.

- the id in the body of a change is that of the address;
- an address has at most 50 parameters, pages go by number or by cursor, and cursors come from links;
- whether a request that fits its schema is accepted also depends on what is stored: codes that say so are no finding;
- an empty list in a query string is an empty text;
- what was only rehearsed is not deleted.
"""

from __future__ import annotations

from typing import Any

import schemathesis
from schemathesis.core.failures import AcceptedNegativeData
from schemathesis.openapi.checks import ObjectLevelAuthorizationViolation, RejectedPositiveData

MAX_FILTERS = 5

DEPENDS_ON_ROWS = {
    "reference_not_found", "not_usable", "check_failed", "validation_failed", "precondition_failed", "taken", "wrong_state",
    "guard_failed", "in_use", "stale", "broken_reference", "idempotency_key_reused", "cursor_expired", "limit_reached",
    "not_found", "unknown_scope", "invalid_link", "wrong_password", "common_password", "wrong_credentials", "immutable",
}  # fmt: skip
"""Codes of a request that is well-formed, and not possible with what is there."""

TOGETHER = ("", "page[after]", "page[before]", "page[number]", "sort")
"""Parameters that are good alone, but not together: too many, two places, a cursor out of thin air, one name both ways."""


@schemathesis.hook
def map_case(context: Any, case: Any) -> Any:
    """Of what is meant to be good: few filters, no cursor, and a change that names the resource of its address."""
    if case.method == "DELETE" and case.query:
        case.query.pop("dry_run", None)
    if case.meta is None or case.meta.generation.mode.is_negative:
        return case
    if case.query:
        spare = [name for name in case.query if name.startswith("filter[")][MAX_FILTERS:]
        for name in (*spare, "page[after]", "page[before]"):
            case.query.pop(name, None)
    data = case.body.get("data") if isinstance(case.body, dict) else None
    row_id = (case.path_parameters or {}).get("id")
    if case.method == "PATCH" and isinstance(data, dict) and "id" in data and row_id and "relationships" not in case.path:
        data["id"] = row_id
    return case


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    """Nobody runs commands here, so waiting for one only takes time."""
    if case.headers and "Prefer" in case.headers:
        case.headers["Prefer"] = "wait=1"


@schemathesis.hook
def filter_failure(context: Any, failure: Any, case: Any, response: Any) -> bool:
    """Let go what is none."""
    if isinstance(failure, ObjectLevelAuthorizationViolation):
        return not _is_for_everybody(response.json()["data"])
    if isinstance(failure, AcceptedNegativeData):
        return not any(name.startswith("fields[") and value in ("", [""]) for name, value in (case.query or {}).items())
    if not isinstance(failure, RejectedPositiveData) or not response.content:
        return True
    if case.operation.definition.raw.get("x-refused") or (case.path == "/operations" and not _only_adds(case.body)):
        return False
    return not all(_depends(each) for each in response.json().get("errors", [{}]))


def _is_for_everybody(resource: dict[str, Any]) -> bool:
    status = resource.get("attributes", {}).get("status")
    return bool(resource["type"] == "shelves" or status == "published")


def _only_adds(body: Any) -> bool:
    """Whether it is of operations that the document describes to the last word; the others refer to each other."""
    return all(each["op"] == "add" for each in body["atomic:operations"])


def _depends(error: dict[str, Any]) -> bool:
    if error.get("code") in DEPENDS_ON_ROWS:
        return True
    source = error.get("source", {})
    parameter = source.get("parameter", "none")
    if source.get("pointer", "").endswith("/data/lid"):  # each once, in one request
        return True
    return parameter in TOGETHER or (parameter.endswith("[in]") and "must be a time" in error["detail"])
