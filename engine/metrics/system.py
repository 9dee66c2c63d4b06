"""What the parts of a running system tell of themselves, and how the process does."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib.metadata import version
from pathlib import Path

from engine.database import Database
from engine.figures import Histogram
from engine.metrics.families import Family

QUEUE = (
    "SELECT count(*), coalesce(sum(status = 'running'), 0), min(CASE WHEN status = 'waiting' THEN due END) "
    "FROM _commands WHERE open = 1"
)
NEWEST = "SELECT coalesce(max(seq), 0) FROM _events"

Results = Mapping[tuple[str, str], Histogram]


def database(database: Database) -> Iterator[Family]:
    """Writes, commits and what reads and writes had to wait for."""
    figures, single = database.figures, Family.single
    yield single("hoster_writes_total", "counter", "Units of work that were committed.", figures.writes)
    yield single("hoster_writes_failed_total", "counter", "Units of work that were refused or undone.", figures.failed)
    yield single("hoster_commit_seconds", "histogram", "Time of a commit, which many writes share.", figures.commits)
    yield single("hoster_commit_writes", "histogram", "Writes that shared a commit.", figures.batches)
    yield single("hoster_lock_wait_seconds", "histogram", "Waits for the lock that another process held.", figures.lock_waits)
    yield single(
        "hoster_slow_read_seconds", "histogram", "Reads that took too long and went on in a thread.", figures.slow_reads
    )


def queue(database: Database, now: Callable[[], float]) -> Iterator[Family]:
    """The commands of all processes, and the event log."""
    count, running, due = database.read(QUEUE)[0]
    age = 0.0 if due is None else max(0.0, now() - due / 1000)
    single = Family.single
    yield single("hoster_commands_waiting", "gauge", "Commands that wait, in all processes.", count - running)
    yield single("hoster_commands_running", "gauge", "Commands that run, in all processes.", running)
    yield single("hoster_commands_oldest_seconds", "gauge", "How long the command that is due longest has been due.", age)
    newest = database.read(NEWEST)[0][0]
    yield single("hoster_events_newest", "gauge", "Number of the newest entry of the event log.", newest)


def commands(results: Results) -> Iterator[Family]:
    """The attempts at commands in this process."""
    samples = tuple(({"name": name, "outcome": outcome}, histogram) for (name, outcome), histogram in results.items())
    yield Family("hoster_command_seconds", "histogram", "Attempts at commands in this process, by name and outcome.", samples)


def process() -> Iterable[Family]:
    """The process, under the names that every Prometheus client uses."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    single = Family.single
    yield Family("hoster_info", "gauge", "The version that runs.", (({"version": version("hoster")}, 1),))
    yield single("process_cpu_seconds_total", "counter", "Processor time.", usage.ru_utime + usage.ru_stime)
    yield single("process_start_time_seconds", "gauge", "When it started, in seconds since 1970.", STARTED)
    yield from _of_linux()


def _of_linux() -> Iterator[Family]:
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        descriptors = sum(1 for _ in Path("/proc/self/fd").iterdir())
    except OSError:
        return
    memory = pages * resource.getpagesize()
    yield Family.single("process_resident_memory_bytes", "gauge", "Memory that it holds.", memory)
    yield Family.single("process_open_fds", "gauge", "Open files and connections.", descriptors)
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    yield Family.single("process_max_fds", "gauge", "Files and connections that it may open.", limit)


STARTED = time.time()
