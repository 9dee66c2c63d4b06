"""The OpenAPI 3.1 document, put together from the definitions. Pure: the same definitions, the same document."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from engine.api.description import parameters, shared
from engine.api.description.accounts import AccountPaths
from engine.api.description.common_paths import CommonPaths
from engine.api.description.naming import OperationIds
from engine.api.description.operations import Operations
from engine.api.description.resources import Resource
from engine.api.description.responses import Answers
from engine.api.documents import BASE
from engine.model import Definitions

INTRODUCTION = """\
Every resource type has the same addresses; what a type holds, who may do what and how it moves is in its definition.

**Documents** follow JSON:API 1.1: `application/vnd.api+json`, an object with `data`.
Ids are made by the server.

**Signing in**: send a token with every request, as `Authorization: Bearer …`; browsers sign in with a cookie. Without either
you see what is public. What you may not see does not exist: 404.

**Lists** take filters, `sort`, pages and `include`. Follow the links `next` and `prev`; they hold cursors, which stay right
while resources come and go.

**Writes** can be made safe: `If-Match` with an ETag, so that nobody's change is lost; `Idempotency-Key`, so that a request
sent twice is done once; `dry_run=true`, to see what would happen.

**States** are changed by transitions alone. 202 means that a command is at work: follow the resource, or its events.

**Errors** come together, each with a `code` for programs and a `detail` for people. Every answer has an `X-Request-ID`; a
request may bring its own.
"""


def openapi(definitions: Definitions) -> dict[str, Any]:
    """The document."""
    ids, answers = OperationIds(), Answers()
    common, accounts = CommonPaths(definitions, answers), AccountPaths(definitions, answers)
    schemas: dict[str, Any] = shared.schemas(definitions) | common.schemas() | accounts.schemas()
    paths: dict[str, Any] = {}
    tags: list[dict[str, str]] = []
    for resource in definitions.types.values():
        described = Resource(definitions, resource)
        paths |= Operations(definitions, described, ids, answers).paths()
        schemas |= described.schemas
        tags.append(
            {"name": resource.name, "description": resource.description} if resource.description else {"name": resource.name}
        )
    return {
        "openapi": "3.1.0",
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "info": {"title": "Hoster", "version": version("hoster"), "summary": "The API", "description": INTRODUCTION},
        "servers": [{"url": BASE}],
        "tags": [*tags, *_COMMON_TAGS],
        "paths": paths | common.paths() | accounts.paths(),
        "components": {
            "schemas": schemas,
            "responses": answers.components,
            "parameters": dict(parameters.SHARED),
            "headers": shared.HEADERS,
            "securitySchemes": shared.security_schemes(),
        },
    }


_COMMON_TAGS = [
    {"name": "auth", "description": "Accounts and sessions, and who one is."},
    {"name": "events", "description": "What has happened, in order."},
    {"name": "operations", "description": "Several writes in one transaction."},
    {"name": "schema", "description": "What the API says about itself."},
]
