"""`python -m bench rows`: what a list costs when a hundred times as many rows lie beside those that one may see.

Two servers with the same thousand owners, one with ten thousand rows, one with a million. In turns, the owners ask each for a
page: of what is theirs or public, newest first; the dearest of it; with its total; and of one that only owners see.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from bench.alone import HOST, Server, people
from bench.items import attributes
from engine.access import SYSTEM
from engine.app import Hoster
from engine.store import Unit

OWNERS = 1000
MOST = 3.0
"""How many times as long the slowest hundredth may take among a million rows."""

PUBLISHED = 1000
"""One row of so many is public; the others are their owners'."""

LISTS = {
    "newest": "bench_items?page[size]=30",
    "dearest": "bench_items?sort=-price&page[size]=30",
    "filtered": "bench_items?filter[price][ge]=9000&sort=price&page[size]=30",
    "own": "bench_diaries?page[size]=30",
    "own, sorted": "bench_diaries?sort=-price&page[size]=30",
    "own, total": "bench_diaries?page[total]=true&page[size]=30",
}


class Client:
    """One connection that stays open, and asks one thing after the other."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def get(self, path: str, token: str) -> float:
        """Ask for a page; the seconds until all of it was there."""
        begun = time.perf_counter()
        self._writer.write(f"GET /api/v1/{path} HTTP/1.1\r\nHost: {HOST}\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
        head = await self._reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise SystemExit(f"a list failed: {head.decode()}")
        await self._reader.readexactly(int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0]))
        return time.perf_counter() - begun


def rows(hoster: Hoster, type_name: str, owners: Sequence[str], count: int) -> Iterator[list[Any]]:
    """Rows as the table has them, spread over the owners; times and ids of a day each second."""
    kind = hoster.store.kind(type_name)
    layout, known = kind.layout, kind.resource.attributes
    began = hoster.store.ambient.time() - count
    for number in range(count):
        values = {**dict.fromkeys(layout.names), **attributes(number), "published": number % PUBLISHED == 0}
        values |= {"id": hoster.store.ambient.id(kind.resource.id_prefix, began + number), "_version": 1}
        values |= {"created_at": hoster.store.now, "updated_at": hoster.store.now, "status": "new"}
        values["owner"] = owners[number * 7919 % len(owners)]
        wanted = {name: values[name] if name in values or name in known else None for name in layout.names}
        yield [layout.encode(name, value, values["id"]) for name, value in wanted.items()]


MULTIPLY = """
INSERT INTO "{table}" ({columns})
SELECT ? || lower(hex(randomblob(13))), {others} FROM "{table}",
(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) SELECT i FROM n)
"""
"""Each row so many times more, under other ids."""


async def fill(server: Server, few: int, times: int) -> list[str]:
    """Owners, a few rows of each type, and all of those so many times; the tokens of the owners."""
    async with server.assembled() as hoster:
        owners = await people(hoster, OWNERS)
        for type_name in ("bench_items", "bench_diaries"):
            kind = hoster.store.kind(type_name)
            made = list(rows(hoster, type_name, [each for each, _ in owners], few))
            names = [f'"{name}"' for name in kind.layout.names]
            more = MULTIPLY.format(table=type_name, columns=", ".join(names), others=", ".join(names[1:]))

            def work(unit: Unit, by: str = kind.insert, of: list[list[Any]] = made, more: str = more) -> None:
                for row in of:
                    unit.transaction.one(by, row)
                if times > 1:
                    prefix = kind.resource.id_prefix  # noqa: B023 - it is called before the next turn
                    unit.transaction.run(more, (prefix, times - 1))

            await hoster.store.write(SYSTEM, work)
            print(f"{few * times} rows of {type_name}", file=sys.stderr, flush=True)
    return [token for _, token in owners]


async def measure(small: int, large: int, rounds: int, port: int) -> bool:
    """Print the figures; whether every list keeps to its limit."""
    with tempfile.TemporaryDirectory() as folder:
        servers = {count: Server(Path(folder) / str(count), port + place) for place, count in enumerate((small, large))}
        tokens = {count: await fill(server, small, count // small) for count, server in servers.items()}
        clients: dict[int, Client] = {}
        for count, server in servers.items():
            await server.start()
            clients[count] = Client(*await asyncio.open_connection(HOST, server.port))
        kept = [await _compare(name, path, clients, tokens, rounds) for name, path in LISTS.items()]
        for server in servers.values():
            await server.stop()
    return all(kept)


async def _compare(name: str, path: str, clients: dict[int, Client], tokens: dict[int, list[str]], rounds: int) -> bool:
    taken: dict[int, list[float]] = {count: [] for count in clients}
    for number in range(rounds + 50):
        who = random.randrange(OWNERS)
        for count, client in clients.items():
            seconds = await client.get(path, tokens[count][who])
            if number >= 50:
                taken[count].append(seconds * 1000)
    few, many = taken.values()
    slow = [quantiles(each, n=100)[98] for each in (few, many)]
    print(
        f"{name:12} p50 {median(few):6.2f} → {median(many):6.2f} ms   p99 {slow[0]:6.2f} → {slow[1]:6.2f} ms   "
        f"{slow[1] / slow[0]:5.2f}×",
        flush=True,
    )
    return slow[1] <= MOST * slow[0]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure; 1 when a list takes too long among many rows."""
    parser = argparse.ArgumentParser(prog="python -m bench rows", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--few", type=int, default=10_000, help="rows of each type on the first server (10000)")
    parser.add_argument("--many", type=int, default=1_000_000, help="rows of each type on the second (1000000)")
    parser.add_argument("--rounds", type=int, default=500, help="pages of each list that are measured (500)")
    parser.add_argument("--port", type=int, default=21045, help="the port of the first server, the second has the next (21045)")
    given = parser.parse_args(arguments)
    return 0 if asyncio.run(measure(given.few, given.many, given.rounds, given.port)) else 1


if __name__ == "__main__":
    sys.exit(main())
