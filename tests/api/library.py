"""A library: shelves, writers, books and reviews, as the tests of the API use them, and people who ask for them."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from engine.commands.job import Job
from engine.commands.registry import Registry
from tests.api.conformance import conforms
from tests.support import System, system

MEDIA = "application/vnd.api+json"
ATOMIC = 'application/vnd.api+json;ext="https://jsonapi.org/ext/atomic"'
BASE = "/api/v1/"

SEEN = "access: {read: open || owner in user.principals}"
FILES = {
    "shelves": f"""
        attributes:
          label: {{type: slug, required: true, unique: owner}}
          open: {{type: boolean, default: false}}
        {SEEN}
        """,
    "writers": f"""
        attributes:
          name: {{type: string, required: true}}
          agent: {{type: string, read: owner}}
          open: {{type: boolean, default: false}}
        {SEEN}
        """,
    "books": f"""
        attributes:
          title: {{type: string, required: true, max_length: 60}}
          summary: {{type: text}}
          pages: {{type: integer, minimum: 0}}
          weight: {{type: number}}
          open: {{type: boolean, default: false}}
          printed: {{type: timestamp}}
          cost: {{type: money, currency: EUR}}
          genre: {{type: enum, values: [prose, verse]}}
          contact: {{type: email}}
          site: {{type: url}}
          host: {{type: hostname}}
          edition: {{type: semver}}
          shelfmark: {{type: slug, unique: owner}}
          tags: {{type: json}}
          note: {{type: text, read: owner}}
          code: {{type: secret}}
          isbn: {{type: string, immutable: true}}
          bound_in: {{type: string, set_by: system}}
          failure: {{type: json, set_by: system}}
        relationships:
          shelf: {{to: shelves, on_delete: set_null, reverse: books}}
          writer: {{to: writers, on_delete: restrict}}
          origin: {{to: books, on_delete: set_null, reverse: sequels}}
          lender: {{to: users, on_delete: set_null, read: owner}}
          source: {{to: shelves, on_delete: set_null, immutable: true, reverse: false}}
        lifecycle:
          initial: kept
          failure: failure
          states:
            kept: {{}}
            binding: {{run: book.bind, then: bound, else: torn, within: 30s}}
            bound: {{}}
            torn: {{}}
            burnt: {{final: true, gone: true}}
          transitions:
            bind: {{from: [kept, torn], to: binding, inputs: {{colour: {{type: string, default: red, max_length: 8}}}}}}
            burn: {{from: [kept, bound], to: burnt}}
        {SEEN}
        """,
    "reviews": f"""
        attributes:
          text: {{type: string, required: true}}
          open: {{type: boolean, default: false}}
        relationships:
          book: {{to: books, required: true, on_delete: cascade}}
        {SEEN}
        """,
}


@dataclass
class Binder:
    """The handler of books that are bound; it goes on when `release` is set, and raises what it is told to."""

    release: asyncio.Event = field(default_factory=asyncio.Event)
    raises: list[Exception] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)

    async def bind(self, job: Job) -> dict[str, str]:
        self.calls.append(job.row_id)
        await self.release.wait()
        if self.raises:
            raise self.raises.pop(0)
        return {"bound_in": str(job.inputs["colour"])}

    def registry(self) -> Registry:
        registry = Registry()
        registry.handles("book.bind")(self.bind)
        return registry


@dataclass(frozen=True)
class Visitor:
    """Somebody who asks; every answer is looked at as JSON:API wants it."""

    house: System
    headers: dict[str, str]
    id: str = ""

    async def ask(self, method: str, path: str, document: Any = None, **headers: str) -> httpx.Response:
        """One request; `headers` have underscores for hyphens. `path` is below the base, or a link of an answer."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {**self.headers, **({"content-type": MEDIA} if document is not None else {}), **given}
        address = path if path.startswith("/") else BASE + path
        answer = await self.house.client.request(method, address, json=document, headers=sent)
        if answer.content and answer.headers["content-type"].startswith(MEDIA):
            conforms(answer.json(), answer.status_code, re.findall(r"fields\[(\w+)\]=", path))
        return answer

    async def get(self, path: str, **headers: str) -> httpx.Response:
        return await self.ask("GET", path, **headers)

    async def data(self, path: str) -> Any:
        """The primary data at an address that answers 200."""
        answer = await self.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    async def make(self, kind: str, links: dict[str, tuple[str, str]] | None = None, **attributes: Any) -> str:
        """A resource; its id."""
        answer = await self.ask("POST", kind, body(kind, attributes, links))
        assert answer.status_code == 201, answer.text
        return str(answer.json()["data"]["id"])

    async def atomic(self, *operations: dict[str, Any], path: str = "operations", **headers: str) -> httpx.Response:
        """Several operations in one request."""
        given = {"content_type": ATOMIC, **headers}
        return await self.ask("POST", path, {"atomic:operations": list(operations)}, **given)


def body(
    kind: str,
    attributes: dict[str, Any] | None = None,
    links: dict[str, tuple[str, str] | None] | None = None,
    row: str | None = None,
) -> dict[str, Any]:
    """The document of a resource."""
    data: dict[str, Any] = {"type": kind, "attributes": attributes or {}}
    if row is not None:
        data["id"] = row
    if links:
        data["relationships"] = {name: {"data": identifier(link)} for name, link in links.items()}
    return {"data": data}


def identifier(link: tuple[str, str] | None) -> dict[str, str] | None:
    """A resource identifier object."""
    return None if link is None else {"type": link[0], "id": link[1]}


def problem(answer: httpx.Response) -> tuple[int, str, str | None]:
    """Status, code, and what the first error of an answer points at: a pointer, or a parameter."""
    first = answer.json()["errors"][0]
    source = first.get("source", {})
    return answer.status_code, first["code"], source.get("pointer", source.get("parameter"))


def everything(house: System) -> dict[str, list[tuple[Any, ...]]]:
    """All that is kept, to see that nothing has changed."""
    read = house.store.database.read
    tables = read("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'")
    return {name: read(f"SELECT * FROM {name} ORDER BY 1") for (name,) in tables}


async def library(tmp_path: Path, binder: Binder | None = None) -> System:
    """A system with the library; nothing is bound until its bus is started."""
    return await system(tmp_path, FILES, (binder or Binder()).registry())


async def visitor(house: System, name: str, *, operator: bool = False) -> Visitor:
    """A person of this name."""
    actor, headers = await house.person(name, operator=operator)
    return Visitor(house, headers, str(actor.id))
