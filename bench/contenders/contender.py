"""What a contender is, and the work that all of them do."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import httpx

from bench.items import attributes
from bench.processes import BenchError, Launch
from bench.wrk import Operation, Request

CLIENTS = 8
SAMPLE = 2_000
CHANGES = 6_000
NEW_ROW = 10_001


@dataclass(frozen=True)
class Seeded:
    """What the seeded data needs to be used: the user's token, the user's id, and the ids of the rows."""

    token: str
    user: str
    ids: tuple[str, ...]


class Contender(Protocol):
    """One server under test."""

    @property
    def name(self) -> str:
        """Its name in the tables."""

    def missing(self) -> str | None:
        """What has to be installed first, None when nothing is."""

    def launch(self, directory: Path, port: int) -> Launch:
        """How it serves the data in `directory` on `port`."""

    def seed(self, directory: Path, port: int, rows: int) -> Seeded:
        """Fill the empty `directory` with `rows` rows."""

    def operations(self, seeded: Seeded) -> Sequence[Operation]:
        """The work, in the order get, list, create, patch, move; a contender without lifecycles has no move."""


@dataclass(frozen=True)
class Paths:
    """Where a contender keeps the items: the collection, and the query of the measured list."""

    collection: str
    query: str


def common_operations(
    paths: Paths, seeded: Seeded, headers: Mapping[str, str], write: Any, statuses: tuple[int, int] = (201, 200)
) -> list[Operation]:
    """GET, LIST, CREATE and PATCH; `write(values, row_id)` makes a body, `statuses` are those of create and patch.

    Every PATCH changes the price, so that no server may find that there is nothing to do.
    """
    chosen = random.Random(1).sample(seeded.ids, min(SAMPLE, len(seeded.ids)))
    new_row = json.dumps(write(attributes(NEW_ROW), None))
    changes = [(chosen[number % len(chosen)], {"price": 10_000 + number}) for number in range(CHANGES)]
    created, patched = statuses
    where = paths.collection
    return [
        Operation("get", tuple(Request("GET", f"{where}/{each}") for each in chosen), headers, 200),
        Operation("list", (Request("GET", f"{where}?{paths.query}"),) * 2, headers, 200, rows=30),
        Operation("create", (Request("POST", where, new_row),) * 2, headers, created),
        Operation(
            "patch",
            tuple(Request("PATCH", f"{where}/{each}", json.dumps(write(values, each))) for each, values in changes),
            headers,
            patched,
        ),
    ]


def move_operation(paths: Paths, seeded: Seeded, headers: Mapping[str, str], status: int) -> Operation:
    """Fire `go` once on every row."""
    return Operation(
        "move", tuple(Request("POST", f"{paths.collection}/{each}/go") for each in seeded.ids), headers, status, once=True
    )


def create_rows(url: str, path: str, headers: Mapping[str, str], bodies: Sequence[Any]) -> tuple[str, ...]:
    """Create rows through a contender's own API, a few at a time, and return their ids in order."""
    return asyncio.run(_create_rows(url, path, headers, bodies))


async def _create_rows(url: str, path: str, headers: Mapping[str, str], bodies: Sequence[Any]) -> tuple[str, ...]:
    ids = [""] * len(bodies)
    waiting = iter(enumerate(bodies))
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=60) as client:

        async def work() -> None:
            for number, body in waiting:
                response = await client.post(path, content=json.dumps(body))
                created = answered(response)
                ids[number] = created.get("data", created)["id"]

        async with asyncio.TaskGroup() as group:
            for _ in range(CLIENTS):
                group.create_task(work())
    return tuple(ids)


def answered(response: httpx.Response) -> Any:
    """The JSON of a 2xx answer."""
    if not response.is_success:
        raise BenchError(f"{response.request.method} {response.url} answered {response.status_code}: {response.text[:500]}")
    return response.json()
