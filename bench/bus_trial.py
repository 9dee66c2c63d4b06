"""One peer on one set of empty tables: its processes, and what they wrote down."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from bench.peers import Place, load
from bench.processes import BenchError, Tree

ROOT = Path(__file__).parent.parent
DRAIN_WITHIN = 300.0
START_WITHIN = 30.0
SETTLE = 4.0
"""Seconds that a worker gets to connect and come to rest; nothing in these libraries tells when it has."""

PAUSE = 0.1
GLANCE = 0.02
SLOW_GLANCE = 0.1


class Start(NamedTuple):
    """A command began: its number, when, and in which process."""

    number: int
    moment: float
    process: int


@dataclass
class Trial:
    """See the module; every figure wants a fresh trial."""

    peer: str
    place: Place

    def setup(self) -> None:
        """Make the tables."""
        self._call("setup")

    def drain(self, count: int) -> dict[str, float | None]:
        """Commands per second that one client commits, and that one worker then finishes, from the first start on."""
        committed = self._enqueue("noop", count).values()
        with self._worker("worker-1") as worker:
            starts = self._wait(worker, count, DRAIN_WITHIN)
            self._wait_until_finished(worker)
            ended = time.monotonic()
        self._expect_each_once(starts, count)
        return {
            "enqueue_rate": (count - 1) / (max(committed) - min(committed)),
            "drain_rate": count / (ended - min(start.moment for start in starts)),
        }

    def latency(self, count: int) -> dict[str, float | None]:
        """Milliseconds from the commit of a command to its start, while nothing else is to do."""
        with self._worker("worker-1") as worker:
            time.sleep(SETTLE)
            committed = self._enqueue("noop", count, PAUSE)
            starts = self._wait(worker, count, START_WITHIN)
        self._expect_each_once(starts, count)
        taken = sorted(max(0.0, start.moment - committed[start.number]) * 1000 for start in starts)
        return {"p50_ms": taken[count // 2], "p99_ms": taken[min(count - 1, count * 99 // 100)]}

    def takeover(self, patience: float) -> dict[str, float | None]:
        """Seconds from the kill of a worker at work until another, which idles meanwhile, begins its command; or None."""
        with self._worker("worker-1") as first:
            time.sleep(SETTLE)
            self._enqueue("slow", 1)
            self._wait(first, 1, START_WITHIN)
            with self._worker("worker-2") as second:
                time.sleep(SETTLE)
                first.kill()
                killed = time.monotonic()
                while time.monotonic() < killed + patience:
                    second.check()
                    if len(starts := self._starts()) > 1:
                        return {"takeover_s": starts[-1].moment - killed}
                    time.sleep(GLANCE)
        return {"takeover_s": None}

    def _enqueue(self, kind: str, count: int, pause: float = 0.0) -> dict[int, float]:
        """Commit commands in a process of their own; returns when each was committed."""
        output = self._call("enqueue", "--kind", kind, "--count", str(count), "--pause", str(pause))
        pairs = [line.split() for line in output.splitlines()[-count:]]
        return {int(number): float(moment) for number, moment in pairs}

    def _expect_each_once(self, starts: list[Start], count: int) -> None:
        numbers = sorted(start.number for start in starts)
        if numbers != list(range(count)):
            raise BenchError(
                f"{self.peer}: {len(set(numbers))} of {count} commands ran, {len(numbers) - len(set(numbers))} twice"
            )

    def _wait(self, worker: Tree, count: int, limit: float) -> list[Start]:
        """What has been started once there are `count` of them."""
        until = time.monotonic() + limit
        while len(starts := self._starts()) < count:
            worker.check()
            if time.monotonic() > until:
                raise BenchError(f"{self.peer}: {len(starts)} of {count} commands started within {limit:.0f} s")
            time.sleep(GLANCE if count == 1 else SLOW_GLANCE)
        return starts

    def _wait_until_finished(self, worker: Tree) -> None:
        """Until no command is left open; asked only once all have started, so as not to slow them down."""
        until = time.monotonic() + DRAIN_WITHIN
        while unfinished := load(self.peer).unfinished(self.place):
            worker.check()
            if time.monotonic() > until:
                raise BenchError(f"{self.peer}: {unfinished} commands that started did not end within {DRAIN_WITHIN:.0f} s")
            time.sleep(GLANCE)

    def _starts(self) -> list[Start]:
        if not self._record.exists():
            return []
        whole = self._record.read_text().rpartition("\n")[0]
        fields = (line.split() for line in whole.splitlines())
        return [Start(int(number), float(moment), int(process)) for number, moment, process in fields]

    @property
    def _record(self) -> Path:
        return self.place.directory / "starts.txt"

    @contextmanager
    def _worker(self, identity: str) -> Iterator[Tree]:
        command = self._command("work", "--identity", identity, "--record", str(self._record))
        tree = Tree(command, {"PYTHONPATH": str(ROOT)}, self.place.directory / f"{identity}.log")
        try:
            yield tree
        finally:
            tree.kill()

    def _call(self, action: str, *options: str) -> str:
        done = subprocess.run(
            self._command(action, *options), capture_output=True, text=True, cwd=ROOT, timeout=DRAIN_WITHIN, check=False
        )
        if done.returncode:
            raise BenchError(f"{self.peer}: {action} failed:\n{done.stderr[-1500:]}")
        return done.stdout

    def _command(self, action: str, *options: str) -> list[str]:
        where = [str(self.place.directory), "--postgres", self.place.postgres]
        return [sys.executable, "-m", "bench.peers", self.peer, action, *where, *options]
