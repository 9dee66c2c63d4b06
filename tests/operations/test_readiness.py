"""`/ready` says which check fails, and to strangers no more than that."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import namedtuple
from pathlib import Path

import pytest

from engine import readiness
from engine.database import StorageFailed
from tests.docs.pages import code_words, page, rows
from tests.operations.assembled import assembled


async def test_a_system_that_is_well_is_ready(tmp_path: Path) -> None:
    async with assembled(tmp_path) as (_, asking):
        answer = await asking.get("/ready")
    assert answer.status_code == 200
    assert answer.json()["status"] == "ready"
    assert set(answer.json()["checks"].values()) == {"ok"}
    assert answer.json()["details"]["waiting_commands"] == 0


async def test_strangers_learn_words_only(tmp_path: Path) -> None:
    async with assembled(tmp_path, "192.0.2.1") as (_, asking):
        answer = await asking.get("/ready")
    assert set(answer.json()) == {"status", "checks"}
    assert all(isinstance(word, str) for word in answer.json()["checks"].values())


async def test_a_database_that_cannot_be_read_is_not_ready_and_says_why_to_none_but_insiders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with assembled(tmp_path) as (hoster, asking):
        with monkeypatch.context() as patch:
            patch.setattr(hoster.database, "read", refuse)
            inside = await asking.get("/ready")
            outside = await asking.get("/ready", headers={"x-forwarded-for": "192.0.2.1"})
    assert inside.status_code == outside.status_code == 503
    assert outside.json()["checks"]["database"] == "failing"
    assert outside.json()["checks"]["queue"] == "unknown"
    assert "/srv/secret" in inside.text
    assert "/srv/secret" not in outside.text


def refuse(*_: object) -> None:
    raise StorageFailed("disk I/O error in /srv/secret/hoster.db")


async def test_writes_that_do_not_get_their_turn_are_not_ready(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "PATIENCE", 0.05)
    async with assembled(tmp_path) as (_, asking):
        other = sqlite3.connect(tmp_path / "data" / "hoster.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        answers = await asyncio.gather(*(asking.get("/ready") for _ in range(20)))
        other.execute("COMMIT")
        other.close()
        assert {answer.status_code for answer in answers} == {503}
        assert {answer.json()["checks"]["writes"] for answer in answers} == {"waiting"}
        monkeypatch.setattr(readiness, "PATIENCE", 10.0)
        assert (await asking.get("/ready")).status_code == 200


async def test_a_disk_that_is_full_is_not_ready(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    async with assembled(tmp_path) as (_, asking):
        monkeypatch.setattr(readiness.shutil, "disk_usage", lambda folder: usage(100, 99, 2**20))
        answer = await asking.get("/ready")
    assert answer.status_code == 503
    assert answer.json()["checks"]["disk"] == "full"


async def test_a_queue_that_is_behind_is_told_and_requests_are_served(tmp_path: Path) -> None:
    async with assembled(tmp_path) as (hoster, asking):
        await hoster.database.write(
            lambda transaction: transaction.run(
                "INSERT INTO _commands (name, type, row, inputs, actor, open, status, due, attempt, failures, created_at) "
                "VALUES ('x', 'plans', '1', '{}', '', 1, 'waiting', ?, 0, 0, '')",
                (int((hoster.store.ambient.time() - 120) * 1000),),
            )
        )
        answer = await asking.get("/ready")
    assert answer.status_code == 200
    assert answer.json()["checks"]["queue"] == "behind"
    assert 119 < answer.json()["details"]["oldest_command_seconds"] < 200


async def test_every_check_is_in_the_page(tmp_path: Path) -> None:
    async with assembled(tmp_path) as (hoster, _):
        report = await hoster.asgi.readiness.report()
    told = {line[0].strip("`"): line for line in rows(page("operations"), "What is checked")}
    assert set(report.checks) == set(told)
    assert set(report.details) <= set(code_words(page("operations")))
