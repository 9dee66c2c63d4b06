"""A server that is killed while the engine makes something for it: the engine goes on, and is done after the next start."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.crash.processes import TOKEN, Process, free_port
from tests.crash.test_kill_storm import SERVICES, SOCKET, Storm, engine_left_clean, in_engine, publish

__all__ = ["engine_left_clean"]


class SlowEngine:
    """The real engine behind a socket that holds up the first call of a kind until the second comes, caller or no caller."""

    def __init__(self, path: Path, call: bytes) -> None:
        self.path, self.asked = path, asyncio.Event()
        self._call = call
        self._again, self._made = asyncio.Event(), asyncio.Event()

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """Listen; whoever is still connected at the end is cut off."""
        connections: set[asyncio.Task[None]] = set()

        def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            connections.add(asyncio.create_task(self._connection(reader, writer)))

        server = await asyncio.start_unix_server(accept, self.path)
        try:
            yield
        finally:
            server.close()
            for each in connections:
                each.cancel()
            await asyncio.gather(*connections, return_exceptions=True)

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        back, forth = await asyncio.open_unix_connection(SOCKET)
        held = asyncio.Event()
        answers = asyncio.create_task(self._answers(back, writer, held))
        try:
            while data := await reader.read(65536):  # a request may come in pieces: none waits for an answer here
                if self._call in data.partition(b"\r\n")[0] and await self._hold_up():
                    held.set()
                forth.write(data)
                await forth.drain()
            forth.write_eof()
            await answers
        finally:
            answers.cancel()
            for each in (forth, writer):
                each.transport.abort()
            await asyncio.gather(answers, return_exceptions=True)

    async def _hold_up(self) -> bool:
        """The first call waits for the second to be asked, the second for the first to be answered."""
        if not self.asked.is_set():
            self.asked.set()
            await self._again.wait()
            return True
        self._again.set()
        await self._made.wait()
        return False

    async def _answers(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, held: asyncio.Event) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65536):
                if held.is_set():
                    self._made.set()
                writer.write(data)
                await writer.drain()
            writer.write_eof()


@pytest.mark.parametrize("call", [b"/containers/create", b"/networks/create"])
async def test_what_the_engine_made_for_a_server_that_was_killed_is_adopted(
    tmp_path: Path, engine_left_clean: set[str], call: bytes
) -> None:
    engine = SlowEngine(tmp_path / "engine.sock", call)
    server = Process(tmp_path / "data", "all", "server", free_port(), HOSTER_NODES_LOCAL_SOCKET=str(engine.path))
    headers = {"authorization": f"Bearer {TOKEN}", "content-type": "application/vnd.api+json"}
    async with engine.serving(), httpx.AsyncClient(base_url=f"{server.url}/api/v1", headers=headers, timeout=30) as http:
        storm = Storm(http, 0)
        try:
            await asyncio.to_thread(server.ready)
            await publish(storm, call.decode().replace("/", " ").strip())
            deployment = await storm.create("slow")
            assert deployment is not None
            await storm.insist("POST", f"/deployments/{deployment}/start")
            await asyncio.wait_for(engine.asked.wait(), 10)
            await asyncio.to_thread(server.kill)
            await asyncio.to_thread(server.ready)
            assert await storm.rest(deployment, 60) == "running", storm.failures
            left = await asyncio.to_thread(in_engine, {deployment})
            assert sorted(each["Labels"]["hoster.service"] for each in left.containers) == sorted(SERVICES)
            assert len(left.networks) == 1
        finally:
            server.kill()
