"""Names that are no names: pieces of SQL, other alphabets, far too long ones, wherever a request may hold a name.

They come from outside and end in a look-up by name: what is not found is refused, and nothing of it reaches the database.
"""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from tests.api.test_resources import FILES, MEDIA
from tests.support import System, shut, system

SQL = (
    'title" OR "1"="1', "title' OR '1'='1", 'title"; DROP TABLE "notes"; --', "title) UNION SELECT token FROM tokens --", "1=1",
    "rowid", "_version", "sqlite_master", "notes.title", 't."title"', "title COLLATE NOCASE", "title ASC", "(SELECT 1)",
    "title/**/", "title--", "json_extract(tags,'$')", "CASE WHEN 1 THEN title END", "?1", ":id", "%", "*",
)  # fmt: skip
ODD = (
    "t\u0456tle", "\uff54\uff49\uff54\uff4c\uff45", "TITLE", "title ", " title", "title\u200b", "title\u202e", "t\u0131tle",
    "ti\u0301tle", "title\n", "title\t", "日本語", "😀", "\ud83d", "__proto__", "constructor", "__class__", "{0}", "{title}",
    "%s", "../title", "title/..", "", ".", "..", "null", "undefined", "-", "--title",
)  # fmt: skip
LONG = ("a" * 300, "a" * 5000, "é" * 1000, "title," * 500 + "title", "title." * 50)

HOSTILE = (*SQL, *ODD, *LONG)
IN_JSON = tuple(name for name in HOSTILE if name != "\ud83d")
IN_ADDRESSES = tuple(name for name in HOSTILE if name not in ("", ".", "..", "../title", "title/.."))
LEAKS = ("sqlite", "syntax error", 'near "', "no such column", "no such table", "traceback", "select ", "operationalerror")


