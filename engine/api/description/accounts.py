"""The addresses below `auth`: signing up, in and out, passwords, and who one is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from engine.api.description import parameters, responses, values
from engine.api.description.naming import component, reference
from engine.api.description.responses import Answers
from engine.api.description.values import Schema
from engine.identity.passwords import LONGEST, SHORTEST
from engine.model import Definitions, ResourceType
from engine.service.validation import has_default

SESSION: list[dict[str, list[str]]] = [{"bearer": []}, {"cookie": []}]
ANYBODY: list[dict[str, list[str]]] = [{}, *SESSION]
LONGEST_TEXT = 4096

_PASSWORD: Schema = {"type": "string", "minLength": SHORTEST, "maxLength": LONGEST, "writeOnly": True}
_TEXT: Schema = {"type": "string", "maxLength": LONGEST_TEXT, "writeOnly": True}
_EXAMPLE = "a long and unusual sentence"


class AccountPaths:
    """Writes the paths of accounts; only `me` where the definitions have no sessions."""

    def __init__(self, definitions: Definitions, answers: Answers) -> None:
        self._definitions = definitions
        self._answers = answers

    def paths(self) -> dict[str, Any]:
        """The paths by address."""
        identity = self._definitions.identity
        if identity is None:
            return {}
        found: dict[str, Any] = {"/auth/me": {"get": self._me()}}
        email = next((each for each in identity.attributes.values() if each.type == "email"), None)
        if self._definitions.credential("cookie") is None or email is None:
            return found
        address: Schema = _TEXT | {"examples": ["ann@example.org"]}
        link = responses.document("Whether there is an account or not", _told())
        gone, signed = {"204": responses.empty("Done")}, reference("Caller")
        return found | {
            "/auth/sign-up": self._post(
                "signUp", "Make an account, and sign in", _sign_up(identity, email.name),
                {"201": _with_cookies("Signed in")}, ANYBODY, "Can be closed; then operators make accounts.",
            ),
            "/auth/sign-in": self._post(
                "signIn", "Sign in", _body({"email": address, "password": _TEXT}),
                {"200": _with_cookies("Signed in")}, ANYBODY,
                "Answers with the cookie of a session. Writes with it need the header `X-CSRF-Token` too, with the value "
                "of the cookie `hoster_csrf` or of `meta.csrf`.",
            ),
            "/auth/sign-out": self._post("signOut", "End this session", None, gone, SESSION),
            "/auth/sign-out-everywhere": self._post("signOutEverywhere", "End every session and token", None, gone, SESSION),
            "/auth/password": self._post(
                "changePassword", "Choose another password", _body({"current": _TEXT, "password": _PASSWORD}),
                {"200": responses.document("Changed, with a new session", signed), **gone}, SESSION,
                "Every other session ends.",
            ),
            "/auth/password-reset": self._post(
                "askForPasswordLink", "Ask for a link to choose a new password", _body({"email": address}),
                {"202": link}, ANYBODY,
            ),
            "/auth/password-reset/confirm": self._post(
                "usePasswordLink", "Choose a new password by a link", _body({"token": _TEXT, "password": _PASSWORD}),
                gone, ANYBODY,
            ),
        }  # fmt: skip

    def schemas(self) -> dict[str, Schema]:
        """The component schemas that these paths need."""
        identity = self._definitions.identity
        if identity is None:
            return {}
        names = ("resource", "identifier")
        user = [reference(component(identity.name, each)) for each in names]
        meta = {
            "ways": {
                "description": "The ways in that are open.", "type": "object", "additionalProperties": {"type": "boolean"},
            },
            "csrf": {"description": "For the header X-CSRF-Token.", "type": ["string", "null"]},
            "limits": {"description": "How much the caller may have.", "type": "object"},
            "scopes": {"description": "What the token is for.", "type": ["array", "null"], "items": {"type": "string"}},
            "credential": {"description": "What let the caller in.", "type": ["string", "null"]},
            "expires_at": {"description": "When that ends.", "type": ["string", "null"]},
        }  # fmt: skip
        data = {"description": "The caller; null for nobody.", "anyOf": [*user, {"type": "null"}]}
        properties = {"data": data, "links": reference("Links"), "meta": {"type": "object", "properties": meta}}
        return {"Caller": {"type": "object", "properties": properties, "required": ["data", "meta"]}}

    def _me(self) -> dict[str, Any]:
        answer = responses.document("The caller, and the ways in", reference("Caller"))
        return self._operation("getCaller", "Who one is", None, {"200": answer}, ANYBODY, "")

    def _post(
        self,
        operation_id: str,
        summary: str,
        body: Schema | None,
        answers: dict[str, Any],
        security: list[dict[str, list[str]]],
        description: str = "",
    ) -> dict[str, Any]:
        return {"post": self._operation(operation_id, summary, body, answers, security, description)}

    def _operation(
        self,
        operation_id: str,
        summary: str,
        body: Schema | None,
        answers: dict[str, Any],
        security: list[dict[str, list[str]]],
        description: str,
    ) -> dict[str, Any]:
        made: dict[str, Any] = {"operationId": operation_id, "tags": ["auth"], "summary": summary}
        if description:
            made["description"] = description
        made |= {"parameters": parameters.shared("RequestId"), "security": security}
        if body is not None:
            made["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
        kind = responses.ACCOUNT if operation_id != "getCaller" else responses.GET
        return {**made, "responses": {**answers, **self._answers.errors(kind)}}


def _with_cookies(description: str) -> dict[str, Any]:
    answer = responses.document(description, reference("Caller"))
    answer["headers"]["Set-Cookie"] = {"description": "The session.", "required": True, "schema": {"type": "string"}}
    return answer


def _told() -> Schema:
    meta = {"type": "object", "properties": {"message": {"type": "string"}}}
    return {"type": "object", "properties": {"data": {"type": "null"}, "meta": meta}, "required": ["data"]}


def _body(properties: dict[str, Schema]) -> Schema:
    example = {name: next(iter(each.get("examples", (_EXAMPLE,)))) for name, each in properties.items()}
    return {
        "type": "object", "properties": properties, "required": [*properties], "additionalProperties": False,
        "examples": [example],
    }  # fmt: skip


def _sign_up(identity: ResourceType, email: str) -> Schema:
    """An account: e-mail address, password, and what else a user may set."""
    more = {each.name: values.sent(each) for each in identity.attributes.values() if values.is_settable(each)}
    needed = [
        each.name for each in identity.attributes.values() if each.name in more and each.required and not has_default(each)
    ]
    del more[email]
    address = values.sent(replace(identity.attributes[email], required=True))
    schema = _body({"email": {**address, "examples": ["ann@example.org"]}, "password": _PASSWORD})
    required = ["email", "password", *(name for name in needed if name != email)]
    return {**schema, "properties": schema["properties"] | more, "required": required}
