"""The language as JSON Schema: it is one, it explains every keyword, and two validators agree on what it allows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import jsonschema
import jsonschema_rs
import pytest

from engine.loader import language
from engine.loader.node import plain
from engine.loader.vocabulary import ATTRIBUTE, LIFECYCLE, LIMIT, READ, RELATIONSHIP, STATE, TOP, TRANSITION, VIEW
from engine.loader.yaml_reader import read_yaml
from engine.model import Access, Attribute, Lifecycle, Limit, Read, Relationship, ResourceType, State, Transition, View
from engine.types import TYPES

HERE = Path(__file__).parent
FILES = sorted(
    [*(HERE / "broken").glob("*.yaml"), *(HERE / "sound").glob("*.yaml"), *(HERE.parents[1] / "resources").glob("*.yaml")]
)


def keywords(schema: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every keyword of the language with its shape; conditions and shapes of values that are JSON Schema are not ours."""
    for name, shape in schema.get("properties", {}).items():
        yield f"{path}.{name}", shape
        yield from keywords(shape, f"{path}.{name}")
    for inner in ("items", "additionalProperties"):
        if isinstance(schema.get(inner), dict):
            yield from keywords(schema[inner], path)


def all_keywords() -> list[tuple[str, Any]]:
    schema: Any = language()
    return [*keywords(schema), *(each for name, part in schema["$defs"].items() for each in keywords(part, name))]


def test_it_is_a_json_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(language())
    assert jsonschema_rs.Draft202012Validator(language()).is_valid({"attributes": {"title": {"type": "string"}}})


def test_every_keyword_is_explained() -> None:
    found = all_keywords()
    assert len(found) > 70
    assert [path for path, shape in found if not shape.get("description")] == []


def test_every_attribute_type_can_be_written() -> None:
    schema: Any = language()
    choice = schema["$defs"]["attribute"]["properties"]["type"]
    assert choice["enum"] == list(TYPES)
    assert choice["enumDescriptions"] == [each.description for each in TYPES.values()]


@pytest.mark.parametrize(
    ("model", "known", "differently"),
    [
        (ResourceType, TOP, {"name", "reverses"}),
        (Attribute, {**ATTRIBUTE, "type": {}}, {"name", "default_rule"}),
        (Relationship, RELATIONSHIP, {"name"}),
        (Lifecycle, LIFECYCLE, set()),
        (State, STATE, {"name", "otherwise"}),
        (Transition, TRANSITION, {"name", "sources", "target", "guards"}),
        (Read, READ, {"name", "source"}),
        (View, VIEW, {"columns"}),
        (Limit, LIMIT, {"name"}),
    ],
    ids=lambda each: getattr(each, "__name__", ""),
)
def test_everything_in_the_model_can_be_written(model: type, known: dict[str, Any], differently: set[str]) -> None:
    names = {field.name for field in fields(model)} - {"position"} - differently
    assert names <= set(known)


def test_every_access_rule_can_be_written() -> None:
    access: Any = TOP["access"]
    assert {field.name for field in fields(Access)} == set(access["properties"])


def parent_of_refused(error: Any) -> list[Any]:
    """The path of an error; for a key that is refused as such, its mapping, which is what jsonschema names."""
    path: list[Any] = error.instance_path
    return path[:-1] if error.kind.name == "falseSchema" else path


def places(errors: Any) -> set[tuple[str, ...]]:
    return {tuple(map(str, path)) for path in errors}


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_two_validators_agree(path: Path) -> None:
    root = read_yaml(path.read_text(), lambda *_: None)
    value: Any = plain(root) if root is not None else None
    one = places(parent_of_refused(error) for error in jsonschema_rs.Draft202012Validator(language()).iter_errors(value))
    two = places(error.absolute_path for error in jsonschema.Draft202012Validator(language()).iter_errors(value))
    assert one == two
