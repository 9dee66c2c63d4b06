"""The OpenAPI document: it is one, it says what the server does, and its examples are true."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from engine.ambient import ALPHABET
from engine.api.description.codes import CODES
from engine.api.description.parameters import OPERATORS
from engine.api.description.samples import DIGITS
from engine.store import Operator
from engine.types import TYPES
from tests.description.documents import Contract, described, document, shipped
from tests.docs.pages import files, page
from tests.docs.test_api_page import told
from tests.support import System, shut

METHODS = ("get", "post", "patch", "put", "delete")
TARGET = re.compile(r"\{to: (\w+)")
EXAMPLES = files(page("definitions"), "yaml", "yaml")
CHECKED = {"templates": {"compose_spec": "services: {web: {image: nginx}}"}}
"""Values that a check looks into: no schema knows what it wants."""

JSON_API = "application/vnd.api+json"

ODD = {
    "a_1": """
        description: "A type whose names are near to others' names: <b>&amp;"
        attributes:
          get: {type: string}
          list: {type: string}
          a1_get: {type: json, schema: {$ref: "#/$defs/it", $defs: {it: {type: [string, "null"], default: x}}}}
        relationships: {a1: {to: a1}}
        lifecycle:
          initial: open
          states: {open: {}, shut: {final: true, gone: true}}
          transitions: {get: {from: open, to: shut}, delete: {from: open, to: shut}, list_it: {from: open, to: shut}}
        """,
    "a1": "attributes: {create: {type: json, schema: true}, nothing: {type: json, schema: false}}\nowner: none\n",
    "bare": "owner: none\nattributes: {}\n",
    "every": "attributes:\n"
    + "".join(
        f"  an_{name}: {{type: {name}{', values: [a, b]' if name == 'enum' else ''}}}\n" for name in TYPES if name != "token"
    ),
}


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[System]:
    running = await described(tmp_path)
    yield running
    await shut(running)


def operations(openapi: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every operation with its address and method."""
    for path, item in openapi["paths"].items():
        for method in METHODS:
            if method in item:
                yield path, method, item[method]


async def test_the_document_of_the_shipped_definitions_is_openapi(desk: System) -> None:
    openapi = await document(desk)
    assert openapi["openapi"] == "3.1.0"
    assert [error.message for error in OpenAPIV31SpecValidator(openapi).iter_errors()] == []


@pytest.mark.parametrize("name", ["odd", *EXAMPLES])
async def test_the_documents_of_odd_definitions_are_openapi(tmp_path: Path, name: str) -> None:
    named = ODD if name == "odd" else {name: EXAMPLES[name]}
    others = {each: EXAMPLES[each] for each in TARGET.findall("".join(named.values())) if each in EXAMPLES}
    running = await described(tmp_path, {**shipped(), **others, **named})
    try:
        openapi = await document(running)
        assert [error.message for error in OpenAPIV31SpecValidator(openapi).iter_errors()] == []
        ids = [operation["operationId"] for _, _, operation in operations(openapi)]
        assert len(ids) == len(set(ids))
    finally:
        await shut(running)


async def test_what_may_be_asked_of_an_address_is_what_the_document_says(desk: System) -> None:
    for path, item in (await document(desk))["paths"].items():
        address = path.replace("{id}", "none").replace("{type}", "plans")
        answer = await desk.client.options(f"/api/v1{address}")
        documented = {method.upper() for method in METHODS if method in item}
        assert answer.status_code == 204, path
        assert set(answer.headers["allow"].split(", ")) - {"HEAD", "OPTIONS"} == documented, path


async def test_every_example_of_a_request_fits_its_schema(desk: System) -> None:
    contract, seen = Contract(await document(desk)), 0
    for path, method, operation in operations(contract.openapi):
        for content in operation.get("requestBody", {}).get("content", {}).values():
            for example in contract.resolved(content["schema"]).get("examples", ()):
                assert contract.problems(content["schema"], example) == [], (path, method)
                seen += 1
    assert seen > 20


