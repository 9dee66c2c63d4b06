"""Starting, watching and stopping the processes under test.

CPU time and memory are those of the whole process tree: a server may be a launcher with children.
"""

from __future__ import annotations

import http.client
import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # it ships no types

READY_WITHIN = 60.0
STOP_WITHIN = 10.0
PAUSE = 0.005
MEGABYTE = 1024 * 1024


class BenchError(Exception):
    """The benchmark cannot go on, or its figures would mean nothing; the message says why."""


@dataclass(frozen=True)
class Launch:
    """How a server is started: its command line, what it finds in the environment, and the path that answers when ready."""

    command: Sequence[str]
    ready_path: str
    environment: Mapping[str, str] = field(default_factory=dict)


class Tree:
    """A process and its descendants."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        self._log = log
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                command, env=_inherited() | dict(environment), stdout=output, stderr=output, stdin=subprocess.DEVNULL
            )

    def cpu_seconds(self) -> float:
        """User and system time of the tree so far."""
        total = 0.0
        for process in self._members():
            times = process.cpu_times()
            total += times.user + times.system
        return total

    def megabytes(self) -> float:
        """Memory of the tree as if it had the machine to itself: what each process has alone, and once what they share.

        PSS would split libraries with the other contenders that happen to run, and so flatter whoever is like them.
        """
        usages = [process.memory_full_info() for process in self._members()]
        shared = max(usage.rss - usage.uss for usage in usages)
        return float(sum(usage.uss for usage in usages) + shared) / MEGABYTE

    def check(self) -> None:
        """Raise when the process has ended by itself."""
        if self._process.poll() is not None:
            tail = self._log.read_text(errors="replace")[-800:]
            raise BenchError(f"{self._process.args[0]!r} ended with code {self._process.returncode}:\n{tail}")  # type: ignore[index]  # a list of text

    def stop(self) -> None:
        """End the tree politely, then by force."""
        self._process.terminate()
        try:
            self._process.wait(STOP_WITHIN)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End the tree at once, as a crash would."""
        if self._process.poll() is None:
            for process in reversed(self._members()):
                process.kill()
        self._process.wait()

    def _members(self) -> list[psutil.Process]:
        root = psutil.Process(self._process.pid)
        return [root, *root.children(recursive=True)]


def _inherited() -> dict[str, str]:
    """The environment, less what would keep Python from storing compiled modules: cold starts are those of an installation."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


class Server:
    """A server that has answered its ready path; `ready_ms` is the time from its start to that answer."""

    def __init__(self, launch: Launch, port: int, log: Path) -> None:
        self.port = port
        self.ready_path = launch.ready_path
        if self._answers():
            raise BenchError(f"Something else listens on port {port}; end it first")
        began = time.perf_counter()
        self.tree = Tree(launch.command, launch.environment, log)
        try:
            self._wait(began + READY_WITHIN)
        except BenchError:
            self.tree.kill()
            raise
        self.ready_ms = (time.perf_counter() - began) * 1000

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self.tree.stop()

    def _wait(self, until: float) -> None:
        while not self._answers():
            self.tree.check()
            if time.perf_counter() > until:
                raise BenchError(f"The server on port {self.port} was not ready after {READY_WITHIN:.0f} s")
            time.sleep(PAUSE)

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=1)
        try:
            connection.request("GET", self.ready_path)
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
