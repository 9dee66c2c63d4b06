"""The SQLite database: many writes in one commit, quick and slow reads, and what other processes do."""

import asyncio
import fcntl
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from engine.database import ForeignKeyViolation, NotNullViolation, StorageFailed, Transaction, UniqueViolation
from engine.database.sqlite import SQLite


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[SQLite]:
    opened = SQLite(tmp_path / "test.db")
    await opened.start()
    await opened.write(lambda tx: tx.run("CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER NOT NULL UNIQUE) STRICT"))
    yield opened
    await opened.close()


def insert(number: int):
    def work(transaction: Transaction) -> int:
        row = transaction.one("INSERT INTO t (n) VALUES (?) RETURNING n", (number,))
        assert row is not None
        return int(row[0])

    return work


async def test_a_write_answers_with_what_the_function_returned(database: SQLite) -> None:
    assert await database.write(insert(7)) == 7
    assert database.read("SELECT n FROM t") == [(7,)]


async def test_one_failing_write_does_not_spoil_the_others_of_its_batch(database: SQLite) -> None:
    results = await asyncio.gather(*(database.write(insert(n % 5)) for n in range(10)), return_exceptions=True)
    assert sorted(result for result in results if isinstance(result, int)) == [0, 1, 2, 3, 4]
    assert sum(isinstance(result, UniqueViolation) for result in results) == 5
    assert database.read("SELECT count(*) FROM t") == [(5,)]


async def test_an_exception_of_the_function_undoes_all_it_did(database: SQLite) -> None:
    def work(transaction: Transaction) -> None:
        transaction.run("INSERT INTO t (n) VALUES (1)")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await database.write(work)
    assert database.read("SELECT count(*) FROM t") == [(0,)]


async def test_nothing_is_seen_before_it_is_committed(database: SQLite) -> None:
    future = asyncio.ensure_future(database.write(insert(1)))
    assert database.read("SELECT count(*) FROM t") == [(0,)]
    await future
    assert database.read("SELECT count(*) FROM t") == [(1,)]


async def test_a_cancelled_write_that_has_not_begun_is_not_done(database: SQLite) -> None:
    first = asyncio.ensure_future(database.write(insert(1)))
    second = asyncio.ensure_future(database.write(insert(2)))
    await asyncio.sleep(0)
    second.cancel()
    await first
    await database.write(insert(3))
    assert (2,) not in database.read("SELECT n FROM t")


async def test_violations_name_table_and_columns(database: SQLite) -> None:
    await database.write(
        lambda tx: tx.run("CREATE TABLE c (t INTEGER REFERENCES t(id), a TEXT NOT NULL, b TEXT, UNIQUE (a, b)) STRICT")
    )
    with pytest.raises(ForeignKeyViolation):
        await database.write(lambda tx: tx.run("INSERT INTO c VALUES (99, 'a', 'b')"))
    with pytest.raises(NotNullViolation) as missing:
        await database.write(lambda tx: tx.run("INSERT INTO c VALUES (NULL, NULL, 'b')"))
    assert (missing.value.table, missing.value.column) == ("c", "a")
    await database.write(lambda tx: tx.run("INSERT INTO c VALUES (NULL, 'a', 'b')"))
    with pytest.raises(UniqueViolation) as taken:
        await database.write(lambda tx: tx.run("INSERT INTO c VALUES (NULL, 'a', 'b')"))
    assert (taken.value.table, taken.value.columns) == ("c", ("a", "b"))


async def test_a_slow_query_goes_to_a_thread_and_the_loop_goes_on(database: SQLite) -> None:
    slow = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 3000000) SELECT count(*) FROM c"
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    counter = asyncio.ensure_future(count())
    assert await database.query(slow) == [(3_000_000,)]
    counter.cancel()
    assert turns > 10


async def test_a_subscriber_hears_of_own_commits_and_of_those_of_other_processes(database: SQLite) -> None:
    heard = asyncio.Event()
    unsubscribe = database.subscribe(heard.set)
    await database.write(insert(1))
    assert heard.is_set()
    heard.clear()
    other = sqlite3.connect(database.path)
    with other:
        other.execute("INSERT INTO t (n) VALUES (2)")
    other.close()
    await asyncio.wait_for(heard.wait(), 2)
    unsubscribe()
    heard.clear()
    await database.write(insert(3))
    assert not heard.is_set()