async def test_every_example_of_a_resource_fits_its_schema(desk: System) -> None:
    contract = Contract(await document(desk))
    for name in desk.store.types:
        schema = contract.openapi["components"]["schemas"][f"{name}-resource"]
        assert contract.problems(schema, schema["examples"][0]) == [], name


async def test_what_is_required_hidden_and_null_is_said_so(desk: System) -> None:
    schemas = (await document(desk))["components"]["schemas"]
    sent = schemas["tickets-create"]["properties"]["data"]["properties"]["attributes"]
    shown = schemas["tickets-resource"]["properties"]["attributes"]["properties"]
    assert sent["required"] == ["subject"]
    assert "required" not in schemas["tickets-update"]["properties"]["data"]["properties"]["attributes"]
    assert not {"stage", "slug", "opened", "created_at"} & set(sent["properties"])
    assert sent["properties"]["pin"]["writeOnly"] is True
    assert "pin" not in shown
    assert shown["slug"]["readOnly"] is True
    assert (sent["properties"]["subject"]["type"], sent["properties"]["body"]["type"]) == ("string", ["string", "null"])
    assert sent["properties"]["outline"] == {
        "anyOf": [{"$ref": "#/components/schemas/tickets-outline-value"}, {"type": "null"}]
    }
    assert "token" in schemas["tokens-resource"]["properties"]["attributes"]["properties"]
    assert "token" not in schemas["tokens-create"]["properties"]["data"]["properties"]["attributes"]["properties"]


async def made(desk: System, contract: Contract, headers: dict[str, str], name: str) -> dict[str, Any]:
    """A resource made from the example of the document, with what it refers to."""
    listed = (await desk.client.get(f"/api/v1/{name}", headers=headers)).json()["data"]
    if listed and name in CHECKED:  # once is enough: the same example twice may be one too many
        return dict(listed[0])
    (example,) = contract.openapi["components"]["schemas"][f"{name}-create"]["examples"]
    for relationship in example["data"].get("relationships", {}).values():
        relationship["data"]["id"] = (await made(desk, contract, headers, relationship["data"]["type"]))["id"]
    example["data"]["attributes"] |= CHECKED.get(name, {})
    answer = await desk.client.post(f"/api/v1/{name}", json=example, headers=headers)
    assert answer.status_code == 201, answer.text
    assert contract.answer(f"/{name}", "post", answer) == []
    data: dict[str, Any] = answer.json()["data"]
    return data


async def test_what_the_server_answers_is_what_the_document_says(desk: System) -> None:
    """Every type is made from its example, read in each way, changed, and removed; the wrong way round too."""
    contract = Contract(await document(desk))
    _, headers = await desk.person("olga", operator=True)
    headers |= {"content-type": JSON_API}
    for name, kind in desk.store.types.items():
        if kind.resource.credential == "cookie":  # made by signing in, never here
            continue
        row = await made(desk, contract, headers, name)
        included = ",".join([*kind.resource.relationships, *kind.resource.reverses])
        here = [each for each in operations(contract.openapi) if each[0] == f"/{name}" or each[0].startswith(f"/{name}/{{id}}")]
        for path, method, operation in sorted(here, key=lambda each: each[1] != "get"):  # before a write takes it away
            address = f"/api/v1{path.replace('{id}', row['id'])}"
            if method == "get":
                shown = operation["parameters"][0].get("name") == "include" or path == f"/{name}"
                query = f"?include={included}" if shown and path in (f"/{name}", f"/{name}/{{id}}") and included else ""
                answer = await desk.client.get(address + query, headers=headers)
                assert answer.status_code in (200, 503), (address, answer.text)
            else:
                answer = await desk.client.request(method, address, headers=headers, json={"data": {"type": "wrong"}})
            assert contract.answer(path, method, answer) == [], (method, address, answer.text)