class Visitor:
    """Somebody with one note, who asks in odd ways; afterwards everything must be as it was."""

    def __init__(self, running: System, headers: dict[str, str], note: str) -> None:
        self.running, self.note = running, note
        self._headers = {**headers, "content-type": MEDIA}

    async def ask(self, method: str, path: str, document: Any = None) -> httpx.Response:
        return await self.running.client.request(method, f"/api/v1/{path}", json=document, headers=self._headers)

    async def refused(self, method: str, path: str, document: Any = None, *, asked: str = "") -> list[dict[str, Any]]:
        """It is refused, briefly, and without a word of the database; the errors."""
        answer = await self.ask(method, path, document)
        assert 400 <= answer.status_code < 500, (asked, answer.status_code, answer.text[:300])
        assert len(answer.content) < 8000, "an answer is not as long as what was sent"
        for leak in LEAKS:
            assert leak not in answer.text.replace(asked, "").lower() or leak in asked.lower(), (asked, answer.text[:300])
        errors: list[dict[str, Any]] = answer.json()["errors"]
        return errors

    def everything(self) -> list[Any]:
        """All tables with what is in them."""
        read = self.running.store.database.read
        tables = [name for (name,) in read("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
        return [(name, read(f'SELECT count(*) FROM "{name}"')) for name in tables] + read("SELECT * FROM notes")


@pytest.fixture
async def ann(tmp_path: Path) -> AsyncIterator[Visitor]:
    running = await system(tmp_path, FILES)
    _, headers = await running.person("ann")
    document = {"data": {"type": "notes", "attributes": {"title": "Milk", "stars": 1}}}
    made = await running.client.post("/api/v1/notes", json=document, headers={**headers, "content-type": MEDIA})
    visitor = Visitor(running, headers, made.json()["data"]["id"])
    before = visitor.everything()
    yield visitor
    assert visitor.everything() == before, "something was written"
    await shut(running)


def written(name: str) -> str:
    """As it stands in an address."""
    return quote(name.encode("utf-8", "surrogatepass"), safe="")


PARAMETERS = ("filter[{}]=x", "filter[{}][eq]=x", "filter[title][{}]=x", "filter[folder.{}]=x", "filter[{}.name]=x", "sort={}",
              "sort=-{}", "sort=title,{}", "include={}", "include=folder.{}", "fields[{}]=title", "fields[notes]={}",
              "page[{}]=1", "page[size]={}", "page[number]={}", "page[after]={}", "page[total]={}", "{}=1")  # fmt: skip
HARMLESS = {
    ("include={}", ""): "nothing is included", ("fields[notes]={}", ""): "nothing is shown",
    ("fields[notes]={}", LONG[3]): "a field, again and again",
}  # fmt: skip


@pytest.mark.parametrize("parameter", PARAMETERS)
async def test_in_parameters(ann: Visitor, parameter: str) -> None:
    for name in HOSTILE:
        address = f"notes?{parameter.replace('{}', written(name))}"
        if (parameter, name) in HARMLESS:
            assert (await ann.ask("GET", address)).status_code == 200
            continue
        errors = await ann.refused("GET", address, asked=name)
        assert "parameter" in errors[0]["source"], (name, errors)
        assert len(errors[0]["source"]["parameter"]) <= 128


async def test_as_attributes_and_inputs(ann: Visitor) -> None:
    for name in IN_JSON:
        attributes = {"title": "x", name: "y"}
        made = await ann.refused("POST", "notes", {"data": {"type": "notes", "attributes": attributes}}, asked=name)
        assert {each["code"] for each in made} <= {"unknown_attribute", "read_only"}, (name, made)
        assert all(each["source"]["pointer"].startswith("/data/attributes/") for each in made)
        data = {"type": "notes", "id": ann.note, "attributes": {name: "y"}}
        await ann.refused("PATCH", f"notes/{ann.note}", {"data": data}, asked=name)
        await ann.refused("POST", f"notes/{ann.note}/close", {"data": {"attributes": {"why": "x", name: "y"}}}, asked=name)


async def test_as_relationships_and_members(ann: Visitor) -> None:
    for name in IN_JSON:
        linked = {name: {"data": {"type": "folders", "id": "x"}}}
        made = await ann.refused(
            "POST", "notes", {"data": {"type": "notes", "attributes": {"title": "x"}, "relationships": linked}}, asked=name
        )
        assert {each["code"] for each in made} == {"unknown_relationship"}, (name, made)
        await ann.refused("POST", "notes", {"data": {"type": "notes", "attributes": {"title": "x"}, name: 1}}, asked=name)


async def test_as_types_and_ids(ann: Visitor) -> None:
    for name in IN_JSON:
        for document in (
            {"data": {"type": name, "attributes": {"title": "x"}}},
            {"data": {"type": "notes", "id": name, "attributes": {"title": "x"}}},
            {
                "data": {
                    "type": "notes",
                    "attributes": {"title": "x"},
                    "relationships": {"folder": {"data": {"type": name, "id": "x"}}},
                }
            },
            {
                "data": {
                    "type": "notes",
                    "attributes": {"title": "x"},
                    "relationships": {"folder": {"data": {"type": "folders", "id": name}}},
                }
            },
        ):
            await ann.refused("POST", "notes", document, asked=name)


async def test_in_addresses(ann: Visitor) -> None:
    for name in IN_ADDRESSES:
        for path in (
            "{}",
            "{}/x",
            "notes/{}",
            f"notes/{ann.note}/{{}}",
            f"notes/{ann.note}/relationships/{{}}",
            "events/{}",
            "schema/{}",
        ):
            errors = await ann.refused("GET", path.replace("{}", written(name)), asked=name)
            assert errors[0]["status"] in ("404", "405"), (name, path, errors)
        await ann.refused("POST", f"notes/{ann.note}/{written(name)}", {}, asked=name)
        await ann.refused("DELETE", f"notes/{written(name)}", asked=name)


async def test_as_values_they_mean_themselves(tmp_path: Path) -> None:
    """What looks like SQL or a wildcard finds what is called so, and nothing else."""
    running = await system(tmp_path, FILES)
    _, headers = await running.person("ann")
    ann = Visitor(running, headers, "")
    names = [
        *SQL,
        "日本語",
        "😀",
        "__proto__",
        "%s",
        "100%",
        "_",
        "a_b",
        "\\",
        "[a-z]",
        "'",
        '"',
        "''",
        "\\'",
        "a\u0301",
        "\u00e1",
    ]
    for name in names:
        made = await ann.ask("POST", "notes", {"data": {"type": "notes", "attributes": {"title": name, "tags": [name]}}})
        assert (made.status_code, made.json()["data"]["attributes"]["title"]) == (201, name)
    for name in names:
        for asked, expected in (
            (f"filter[title]={written(name)}", {name}),
            (f"filter[title][ne]={written(name)}", {*names} - {name}),
            (f"filter[title][contains]={written(name)}", {each for each in names if name.lower() in each.lower()}),
        ):
            found = (await ann.ask("GET", f"notes?{asked}")).json()["data"]
            assert {each["attributes"]["title"] for each in found} == expected, asked
    await shut(running)
