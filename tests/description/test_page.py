"""The pages for people: whole, closed in themselves, and deaf to what definitions might smuggle in."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.description.documents import described
from tests.support import System, shut

VOID = {"meta", "link"}


class Reader(HTMLParser):
    """What of a page matters here; fails on elements that do not close in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ids: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""
        self._open: list[str] = []
        self.feed(text)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]
        self.ids += [value or "" for name, value in attrs if name == "id"]
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[System]:
    running = await described(tmp_path)
    yield running
    await shut(running)


async def pages(desk: System) -> dict[str, Reader]:
    """Every page, by its address."""
    found: dict[str, Reader] = {}
    waiting = ["/api/v1/docs"]
    while waiting:
        address = waiting.pop()
        answer = await desk.client.get(address)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8"), address
        found[address] = Reader(answer.text)
        linked = {link.partition("#")[0] for link in found[address].links}
        waiting += sorted(
            each for each in linked if each.startswith("/api/v1/docs") and "style" not in each and each not in found
        )
        waiting = [each for each in dict.fromkeys(waiting) if each not in found]
    return found


async def test_every_link_leads_somewhere_on_this_server(desk: System) -> None:
    found = await pages(desk)
    assert {f"/api/v1/docs/{name}" for name in desk.store.types} < set(found)
    for address, page in found.items():
        assert len(page.ids) == len(set(page.ids)), address
        for link in set(page.links) - {"data:,"}:
            path, _, anchor = link.partition("#")
            if path in ("", *found):
                assert anchor in ("", *found[path or address].ids), (address, link)
            else:
                assert (await desk.client.get(path)).status_code == 200, (address, link)


async def test_no_page_has_a_script_or_a_style_of_its_own(desk: System) -> None:
    for address, page in (await pages(desk)).items():
        assert not {"script", "style", "iframe", "form", "img"} & page.tags, address
        assert not {name for name in page.attributes if name == "style" or name.startswith("on")}, address
    policy = (await desk.client.get("/api/v1/docs")).headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    style = await desk.client.get("/api/v1/docs/style.css")
    assert style.headers["content-type"] == "text/css; charset=utf-8"
    assert not re.search(r"url\(|@import", style.text)


async def test_a_page_tells_of_attributes_states_operations_and_errors(desk: System) -> None:
    text = (await pages(desk))["/api/v1/docs/tickets"].text
    for told in (
        "A request for help", "subject", "3 to 80 characters", "never shown", "Say more than three letters",
        "solve → solved", "It is put away", "curl -g", '"subject": "My subject"', "wrong_state", "filter[level]",
        "only the system", "application/x-ndjson",
    ):  # fmt: skip
        assert told in text, told


async def test_what_a_definition_says_stays_text(tmp_path: Path) -> None:
    evil = "<script>alert(1)</script>\"'&<b>"
    files = {
        "notes": f"""
            description: {json.dumps(evil)}
            attributes:
              title: {{type: string, description: {json.dumps(evil)}, default: {json.dumps(evil)}}}
              kind: {{type: enum, values: ["<i>", b], description: "`<i>` **<b>**"}}
            """
    }
    running = await described(tmp_path, files)
    try:
        found = await pages(running)
        page = found["/api/v1/docs/notes"]
        assert evil in page.text
        assert not {"script", "b", "i"} & page.tags
        assert not {"script", "b"} & found["/api/v1/docs"].tags
    finally:
        await shut(running)
