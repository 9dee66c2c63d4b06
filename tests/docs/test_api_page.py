"""The page for users of the API: every error code is in it, and every example fits the routes and names there are."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest

import engine.app  # noqa: F401 - imports every room, so that every class of error is known
import handlers  # noqa: F401 - registers what the shipped definitions name
from engine.commands.registry import DEFAULT
from engine.errors import HosterError, Many
from engine.schema.plan.planning import NoBase
from engine.service import validation
from engine.settings.declared import SHIPPED_RESOURCES
from engine.store import Operator
from tests.docs.pages import blocks, files, page, rows, trees
from tests.docs.test_operations_page import REFUSALS
from tests.support import System, shut, system

PAGE = page("api")
NEVER_SENT = {each.code for each in (*REFUSALS, NoBase, Many)}


def subclasses(owner: type[HosterError]) -> Iterator[type[HosterError]]:
    """Every class of errors of the engine."""
    yield owner
    for each in owner.__subclasses__():
        if each.__module__.startswith("engine."):
            yield from subclasses(each)


def codes() -> set[str]:
    """Every code that an error of the API can have."""
    found = {each.code for each in subclasses(HosterError)} | set(validation._CODES.values())
    for tree in trees("engine/api", "engine/service", "engine/store", "engine/identity", "handlers"):
        for node in ast.walk(tree):
            if isinstance(node, ast.keyword) and node.arg == "code" and isinstance(node.value, ast.Constant):
                found.add(node.value.value)
    found |= {
        validation.unknown("x", (), "", what=what).error_code for what in ("attribute", "relationship", "input", "parameter")
    }
    return found - NEVER_SENT


def told() -> dict[str, list[str]]:
    """The codes of the page, each with its statuses."""
    return {code: line[1].split(", ") for line in rows(PAGE, "Errors") for code in re.findall(r"`(\w+)`", line[0])}


def test_the_table_has_every_error_code_and_no_other() -> None:
    assert set(told()) == codes()


def test_the_statuses_of_the_table_are_those_of_the_classes() -> None:
    wrong = {
        each.code: each.status
        for each in subclasses(HosterError)
        if each.code in told() and str(each.status) not in told()[each.code]
    }
    assert wrong == {}


def test_every_parameter_of_lists_is_in_the_page() -> None:
    text = " ".join(line[0] + line[1] for line in rows(PAGE, "Lists"))
    for name in (
        "filter[name]",
        "sort=",
        "page[size]",
        "page[number]",
        "page[after]",
        "page[before]",
        "page[total]",
        *(f"`{each}`" for each in get_args(Operator)),
    ):
        assert name in text, name


def test_every_way_to_ask_for_resources_and_for_writes_is_in_the_page() -> None:
    shown = "".join(line[0] for line in rows(PAGE, "Included resources, and only some fields"))
    sure = "".join(line[0] for line in rows(PAGE, "Writes that are sure"))
    assert [name for name in ("include=", "fields[type]=") if name not in shown] == []
    assert [name for name in ("dry_run", "Idempotency-Key", "Prefer: wait", "If-Match") if name not in sure] == []


def requests() -> list[tuple[str, str, str | None]]:
    """Method, address below /api/v1 and body of every example."""
    found = []
    for block in blocks(PAGE, "sh"):
        for command in re.split(r"\n(?=api )", block):
            match = re.match(r"api (?:-X (\w+) )?\"?\$HOSTER(/[^\s\"]*)\"?(?:.*?-d '(.*)')?", command, re.DOTALL)
            if match is not None:
                found.append((match[1] or ("POST" if match[3] else "GET"), match[2], match[3]))
    return found


def test_the_page_has_an_example_of_every_method() -> None:
    assert {method for method, _, _ in requests()} == {"GET", "POST", "PATCH", "DELETE"}


async def shipped(tmp_path: Path) -> tuple[System, dict[str, str]]:
    """A system with the shipped definitions, and an operator's headers."""
    running = await system(tmp_path, {path.stem: path.read_text() for path in SHIPPED_RESOURCES.glob("*.yaml")}, DEFAULT)
    _, headers = await running.person("olga", operator=True)
    return running, headers | {"content-type": "application/vnd.api+json"}


@pytest.mark.parametrize(("method", "address", "body"), requests())
async def test_every_example_fits_the_routes_and_names_there_are(
    tmp_path: Path, method: str, address: str, body: str | None
) -> None:
    running, headers = await shipped(tmp_path)
    try:
        ids = "…" in address.partition("?")[0]
        answer = await running.client.request(method, f"/api/v1{address}", headers=headers, content=body)
        if ids:  # there is no such row, but there is such an address, and the body could be read
            assert answer.status_code == 404, answer.text
            assert "There is no resource" in answer.text
        elif body is not None and "…" in body:
            assert [each["code"] for each in answer.json()["errors"]] == ["reference_not_found"]
        else:
            assert answer.status_code in (200, 201), answer.text
    finally:
        await shut(running)


async def test_the_document_of_the_page_is_what_the_api_answers(tmp_path: Path) -> None:
    running, headers = await shipped(tmp_path)
    try:
        body = next(body for method, address, body in requests() if (method, address) == ("POST", "/plans"))
        answer = (await running.client.post("/api/v1/plans", headers=headers, content=body)).json()
        shown = json.loads(blocks(PAGE, "json")[0])
        assert without_times(answer) == without_times(shown)
    finally:
        await shut(running)


def without_times(document: dict[str, Any]) -> dict[str, Any]:
    """A document without what differs each time."""
    data = json.loads(json.dumps(document["data"]).replace(document["data"]["id"], "plan_01"))
    attributes = {name: value for name, value in data["attributes"].items() if not name.endswith("_at")}
    return {
        **data,
        "attributes": attributes,
        "keys": sorted(data["attributes"]),
    }


async def test_the_operations_of_the_page_are_done(tmp_path: Path) -> None:
    running, headers = await shipped(tmp_path)
    body = re.search(r"\$HOSTER/operations .*?-d '(.*?)'", PAGE, re.DOTALL)
    assert body is not None
    media_type = 'application/vnd.api+json;ext="https://jsonapi.org/ext/atomic"'
    answer = await running.client.post("/api/v1/operations", headers=headers | {"content-type": media_type}, content=body[1])
    assert answer.status_code == 200, answer.text
    assert [each["data"]["type"] for each in answer.json()["atomic:results"]] == ["templates", "deployments"]
    await shut(running)


async def test_the_errors_of_the_page_are_what_the_api_answers(tmp_path: Path) -> None:
    running = await system(tmp_path, {"notes": files(page("definitions"), "yaml", "yaml")["notes"]})
    try:
        _, headers = await running.person("anna")
        body = {"data": {"type": "notes", "attributes": {"titel": "Milk"}}}
        headers |= {"content-type": "application/json"}
        answer = await running.client.post("/api/v1/notes", headers=headers, json=body)
        assert answer.status_code == 422
        assert answer.json() == next(json.loads(block) for block in blocks(PAGE, "json") if '"errors"' in block)
    finally:
        await shut(running)
