"""`python -m bench streams`: what idle event streams cost one process: memory, and work for each write of somebody else.

A thousand users, each with a token and a stream over a connection of its own, listen to a server that is told nothing of
them. Then one user writes, with and without the others listening, and each write comes back over that user's stream.
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from statistics import median, quantiles

import orjson

from bench.alone import HOST, Server, people

MEGABYTE = 1024 * 1024
LIMIT = 200 * MEGABYTE
SETTLE = 2.0
"""Seconds until the garbage of so many connections is gone."""


class Stream:
    """One open event stream. `seen` gets the text of a row, and when it came."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self.writer = reader, writer

    @classmethod
    async def open(cls, port: int, token: str) -> Stream:
        """Connect, and wait until it is ready."""
        reader, writer = await asyncio.open_connection(HOST, port)
        head = (
            f"GET /api/v1/events HTTP/1.1\r\nHost: {HOST}\r\nAccept: text/event-stream\r\nAuthorization: Bearer {token}\r\n\r\n"
        )
        writer.write(head.encode())
        await reader.readuntil(b"event: ready\n")
        return cls(reader, writer)

    async def names(self) -> AsyncIterator[str]:
        """The names of rows as they come."""
        while line := await self._reader.readline():
            if line.startswith(b"data: ") and b'"resource"' in line:
                yield orjson.loads(line[6:])["resource"]["attributes"]["name"]


class Writer:
    """One user who writes over a connection that stays open."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, token: str) -> None:
        self._reader, self._writer, self._token = reader, writer, token

    async def create(self, name: str) -> None:
        """Make a private row."""
        body = orjson.dumps({"data": {"type": "bench_items", "attributes": {"name": name, "version": "1.0.0"}}})
        head = (
            f"POST /api/v1/bench_items HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: application/vnd.api+json\r\n"
            f"Authorization: Bearer {self._token}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        self._writer.write(head.encode() + body)
        answer = await self._reader.readuntil(b"\r\n\r\n")
        if not answer.startswith(b"HTTP/1.1 201"):
            raise SystemExit(f"a write failed: {answer.decode()}")
        length = int(answer.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
        await self._reader.readexactly(length)


async def writes(server: Server, token: str, count: int) -> tuple[float, list[float]]:
    """CPU milliseconds of the server for each write, and how long each took from the request to the writer's stream."""
    stream = await Stream.open(server.port, token)
    writer = Writer(*await asyncio.open_connection(HOST, server.port), token)
    names, taken, cpu = stream.names(), [], server.cpu
    for number in range(count):
        begun = time.perf_counter()
        await writer.create(f"item {number}")
        while await anext(names) != f"item {number}":
            continue
        taken.append(time.perf_counter() - begun)
    spent = (server.cpu - cpu) / count * 1000
    stream.writer.close()
    return spent, taken


async def measure(count: int, rounds: int, port: int) -> bool:
    """Print the figures; whether memory keeps to its limit."""
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder), port)
        async with server.assembled() as hoster:
            tokens = [token for _, token in await people(hoster, count + 1)]
        await server.start()
        await writes(server, tokens[-1], 20)
        alone, quick = await writes(server, tokens[-1], rounds)
        before = server.memory
        streams = await asyncio.gather(*[Stream.open(port, token) for token in tokens[:-1]])
        await asyncio.sleep(SETTLE)
        held = server.memory
        idle = server.cpu
        await asyncio.sleep(SETTLE)
        idle = (server.cpu - idle) / SETTLE
        together, slower = await writes(server, tokens[-1], rounds)
        peak = server.memory
        stopping = await server.stop()
        for stream in streams:
            stream.writer.close()
    print(f"memory      {before / MEGABYTE:6.1f} MB without, {held / MEGABYTE:6.1f} MB with {count} idle streams,", end=" ")
    print(f"{peak / MEGABYTE:.1f} MB after {rounds} writes; {(held - before) / count / 1024:.1f} KB a stream")
    print(f"idle        {idle * 100:6.1f} % of a processor")
    print(f"a write     {alone:6.2f} ms of CPU without, {together:.2f} ms with them")
    print(f"to a stream {median(quick) * 1000:6.2f} ms p50 without, {median(slower) * 1000:.2f} ms with them,", end=" ")
    print(f"{quantiles(slower, n=100)[98] * 1000:.2f} ms p99")
    print(f"stopped in  {stopping:6.2f} s with all of them open")
    return peak < LIMIT


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure; 1 when the memory limit is exceeded."""
    parser = argparse.ArgumentParser(prog="python -m bench streams", description=__doc__.splitlines()[0])
    parser.add_argument("--streams", type=int, default=1000, help="how many (1000)")
    parser.add_argument("--writes", type=int, default=300, help="how many writes are measured (300)")
    parser.add_argument("--port", type=int, default=21040, help="the port of the server (21040)")
    given = parser.parse_args(arguments)
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    return 0 if asyncio.run(measure(given.streams, given.writes, given.port)) else 1


if __name__ == "__main__":
    sys.exit(main())
