"""The end of a real process: what is open is told, what runs may finish, and all of it within one bound of time."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import sqlite3
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.crash.processes import PATIENCE, Process, client, free_port
from tests.operations.assembled import assembled

HERE = Path(__file__).parent


@dataclass
class Running:
    """A process that serves, and the folder that its functions look at."""

    process: Process
    folder: Path
    data: Path

    def release(self) -> None:
        """Let what waits go on."""
        (self.folder / "release").touch()

    def until(self, condition: Callable[[], bool]) -> None:
        """Wait for another process to do something."""
        end = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < end, self.process.output()
            time.sleep(0.01)

    def until_told(self, name: str) -> None:
        """Wait until a function has begun."""
        self.until((self.folder / name).exists)

    def probe(self) -> str:
        """A new row; its address."""
        with client(self.process.url) as asking:
            document = {"data": {"type": "ops_probes", "attributes": {"name": "a"}}}
            answer = asking.post("/ops_probes", content=json.dumps(document))
            assert answer.status_code == 201, answer.text
            return str(answer.json()["data"]["links"]["self"]).removeprefix("/api/v1")

    def commands(self) -> list[tuple[str, str]]:
        """Name and status of the commands on probes, read from the file."""
        with contextlib.closing(sqlite3.connect(self.data / "hoster.db")) as database:
            return database.execute("SELECT name, status FROM _commands WHERE type = 'ops_probes'").fetchall()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Running]]:
    started: list[Running] = []

    def begin(**environment: str) -> Running:
        folder, data = tmp_path / "folder", tmp_path / "data"
        folder.mkdir()
        process = Process(
            data, "all", "serve", free_port(),
            OPERATIONS_FOLDER=str(folder), HOSTER_EXTENSIONS="tests.operations.extension", HOSTER_NODES_LOCAL_SOCKET="",
            HOSTER_RESOURCES_PATH=str(HERE / "resources"), **environment,
        )  # fmt: skip
        running = Running(process.ready(), folder, data)
        started.append(running)
        return running

    yield begin
    for each in started:
        each.process.kill()


def test_streams_end_at_once_and_say_where_to_go_on(start: Callable[..., Running]) -> None:
    running = start()
    probe = running.probe()
    with client(running.process.url) as asking:
        with (
            asking.stream("GET", "/events", headers={"accept": "text/event-stream"}) as events,
            asking.stream("GET", f"{probe}/lines") as lines,
        ):
            told, told_lines = events.iter_text(), lines.iter_text()
            text = next(told)
            assert next(told_lines) == '{"line":1}\n'
            running.process.terminate()
            began = time.monotonic()
            text += "".join(told)
            assert "".join(told_lines) == ""
        assert "event: end" in text
        assert '"shutdown"' in text
        assert text.rindex("retry: ") < text.rindex("event: end")
        assert "\nid: " in text[text.rindex("retry: ") :]
        assert running.process.wait() == 0
        assert time.monotonic() - began < 5


def test_requests_and_commands_that_run_finish_and_no_more_are_taken(start: Callable[..., Running]) -> None:
    running = start()
    probe = running.probe()
    with client(running.process.url) as asking:
        assert asking.post(f"{probe}/work").status_code == 202
        running.until_told("working")
    answer = asyncio.run(read_across_the_signal(running, probe))
    assert answer.status_code == 200
    assert answer.json()["data"]["attributes"] == {"answered": True}
    assert answer.headers["connection"] == "close"
    assert running.process.wait() == 0
    assert running.commands() == [("operations.work", "done")]


async def read_across_the_signal(running: Running, probe: str) -> httpx.Response:
    """Ask something slow, have the process told to stop, and release it once nobody is let in any more."""
    with client(running.process.url) as settings:
        headers = dict(settings.headers)
    async with httpx.AsyncClient(base_url=f"{running.process.url}/api/v1", headers=headers, timeout=30) as asking:
        task = asyncio.create_task(asking.get(f"{probe}/slow"))
        while not (running.folder / "reading").exists():  # noqa: ASYNC110  another process makes it
            await asyncio.sleep(0.01)
        running.process.terminate()
        while await accepts(running):  # noqa: ASYNC110  another process closes it
            await asyncio.sleep(0.01)
        running.release()
        return await task


async def accepts(running: Running) -> bool:
    """Whether a new connection is accepted."""
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", running.process.port)
    except ConnectionRefusedError:
        return False
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()
    return True


def test_one_bound_of_time_holds_for_all_of_it_and_what_is_cut_off_is_told_or_handed_back(
    start: Callable[..., Running],
) -> None:
    running = start(HOSTER_SERVER_SHUTDOWN_TIMEOUT="3s")
    probe = running.probe()
    with client(running.process.url) as asking:
        assert asking.post(f"{probe}/work").status_code == 202
        running.until_told("working")
        token = asking.headers["authorization"]
    with socket.create_connection(("127.0.0.1", running.process.port), timeout=PATIENCE) as waiting:
        head = f"GET /api/v1{probe}/slow HTTP/1.1\r\nhost: x\r\nauthorization: {token}\r\n\r\n"
        waiting.sendall(head.encode())
        running.until_told("reading")
        running.process.terminate()
        began = time.monotonic()
        answer = b"".join(iter(lambda: waiting.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert b"The server stops" in answer
    assert running.process.wait() == 0
    assert time.monotonic() - began < 4.5
    assert running.commands() == [("operations.work", "waiting")]
    assert "Traceback" not in running.process.output()


async def test_readiness_ends_with_the_signal(tmp_path: Path) -> None:
    async with assembled(tmp_path) as (hoster, asking):
        assert (await asking.get("/ready")).status_code == 200
        hoster.begin_to_stop()
        answer = await asking.get("/ready")
        assert answer.status_code == 503
        assert answer.json()["status"] == "not ready"
        assert answer.json()["checks"]["process"] == "stopping"
        assert (await asking.get("/health")).status_code == 200