async def test_writes_and_rehearsals_are_as_the_document_says(desk: System) -> None:
    contract = Contract(await document(desk))
    _, headers = await desk.person("olga", operator=True)
    headers |= {"content-type": JSON_API}
    row = await made(desk, contract, headers, "tickets")
    update = {"data": {"type": "tickets", "id": row["id"], "attributes": {"subject": "Later"}}}
    steps = [
        ("/tickets/{id}", "patch", "?dry_run=true", update, 200),
        ("/tickets/{id}", "patch", "", update, 200),
        ("/tickets/{id}/solve", "post", "?dry_run=true", {"data": {"attributes": {"how": "well"}}}, 200),
        ("/tickets/{id}/solve", "post", "", {"data": {"attributes": {"how": "well"}}}, 200),
        ("/tickets/{id}/solve", "post", "", {"data": {"attributes": {"how": "well"}}}, 409),
        ("/tickets/{id}/expire", "post", "", {}, 403),
        ("/tickets/{id}", "delete", "?dry_run=true", {}, 200),
        ("/tickets/{id}", "delete", "", {}, 204),
        ("/tickets/{id}", "get", "", None, 404),
    ]
    for path, method, query, body, status in steps:
        address = f"/api/v1{path.replace('{id}', row['id'])}{query}"
        answer = await desk.client.request(method, address, headers=headers, json=body)
        assert answer.status_code == status, (method, address, answer.text)
        assert contract.answer(path, method, answer) == [], (method, address, answer.text)
    listed = await desk.client.get("/api/v1/events", headers=headers)
    assert contract.answer("/events", "get", listed) == []


async def test_the_example_of_several_operations_is_done(desk: System) -> None:
    contract = Contract(await document(desk))
    _, headers = await desk.person("olga", operator=True)
    ((media_type, content),) = contract.openapi["paths"]["/operations"]["post"]["requestBody"]["content"].items()
    (example,) = contract.resolved(content["schema"])["examples"]
    example["atomic:operations"] = [
        {"op": "add", "data": {"type": "shelves", "lid": "first", "attributes": {"title": "Upper"}}},
        {"op": "remove", "ref": {"type": "shelves", "lid": "first"}},
    ]
    assert contract.problems(content["schema"], example) == []
    answer = await desk.client.post("/api/v1/operations", json=example, headers=headers | {"content-type": media_type})
    assert answer.status_code == 200, answer.text
    assert contract.answer("/operations", "post", answer) == []


def test_ids_of_examples_are_such_as_the_server_makes() -> None:
    assert (len(DIGITS), set(DIGITS) - set(ALPHABET)) == (26, set())


def test_every_operator_of_filters_is_described() -> None:
    assert {"eq", *OPERATORS} == set(get_args(Operator))


def test_the_codes_of_the_description_are_those_of_the_page() -> None:
    assert {name: {str(status) for status in code.statuses} for name, code in CODES.items()} == {
        name: set(statuses) for name, statuses in told().items()
    }


async def test_the_document_is_kept_by_clients_that_have_it(desk: System) -> None:
    first = await desk.client.get("/api/v1/openapi.json")
    etag = first.headers["etag"]
    assert (first.headers["content-type"], first.headers["cache-control"]) == ("application/json", "no-cache")
    for given in (etag, f'"other", {etag}', f"W/{etag}", "*"):
        again = await desk.client.get("/api/v1/openapi.json", headers={"if-none-match": given})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag), given
    assert (await desk.client.get("/api/v1/openapi.json", headers={"if-none-match": '"other"'})).content == first.content
    head = await desk.client.head("/api/v1/openapi.json")
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(len(first.content)))


@pytest.mark.parametrize("address", ["openapi.json", "schema", "schema/plans", "docs", "docs/plans", "docs/style.css"])
async def test_addresses_of_the_description_are_read_only(desk: System, address: str) -> None:
    refused = await desk.client.post(f"/api/v1/{address}", json={})
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
    assert (await desk.client.get(f"/api/v1/{address}?x=1")).status_code == 400
    assert (await desk.client.get(f"/api/v1/{address}/more/x")).status_code == 404


def test_a_start_does_not_pay_for_the_description() -> None:
    program = "import sys, engine.app; print([name for name in sys.modules if name.startswith('engine.api.description.')])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['engine.api.description.endpoints']"
