"""DBOS on SQLite as it comes: a queue of workflows, polled every second."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from bench.peers import ROWS, SLOW_SECONDS, Place, Record

POSTGRES = False
NEEDS = {"dbos": "dbos"}
QUEUE = "bench"
VERSION = "1"
UNFINISHED = "SELECT count(*) FROM workflow_status WHERE status IN ('ENQUEUED', 'PENDING') AND queue_name = ?"


def setup(place: Place) -> None:
    """Let DBOS make its tables, and add the rows beside them."""
    import sqlalchemy

    dbos = _launch(place, "worker-1", lambda number: None)
    dbos.destroy()
    with _engine(place).begin() as connection:
        connection.execute(sqlalchemy.text("CREATE TABLE rows (id INTEGER PRIMARY KEY, changes INTEGER NOT NULL)"))
        insert = sqlalchemy.text("INSERT INTO rows VALUES (:id, 0)")
        connection.execute(insert, [{"id": number} for number in range(ROWS)])


def enqueue(place: Place, kind: str, count: int, committed: Callable[[int], None]) -> None:
    """Through `enqueue_in_transaction`."""
    import sqlalchemy
    from dbos import DBOSClient

    client = DBOSClient(system_database_url=_url(place), application_name="bench")
    engine = _engine(place)
    change = sqlalchemy.text("UPDATE rows SET changes = changes + 1 WHERE id = :id")
    options: Any = {"queue_name": QUEUE, "workflow_name": kind, "app_version": VERSION}
    for number in range(count):
        with engine.begin() as connection:
            connection.execute(change, {"id": number % ROWS})
            client.enqueue_in_transaction(connection, options, number)
        committed(number)


def unfinished(place: Place) -> int:
    """Read from its table."""
    with closing(sqlite3.connect(_file(place))) as connection:
        return int(connection.execute(UNFINISHED, (QUEUE,)).fetchone()[0])


def work(place: Place, identity: str, record: Record) -> None:
    """One DBOS executor."""
    _launch(place, identity, record)
    while True:
        time.sleep(60)


def _launch(place: Place, identity: str, record: Record) -> Any:
    from dbos import DBOS

    DBOS(
        config={
            "name": "bench",
            "system_database_url": _url(place),
            "log_level": "ERROR",
            "executor_id": identity,
            "application_version": VERSION,
        }
    )

    @DBOS.workflow(name="noop")
    def noop(number: int) -> None:
        record(number)

    @DBOS.workflow(name="slow")
    def slow(number: int) -> None:
        record(number)
        time.sleep(SLOW_SECONDS)

    DBOS.launch()
    DBOS.register_queue(QUEUE)
    return DBOS


def _file(place: Place) -> Path:
    return place.directory / "dbos.sqlite"


def _url(place: Place) -> str:
    return f"sqlite:///{_file(place)}"


def _engine(place: Place) -> Any:
    import sqlalchemy

    engine = sqlalchemy.create_engine(_url(place))

    @sqlalchemy.event.listens_for(engine, "connect")
    def configure(connection: Any, _: Any) -> None:
        connection.isolation_level = "IMMEDIATE"
        connection.execute("PRAGMA busy_timeout = 15000")

    return engine
