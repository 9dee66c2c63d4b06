"""A server over a small application, and raw sockets that talk to it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import uvicorn

from engine.server.protocol import Limits, bounded

Application = Callable[[Any, Any, Any], Awaitable[None]]

PATIENCE = 10.0


@dataclass
class Address:
    """Where it listens."""

    port: int
    connections: list[Connection] = field(default_factory=list)

    async def connect(self) -> Connection:
        """A new connection, closed with the server at the latest."""
        connection = Connection(*await asyncio.open_connection("127.0.0.1", self.port))
        self.connections.append(connection)
        return connection

    async def ask(self, data: bytes) -> tuple[int, bytes]:
        """Send `data` on a connection of its own; the first status, and everything up to the end of the connection."""
        connection = await self.connect()
        await connection.send(data)
        return await connection.status_and_rest()


class Connection:
    """One raw connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def send(self, data: bytes) -> None:
        """Send without waiting for an answer; that the server has closed already shows when its answer is read."""
        self.writer.write(data)
        with contextlib.suppress(ConnectionError):
            await self.writer.drain()

    async def rest(self) -> bytes:
        """Everything until the server closes."""
        async with asyncio.timeout(PATIENCE):
            return await self.reader.read()

    async def close(self) -> None:
        """End it from this side."""
        self.writer.close()
        with contextlib.suppress(ConnectionError):
            await self.writer.wait_closed()

    async def status_and_rest(self) -> tuple[int, bytes]:
        """As `rest`, with the first status."""
        read = await self.rest()
        return (int(read.split(b" ", 2)[1]) if read else 0), read

    async def response(self) -> tuple[int, bytes]:
        """One response with a content-length."""
        async with asyncio.timeout(PATIENCE):
            head = await self.reader.readuntil(b"\r\n\r\n")
            length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
            return int(head.split(b" ", 2)[1]), await self.reader.readexactly(length)


def error(read: bytes) -> dict[str, Any]:
    """The error of the last response in `read`, which must be a JSON:API document and end the connection."""
    *_, start = re.finditer(rb"HTTP/1\.1 [0-9]{3} ", read)
    head, _, body = read[start.start() :].partition(b"\r\n\r\n")
    assert b"content-type: application/vnd.api+json" in head
    assert b"connection: close" in head
    (problem,) = json.loads(body)["errors"]
    assert problem["status"].encode() == head.split(b" ", 2)[1]
    return problem


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Answers with the path, and how long the body was."""
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        size, more = size + len(message.get("body", b"")), message.get("more_body", False)
    body = f"{scope['method']} {scope['path']} {size}".encode()
    await reply(send, 200, body)


async def reply(send: Any, status: int, body: bytes) -> None:
    """A response of one piece."""
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@contextlib.asynccontextmanager
async def served(application: Application = echo, *, keep_alive: int = 5, **limits: Any) -> AsyncIterator[Address]:
    """A server with these limits, which keeps a connection without requests for so many seconds."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen()
    config = uvicorn.Config(
        application,
        http=bounded(Limits(**limits)),
        ws="none",
        loop="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        timeout_keep_alive=keep_alive,
    )
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup([listening])
    try:
        address = Address(listening.getsockname()[1])
        yield address
    finally:
        for connection in address.connections:
            await connection.close()
        server.config.timeout_graceful_shutdown = 1
        await server.shutdown([listening])
