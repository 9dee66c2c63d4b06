"""One line for each request, and who asked in every line that is written on the way."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine import logs
from engine.commands.job import Job
from engine.commands.registry import Registry
from tests.operations.assembled import OPERATOR, TOKEN, assembled
from tests.support import shut, system

TASKS = {
    "tasks": """
    attributes: {name: {type: string, required: true}}
    lifecycle:
      initial: idle
      states: {idle: {}, busy: {run: tasks.run, then: idle, else: idle, within: 1m}}
      transitions: {run: {from: idle, to: busy}}
    access: {read: user.known, create: user.known}
    """
}


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What is logged as JSON, from info on."""
    root, hooks = logging.getLogger(), (threading.excepthook, __import__("sys").unraisablehook)
    level, handlers, stream = root.level, list(root.handlers), io.StringIO()
    logs.configure("info", "json", stream)
    yield stream
    logging.captureWarnings(False)
    threading.excepthook, __import__("sys").unraisablehook = hooks
    for handler in [each for each in root.handlers if each not in handlers]:
        root.removeHandler(handler)
    root.setLevel(level)


def lines(written: io.StringIO) -> list[dict[str, Any]]:
    """Every line, each a JSON object."""
    return [json.loads(line) for line in written.getvalue().splitlines()]


async def test_each_request_writes_one_line_with_id_actor_and_row(tmp_path: Path, written: io.StringIO) -> None:
    async with assembled(tmp_path, HOSTER_LOG_REQUESTS="info") as (_, asking):
        answer = await asking.get("/api/v1/plans?filter[name]=hunter2", headers=OPERATOR | {"x-request-id": "mine-1"})
        assert answer.headers["x-request-id"] == "mine-1"
        row = (await asking.get("/api/v1/plans", headers=OPERATOR)).json()["data"][0]["id"]
        await asking.get(f"/api/v1/plans/{row}", headers=OPERATOR)
        await asking.get("/api/v1/nothing%0A%7B%7D/x")
    told = [line for line in lines(written) if line["logger"] == "hoster.requests"]
    assert len(told) == 4
    assert told[0]["message"] == "GET /api/v1/plans"
    assert told[0]["request_id"] == "mine-1"
    assert told[0]["actor"].startswith("user_")
    assert told[0]["status"] == 200
    assert told[0]["peer"] == "127.0.0.1"
    assert 0 < told[0]["ms"] < 10_000
    assert told[2]["row"] == f"plans/{row}"
    assert told[3]["status"] == 404
    assert "nothing\n{}" in told[3]["message"]
    assert told[3]["actor"] == "anonymous"
    assert "hunter2" not in written.getvalue()
    assert TOKEN not in written.getvalue()


async def test_by_default_requests_write_nothing(tmp_path: Path, written: io.StringIO) -> None:
    async with assembled(tmp_path) as (_, asking):
        await asking.get("/api/v1/plans", headers=OPERATOR)
    assert not [line for line in lines(written) if line["logger"] == "hoster.requests"]


async def test_an_error_says_whose_request_it_was(
    tmp_path: Path, written: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with assembled(tmp_path) as (hoster, asking):
        row = (await asking.get("/api/v1/plans", headers=OPERATOR)).json()["data"][0]["id"]

        def broken(*_: object, **__: object) -> None:
            raise RuntimeError("broken on purpose")

        monkeypatch.setattr(hoster.store, "find", broken)
        monkeypatch.setattr(hoster.service, "get", broken)
        answer = await asking.get(f"/api/v1/plans/{row}", headers=OPERATOR | {"x-request-id": "mine-2"})
    assert answer.status_code == 500
    assert "on purpose" not in answer.text
    (line,) = [line for line in lines(written) if line["level"] == "error"]
    assert line["request_id"] == "mine-2"
    assert line["row"] == f"plans/{row}"
    assert line["actor"].startswith("user_")
    assert "broken on purpose" in line["exception"]


async def test_requests_at_the_same_time_do_not_speak_for_each_other(written: io.StringIO) -> None:
    async def ask(number: int) -> None:
        logs.about({"request_id": f"req-{number}"})
        for _ in range(5):
            await asyncio.sleep(0)
            logging.getLogger("test").info("%d", number)

    await asyncio.gather(*(asyncio.create_task(ask(number)) for number in range(20)))
    assert len(lines(written)) == 100
    assert all(line["request_id"] == f"req-{line['message']}" for line in lines(written))


async def test_the_database_writes_for_many_and_speaks_for_none(tmp_path: Path, written: io.StringIO) -> None:
    running = await system(tmp_path, {})

    def work(unit: Any) -> None:
        logging.getLogger("test").info("inside")

    async def ask() -> None:
        logs.about({"request_id": "mine-3"})
        await running.write(work)

    await asyncio.create_task(ask())
    await shut(running)
    (line,) = [line for line in lines(written) if line["message"] == "inside"]
    assert "request_id" not in line


async def test_what_a_handler_logs_says_its_command_and_row(tmp_path: Path, written: io.StringIO) -> None:
    registry = Registry()

    @registry.handles("tasks.run")
    async def run(job: Job) -> dict[str, Any]:
        logging.getLogger("mine").info("At work")
        return {}

    running = await system(tmp_path, TASKS, registry)
    person, _ = await running.person("anna")
    row = (await running.service.create(person, "tasks", {"name": "a"}, {})).record.id
    await running.service.fire(person, "tasks", row, "run", {})
    await running.bus.start()
    await running.until(lambda: running.commands("status") == [("done",)])
    await running.bus.stop()
    await shut(running)
    (line,) = [line for line in lines(written) if line["logger"] == "mine"]
    assert line["command"] == "tasks.run#1"
    assert line["row"] == f"tasks/{row}"


def test_warnings_and_errors_of_threads_are_lines_too(written: io.StringIO) -> None:
    logs.take_over_python()
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(True)
        warnings.warn("old\nways", DeprecationWarning, stacklevel=1)
    thread = threading.Thread(target=lambda: {}["missing"])
    thread.start()
    thread.join()
    warning, error = lines(written)
    assert warning["logger"] == "py.warnings"
    assert "old" in warning["message"]
    assert error["level"] == "error"
    assert "KeyError" in error["exception"]
