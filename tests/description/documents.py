"""Systems whose description is looked at, and answers held against it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema
from referencing import Registry as References
from referencing.jsonschema import DRAFT202012

import handlers  # noqa: F401 - registers the functions that the shipped definitions name
from engine.commands.registry import DEFAULT, Registry
from engine.settings.declared import SHIPPED_RESOURCES
from tests.description import extension  # noqa: F401 - likewise, for those beside this file
from tests.support import System, system

HERE = Path(__file__).parent
ADDRESS = "urn:openapi"
JSON_TYPES = ("application/vnd.api+json", "application/json")


def shipped() -> dict[str, str]:
    """The shipped definitions, by name."""
    return {path.stem: path.read_text() for path in sorted(SHIPPED_RESOURCES.glob("*.yaml"))}


async def described(tmp_path: Path, files: dict[str, str] | None = None) -> System:
    """A system of these files, else of the shipped ones and those beside this file, with the functions that they name."""
    registry = Registry(readers=dict(DEFAULT.readers), checkers=dict(DEFAULT.checkers), checked_with=dict(DEFAULT.checked_with))
    if files is None:
        files = shipped() | {path.stem: path.read_text() for path in sorted((HERE / "resources").glob("*.yaml"))}
    return await system(tmp_path, files, registry)


async def document(running: System) -> dict[str, Any]:
    """The OpenAPI document as it is served."""
    answer = await running.client.get("/api/v1/openapi.json")
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


class Contract:
    """Holds values against parts of a document."""

    def __init__(self, openapi: dict[str, Any]) -> None:
        self.openapi = openapi
        self._references = References().with_resource(ADDRESS, DRAFT202012.create_resource(openapi))

    def problems(self, schema: dict[str, Any], value: Any) -> list[str]:
        """What of `value` does not fit a schema of the document."""
        validator = jsonschema.Draft202012Validator(self._placed(schema), registry=self._references)
        return [f"{list(error.path)}: {error.message[:200]}" for error in validator.iter_errors(value)]

    def answer(self, path: str, method: str, response: Any) -> list[str]:
        """What of a response is not as the document says."""
        answers = self.openapi["paths"][path][method]["responses"]
        if str(response.status_code) not in answers:
            return [f"{response.status_code} is not among {list(answers)}"]
        answer = self.resolved(answers[str(response.status_code)])
        missing = [
            name
            for name, header in answer.get("headers", {}).items()
            if self.resolved(header).get("required") and name.lower() not in response.headers
        ]
        found = [f"no header {name}" for name in missing]
        if "content" not in answer:
            return [*found, *(["there is a body"] if response.content else [])]
        content = answer["content"].get(response.headers["content-type"])
        if content is None:
            return [*found, f"{response.headers['content-type']} is not among {list(answer['content'])}"]
        value = response.json() if response.headers["content-type"].startswith(JSON_TYPES) else response.text
        return [*found, *self.problems(content["schema"], value)]

    def resolved(self, value: dict[str, Any]) -> Any:
        """What a reference leads to."""
        if "$ref" not in value:
            return value
        found: Any = self.openapi
        for step in value["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        return found

    def _placed(self, schema: Any) -> Any:
        """The schema with its references as they are from outside of the document."""
        if isinstance(schema, dict):
            return {
                key: ADDRESS + value if key == "$ref" and isinstance(value, str) else self._placed(value)
                for key, value in schema.items()
            }
        return [self._placed(each) for each in schema] if isinstance(schema, list) else schema
