"""The codes of errors, and where each can occur: what the description says of what may go wrong.

`docs/api.md` tells people the same; a test holds the two against each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, TypeAlias

TOGETHER = (400, 403, 409, 422)

Facet: TypeAlias = Literal[
    "any", "parameters", "body", "values", "row", "version", "write", "create", "update", "delete", "links", "move",
    "events", "key", "account", "operations",
]  # fmt: skip
"""What an operation has that makes a code possible."""


@dataclass(frozen=True, slots=True)
class Code:
    """One code, its statuses, and what an operation must have at least one of for the code to occur."""

    name: str
    statuses: tuple[int, ...]
    facets: frozenset[Facet]


def _code(name: str, statuses: int | tuple[int, ...], *facets: Facet) -> Code:
    return Code(name, (statuses,) if isinstance(statuses, int) else statuses, frozenset(facets or ("any",)))


CODES: Mapping[str, Code] = MappingProxyType(
    {
        each.name: each
        for each in (
            _code("bad_request", 400),
            _code("unauthenticated", 401),
            _code("invalid_token", 401),
            _code("gateway_not_proven", 401),
            _code("bad_identity_headers", 400),
            _code("wrong_credentials", 401, "account"),
            _code("csrf", 403, "body", "write"),
            _code("sign_up_closed", 403, "account"),
            _code("forbidden", 403),
            _code("insufficient_scope", 403),
            _code("limit_reached", 403, "write"),
            _code("not_found", 404),
            _code("method_not_allowed", 405),
            _code("not_acceptable", 406),
            _code("request_timeout", 408),
            _code("gone", 410),
            _code("cursor_expired", 410, "events"),
            _code("rate_limited", 429),
            _code("head_too_large", 431),
            _code("conflict", 409, "write"),
            _code("client_id", 409, "create"),
            _code("wrong_type", (409, 422, 400), "body", "parameters"),
            _code("taken", 409, "create", "update", "move", "account"),
            _code("precondition_failed", 412, "version"),
            _code("stale", 409, "update", "delete", "move"),
            _code("in_use", 409, "delete", "move"),
            _code("broken_reference", 409, "write"),
            _code("wrong_state", 409, "move"),
            _code("guard_failed", 409, "move"),
            _code("body_too_large", 413, "body"),
            _code("unsupported_media_type", 415, "body"),
            _code("invalid", 422, "values", "parameters"),
            _code("required", (422, 400), "values", "parameters"),
            _code("unknown_attribute", (422, 400), "values", "parameters"),
            _code("unknown_relationship", 422, "links"),
            _code("unknown_input", 422, "move"),
            _code("unknown_parameter", 400, "parameters"),
            _code("read_only", (422, 403), "values", "row"),
            _code("immutable", 422, "update"),
            _code("too_long", (422, 400), "values", "parameters"),
            _code("too_short", (422, 400), "values", "parameters"),
            _code("too_large", (422, 400), "values", "parameters"),
            _code("too_small", (422, 400), "values", "parameters"),
            _code("too_deep", (422, 400), "values", "parameters"),
            _code("not_allowed", (422, 400), "values", "parameters"),
            _code("wrong_format", (422, 400), "values", "parameters"),
            _code("nul_character", 422, "body"),
            _code("check_failed", 422, "create", "update"),
            _code("validation_failed", 422, "write"),
            _code("reference_not_found", 422, "links"),
            _code("not_usable", (403, 422), "links"),
            _code("unknown_scope", 422, "create", "update"),
            _code("idempotency_key_reused", 422, "key"),
            _code("wrong_password", 422, "account"),
            _code("common_password", 422, "account"),
            _code("invalid_link", 422, "account"),
            _code("internal_error", 500),
            _code("key_missing", 500),
            _code("secret_damaged", 500),
            _code("unavailable", 503),
            _code("too_busy", 503, "account"),
            _code("too_many_connections", 503),
            _code("storage_failed", 503),
        )
    }
)


def possible(facets: Iterable[Facet], status: int) -> list[str]:
    """The codes that an answer of this status can hold.

    All problems of a body come together under the status of the first, so those that bodies have share their codes.
    """
    having = frozenset(facets) | {"any"}
    together = TOGETHER if status in TOGETHER and "body" in having else (status,)
    return [each.name for each in CODES.values() if each.facets & having and not set(together).isdisjoint(each.statuses)]