async def test_a_write_waits_for_a_program_that_knows_nothing_of_our_lock(database: SQLite) -> None:
    other = sqlite3.connect(database.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    waiting = asyncio.ensure_future(database.write(insert(1)))
    done, _ = await asyncio.wait([waiting], timeout=0.1)
    assert not done
    other.execute("COMMIT")
    other.close()
    assert await waiting == 1


async def test_a_full_disk_fails_the_write_and_leaves_the_database_usable(database: SQLite) -> None:
    connection = database._writer._connection
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count={pages}")
    with pytest.raises(StorageFailed, match="full"):
        await database.write(lambda tx: tx.run("CREATE TABLE big AS SELECT zeroblob(1000000) AS x"))
    connection.execute("PRAGMA max_page_count=1073741823")
    assert await database.write(insert(1)) == 1


async def test_what_was_acknowledged_survives_a_kill(tmp_path: Path) -> None:
    program = """
import asyncio, sys
from pathlib import Path
from engine.database.sqlite import SQLite
async def main():
    database = SQLite(Path(sys.argv[1]))
    await database.write(lambda tx: tx.run("CREATE TABLE t (n INTEGER)"))
    async def one(n):
        await database.write(lambda tx: tx.run("INSERT INTO t VALUES (?)", (n,)))
        print(n, flush=True)
    for base in range(0, 1000000, 20):
        await asyncio.gather(*(one(n) for n in range(base, base + 20)))
asyncio.run(main())
"""
    path = tmp_path / "killed.db"
    process = subprocess.Popen([sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE, text=True, cwd=Path.cwd())
    assert process.stdout is not None
    acknowledged = [int(process.stdout.readline()) for _ in range(300)]
    process.kill()
    acknowledged += [int(line) for line in process.stdout.read().splitlines()[:-1]]
    process.wait()
    process.stdout.close()
    connection = sqlite3.connect(path)
    kept = {row[0] for row in connection.execute("SELECT n FROM t")}
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()
    assert set(acknowledged) <= kept


def test_a_worker_is_alive_for_as_long_as_its_process_is(tmp_path: Path) -> None:
    program = """
import sys
from pathlib import Path
from engine.database.sqlite import SQLite
SQLite(Path(sys.argv[1])).begin_work("other")
print("begun", flush=True)
sys.stdin.read()
"""
    path = tmp_path / "alive.db"
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path.cwd()
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    database = SQLite(path)
    assert database.is_working("other")
    process.kill()
    process.communicate()
    assert not database.is_working("other")
    assert not database.is_working("never-there")
    asyncio.run(database.close())


async def test_two_processes_take_turns_without_an_error(tmp_path: Path) -> None:
    program = """
import asyncio, sys
from pathlib import Path
from engine.database.sqlite import SQLite
async def main():
    database = SQLite(Path(sys.argv[1]))
    async def one():
        for _ in range(50):
            await database.write(lambda tx: tx.run("UPDATE t SET n = n + 1"))
    await asyncio.gather(*(one() for _ in range(4)))
    await database.close()
asyncio.run(main())
"""
    path = tmp_path / "shared.db"
    first = SQLite(path)
    await first.write(lambda tx: tx.run("CREATE TABLE t (n INTEGER)"))
    await first.write(lambda tx: tx.run("INSERT INTO t VALUES (0)"))
    processes = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", program, str(path), cwd=Path.cwd()) for _ in range(2)
    ]
    assert [await process.wait() for process in processes] == [0, 0]
    assert first.read("SELECT n FROM t") == [(400,)]
    await first.close()


async def test_a_commit_that_fails_together_with_its_rollback_is_no_success(
    database: SQLite, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(database._writer, "_commit", broken)
    monkeypatch.setattr(database._writer, "_roll_back", lambda: None)
    with pytest.raises(StorageFailed, match="disk I/O error"):
        await database.write(insert(1))
    monkeypatch.undo()
    assert await database.write(insert(2)) == 2
    assert database.read("SELECT n FROM t") == [(2,)]


async def test_a_subscriber_that_fails_holds_nobody_up(database: SQLite) -> None:
    def failing() -> None:
        raise ZeroDivisionError

    database.subscribe(failing)
    assert await asyncio.gather(*(database.write(insert(number)) for number in range(3))) == [0, 1, 2]


async def test_a_process_that_keeps_the_lock_makes_writes_fail_and_not_hang(
    database: SQLite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.database.sqlite.writer.BUSY_TIMEOUT_MS", 100)
    with Path(f"{database.path}.lock").open("rb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(StorageFailed, match="held the database's lock"):
            await database.write(insert(1))
    assert await database.write(insert(2)) == 2


async def test_a_damaged_file_is_told_as_a_storage_failure_by_reads_and_writes(database: SQLite) -> None:
    await asyncio.gather(*(database.write(insert(number)) for number in range(2000)))
    with sqlite3.connect(database.path) as other:
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with database.path.open("r+b") as file:
        size = file.seek(0, 2)
        file.seek(4096)
        file.write(b"\xff" * (size - 4096))
    damaged = SQLite(database.path)
    await damaged.start()
    for reading in (lambda: damaged.read("SELECT sum(n) FROM t"), lambda: damaged.read("SELECT n FROM t WHERE id = 7")):
        with pytest.raises(StorageFailed, match="malformed"):
            reading()
    with pytest.raises(StorageFailed, match="malformed"):
        await damaged.query("SELECT sum(n) FROM t")
    with pytest.raises(StorageFailed, match="malformed"):
        await damaged.write(insert(-1))
    await damaged.close()


async def test_a_file_that_is_no_database_is_told_as_a_storage_failure(tmp_path: Path) -> None:
    (tmp_path / "other.db").write_bytes(b"no database at all" * 1000)
    with pytest.raises(StorageFailed, match="cannot be opened"):
        SQLite(tmp_path / "other.db")
