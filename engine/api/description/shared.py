"""The components that belong to no type: errors, links, headers, ways to sign in."""

from __future__ import annotations

from typing import Any

from engine.api.description.naming import component, reference
from engine.api.description.values import Schema
from engine.model import Definitions

_LINK: Schema = {
    "anyOf": [
        {"type": "string"},
        {"type": "object", "properties": {"href": {"type": "string"}}, "required": ["href"]},
        {"type": "null"},
    ]
}

_ERROR: Schema = {
    "type": "object",
    "properties": {
        "status": {"type": "string", "pattern": "^[45][0-9]{2}$"},
        "code": {"description": "For programs: it does not change.", "type": "string"},
        "title": {"description": "For people: what kind of problem it is.", "type": "string"},
        "detail": {"description": "For people: what is wrong here, and what to do.", "type": "string"},
        "source": {
            "type": "object",
            "properties": {
                "pointer": {"description": "Where in the body, as a JSON pointer.", "type": "string"},
                "parameter": {"description": "Which parameter.", "type": "string"},
                "header": {"description": "Which header.", "type": "string"},
            },
        },
        "meta": {"type": "object"},
        "id": {"type": "string"},
        "links": {"type": "object"},
    },
    "required": ["status", "code", "title", "detail"],
    "additionalProperties": False,
}

_EFFECT: Schema = {
    "description": "Something that a write does or would do: an entry of the event log, or a command that is queued.",
    "type": "object",
}


def schemas(definitions: Definitions) -> dict[str, Schema]:
    """The shared component schemas."""
    resources = [reference(component(name, "resource")) for name in definitions.types]
    return {
        "Errors": {
            "type": "object",
            "properties": {
                "errors": {"type": "array", "minItems": 1, "items": reference("Error")},
                "jsonapi": reference("JsonApi"),
                "links": reference("Links"),
                "meta": {"type": "object"},
            },
            "required": ["errors"],
        },
        "Error": _ERROR,
        "Links": {"type": "object", "additionalProperties": _LINK},
        "Included": {"type": "array", "items": {"anyOf": resources} if resources else {}},
        "JsonApi": {
            "type": "object",
            "properties": {
                "version": {"type": "string", "const": "1.1"},
                "ext": {"type": "array", "items": {"type": "string", "format": "uri"}},
                "profile": {"type": "array", "items": {"type": "string", "format": "uri"}},
                "meta": {"type": "object"},
            },
        },
        "ResourceMeta": {
            "type": "object",
            "properties": {"version": {"description": "Counts the writes.", "type": "integer", "minimum": 1}},
        },
        "DocumentMeta": {
            "type": "object",
            "properties": {
                "total": {"description": "How many there are in all.", "type": "integer", "minimum": 0},
                "dry_run": {"description": "Nothing was kept.", "const": True},
                "effects": {"description": "What a dry run would have done.", "type": "array", "items": _EFFECT},
            },
        },
    }


HEADERS: dict[str, Any] = {
    "RequestId": {"description": "The name of this request in the logs.", "required": True, "schema": {"type": "string"}},
    "ETag": {
        "description": "The version, for If-Match.",
        "required": True,
        "schema": {"type": "string", "pattern": '^"[0-9]+"$'},
    },
    "Location": {"description": "Where it is now.", "required": True, "schema": {"type": "string"}},
    "Authenticate": {"description": "How to sign in.", "required": True, "schema": {"type": "string"}},
    "RetryAfter": {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 0}},
}


def security_schemes() -> dict[str, Any]:
    """The ways to say who is asking."""
    return {
        "bearer": {
            "type": "http",
            "scheme": "bearer",
            "description": "A token, as `Authorization: Bearer …`. It can do what its user can, within its scopes.",
        },
        "cookie": {
            "type": "apiKey",
            "in": "cookie",
            "name": "__Host-hoster_session",
            "description": "The session of a browser. Writes need the header `X-CSRF-Token` too, with the value of the cookie "
            "`hoster_csrf`. Over plain http, to this machine itself, the cookie is called `hoster_session`.",
        },
    }
