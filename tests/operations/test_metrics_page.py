"""`/metrics` of a whole system: who may read it, what it shows, and that the page about operations names it all."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from engine.access import SYSTEM
from engine.commands.job import Job, Retry
from engine.commands.registry import Registry
from engine.metrics import Metrics, system
from tests.docs.pages import page, rows
from tests.operations.assembled import OPERATOR, assembled
from tests.support import shut
from tests.support import system as small_system

PLAN = '{"data": {"type": "plans", "attributes": {"name": "p", "title": "P"}}}'

TASKS = {
    "tasks": """
    attributes: {name: {type: string, required: true}}
    lifecycle:
      initial: idle
      states:
        idle: {}
        busy: {run: tasks.run, then: done, else: broken, within: 1m, retry: {attempts: 2, delay: 1ms, max_delay: 1ms}}
        done: {}
        broken: {}
      transitions: {run: {from: idle, to: busy}}
    access: {read: user.known, create: user.known}
    """
}


def values(text: str) -> dict[tuple[str, str], float]:
    """Samples by name and their labels as text."""
    return {
        (
            sample.name,
            ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()) if name != "le"),
        ): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def shown(asking: httpx.AsyncClient) -> dict[tuple[str, str], float]:
    """What the page shows now."""
    answer = await asking.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    return values(answer.text)


async def test_requests_and_writes_are_counted(tmp_path: Path) -> None:
    async with assembled(tmp_path) as (_, asking):
        before = await shown(asking)
        for _ in range(3):
            assert (await asking.get("/api/v1/plans", headers=OPERATOR)).status_code == 200
        assert (await asking.get("/api/v1/plans/none", headers=OPERATOR)).status_code == 404
        assert (await asking.get("/api/v1/made-up/x")).status_code == 404
        assert (await asking.get("/api/v2/plans")).status_code == 404
        assert (await asking.post("/api/v1/plans", headers=OPERATOR, content=PLAN)).status_code in (201, 422)
        after = await shown(asking)
    assert after["hoster_request_seconds_count", "method=GET,status=2xx,type=plans"] == 3
    assert after["hoster_request_seconds_count", "method=GET,status=4xx,type=plans"] >= 1
    assert after["hoster_request_seconds_count", "method=GET,status=4xx,type=other"] == 1
    written = after["hoster_writes_total", ""] + after["hoster_writes_failed_total", ""]
    assert written > before["hoster_writes_total", ""] + before["hoster_writes_failed_total", ""]
    assert after["hoster_events_newest", ""] >= before["hoster_events_newest", ""] > 0
    assert after["process_resident_memory_bytes", ""] > 10_000_000
    assert not any("made-up" in labels for _, labels in after)


async def test_commands_are_counted_by_name_and_how_they_ended(tmp_path: Path) -> None:
    registry = Registry()
    outcomes: list[Any] = [{}, RuntimeError("broken on purpose"), Retry("Busy")]

    @registry.handles("tasks.run")
    async def run(job: Job) -> dict[str, Any]:
        outcome = outcomes[0] if job.row["name"] == "good" else outcomes[job.attempt]
        if isinstance(outcome, Exception):
            raise outcome
        return dict(outcome)

    running = await small_system(tmp_path, TASKS, registry)
    person, _ = await running.person("anna")
    rows_ = [(await running.service.create(person, "tasks", {"name": name}, {})).record.id for name in ("good", "bad")]
    for row in rows_:
        await running.service.fire(person, "tasks", row, "run", {})
    metrics = Metrics(["tasks"])
    metrics.add(lambda: system.queue(running.store.database, running.store.ambient.time))
    metrics.add(lambda: system.commands(running.bus.results))
    assert values(metrics.text().decode())["hoster_commands_waiting", ""] == 2
    await running.bus.start()
    await running.until(lambda: {running.state("tasks", row) for row in rows_} == {"done", "broken"})
    await running.bus.stop()
    found = values(metrics.text().decode())
    await shut(running)
    assert {key: value for key, value in found.items() if key[0] == "hoster_command_seconds_count"} == {
        ("hoster_command_seconds_count", "name=tasks.run,outcome=done"): 1,
        ("hoster_command_seconds_count", "name=tasks.run,outcome=retried"): 1,
        ("hoster_command_seconds_count", "name=tasks.run,outcome=failed"): 1,
    }
    assert found["hoster_commands_waiting", ""] == found["hoster_commands_running", ""] == 0


async def test_waits_for_the_lock_are_counted(tmp_path: Path) -> None:
    running = await small_system(tmp_path, {})
    other = sqlite3.connect(running.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    asyncio.get_running_loop().call_later(0.05, other.execute, "COMMIT")
    await running.write(lambda unit: None)
    other.close()
    figures = running.store.database.figures
    await shut(running)
    assert figures.lock_waits.count == 1
    assert figures.lock_waits.total >= 0.03


async def test_slow_reads_are_counted(tmp_path: Path) -> None:
    running = await small_system(tmp_path, {})
    slow = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000) SELECT count(*) FROM n"
    assert await running.store.database.query(slow) == [(300_000,)]
    figures = running.store.database.figures
    await shut(running)
    assert figures.slow_reads.count == 1


@pytest.mark.parametrize("header", ["x-forwarded-for", "forwarded", "x-real-ip", "via"])
async def test_by_default_only_programs_of_this_machine_may_read_them(tmp_path: Path, header: str) -> None:
    async with assembled(tmp_path) as (_, asking):
        assert (await asking.get("/metrics")).status_code == 200
        answer = await asking.get("/metrics", headers={header: "127.0.0.1", **OPERATOR})
        assert answer.status_code == 404
        assert "hoster_" not in answer.text


@pytest.mark.parametrize(("peer", "status"), [("127.0.0.9", 200), ("::1", 200), ("::ffff:127.0.0.1", 200), ("192.0.2.1", 404)])
async def test_the_address_of_the_peer_decides(tmp_path: Path, peer: str, status: int) -> None:
    async with assembled(tmp_path, peer) as (_, asking):
        assert (await asking.get("/metrics")).status_code == status


async def test_with_a_token_only_operators_may_read_them(tmp_path: Path) -> None:
    async with assembled(tmp_path, HOSTER_METRICS_ACCESS="token") as (hoster, asking):
        assert (await asking.get("/metrics")).status_code == 401
        assert (await asking.get("/metrics", headers={"authorization": "Bearer wrong"})).status_code == 401
        assert (await asking.get("/metrics", headers=OPERATOR)).status_code == 200
        user = await hoster.tokens.user_for("anna@example.org")
        token = await hoster.store.write(SYSTEM, lambda unit: hoster.tokens.create(unit, user, "test"))
        answer = await asking.get("/metrics", headers={"authorization": f"Bearer {token}"})
        assert answer.status_code == 403
        assert "hoster_" not in answer.text


async def test_public_metrics_are_for_anybody(tmp_path: Path) -> None:
    async with assembled(tmp_path, "192.0.2.1", HOSTER_METRICS_ACCESS="public") as (_, asking):
        assert (await asking.get("/metrics")).status_code == 200


async def test_every_metric_is_in_the_page_and_no_other(tmp_path: Path) -> None:
    async with assembled(tmp_path) as (hoster, _):
        families = {family.name: family for family in hoster.metrics.families()}
    told = {line[0].strip("`"): line for line in rows(page("operations"), "Metrics")}
    assert set(told) == set(families)
    for name, family in families.items():
        assert told[name][1] == family.kind
