"""Real server processes that a test starts, pauses and kills."""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "crash-tests-" + "0123456789abcdef" * 2
PATIENCE = 30.0


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


class Process:
    """One `hoster serve` over the data directory `data`; its output goes to `log`, across restarts."""

    def __init__(self, data: Path, role: str, name: str, port: int, **environment: str) -> None:
        self.role, self.log = role, data.with_name(f"{name}.log")
        self.port, self.url = port, f"http://127.0.0.1:{port}"
        self._lock = data / "hoster.db.lock"
        self._environment = {name: value for name, value in os.environ.items() if not name.startswith("HOSTER_")} | {
            "HOSTER_DATA_DIR": str(data), "HOSTER_SERVER_PORT": str(port), "HOSTER_ADMIN_TOKEN": TOKEN,
            "HOSTER_LOG_LEVEL": "warning", "HOSTER_RATES_WRITES": "off", **environment,
        }  # fmt: skip
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The number of the process that runs."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Begin, without waiting until it serves."""
        with self.log.open("ab") as output:
            command = [sys.executable, "-m", "engine.cli", "serve", "--role", self.role]
            self._process = subprocess.Popen(command, cwd=ROOT, env=self._environment, stdout=output, stderr=output)

    def ready(self) -> Process:
        """Begin, and wait until it serves or works."""
        self.log.touch()
        told = self.output().count("Hoster ")
        self.start()
        until = time.monotonic() + PATIENCE
        while self.output().count("Hoster ") == told:
            assert self._process is not None
            assert self._process.poll() is None, f"it ended with {self._process.returncode}: {self.output()[-2000:]}"
            assert time.monotonic() < until, f"it did not start in {PATIENCE} s: {self.output()[-2000:]}"
            time.sleep(0.01)
        return self

    def kill(self) -> None:
        """SIGKILL, as the kernel's out-of-memory killer would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def terminate(self) -> None:
        """SIGTERM, as a service manager would."""
        os.kill(self.pid, signal.SIGTERM)

    def wait(self) -> int:
        """Wait for its end; the exit code."""
        assert self._process is not None
        return self._process.wait(PATIENCE)

    def pause(self) -> None:
        """SIGSTOP, while it does not hold the lock for writing: paused with that, it would stop everybody."""
        until = time.monotonic() + PATIENCE
        while True:
            assert time.monotonic() < until, f"it holds the lock for writing for more than {PATIENCE} s"
            os.kill(self.pid, signal.SIGSTOP)
            os.waitid(os.P_PID, self.pid, os.WSTOPPED | os.WNOWAIT)
            if not self._writes():
                return
            self.resume()

    def resume(self) -> None:
        """SIGCONT."""
        os.kill(self.pid, signal.SIGCONT)

    def output(self) -> str:
        """What it has written so far."""
        return self.log.read_text("utf-8", "replace")

    def _writes(self) -> bool:
        with self._lock.open("rb") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False


def client(url: str) -> httpx.Client:
    """A client that asks as the first operator."""
    headers = {"authorization": f"Bearer {TOKEN}", "content-type": "application/vnd.api+json"}
    return httpx.Client(base_url=f"{url}/api/v1", headers=headers, timeout=30)
