"""Makes sure that a Docker engine answers on this machine, for development, tests and unattended first installs.

An engine that answers is left as it is. Where none does, and this process is root on Debian, the packages are installed
and the engine is started without a service manager, with its data below a directory of its own. Nothing here stops or
changes an engine that somebody else started.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from socket import AF_UNIX, SOCK_STREAM, socket

DEFAULT_SOCKET = "/var/run/docker.sock"
DEFAULT_DIRECTORY = Path("/var/lib/hoster-engine")
PACKAGES = ("docker.io", "iptables", "busybox-static", "ca-certificates")
#: Docker's own pools hold about thirty networks; every deployment has one, so these hold 4096 small ones.
ADDRESS_POOL = "base=10.160.0.0/12,size=24"
START_SECONDS = 60.0

Say = Callable[[str], None]


class EngineMissing(RuntimeError):
    """No engine answers and none could be started; the message says what to do."""


class _UnixConnection(HTTPConnection):
    """HTTP over a unix socket; the Docker SDK would take half a second to import just for a ping."""

    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket(AF_UNIX, SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def ping(path: str, timeout: float = 2.0) -> None:
    """Ask the engine at the unix socket `path` for a sign of life; raises `OSError` or `HTTPException`."""
    connection = _UnixConnection(path, timeout)
    try:
        connection.request("GET", "/_ping")
        if connection.getresponse().read() != b"OK":
            raise ConnectionError("something answers that is no Docker engine")
    finally:
        connection.close()


def answers(path: str) -> bool:
    """Whether an engine answers a ping on the unix socket at `path`."""
    try:
        ping(path)
    except (OSError, HTTPException):
        return False
    return True


def ensure_engine(path: str = DEFAULT_SOCKET, say: Say = print, directory: Path = DEFAULT_DIRECTORY) -> None:
    """Return once an engine answers on the socket, installing and starting one when that is possible.

    Several processes may call this at once: a lock in `directory` lets one of them do the work.
    """
    if answers(path):
        return
    if os.geteuid() != 0 or not Path("/etc/debian_version").exists():
        raise EngineMissing(
            f"No Docker engine answers at {path}: install Docker, start it, and give this user access to the socket."
        )
    directory.mkdir(parents=True, exist_ok=True)
    with _lock(directory / "lock"):
        if answers(path):
            return
        _install(say)
        _start(path, directory, say)


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _install(say: Say) -> None:
    missing = [name for name in PACKAGES if not _installed(name)]
    if not missing:
        return
    say(f"Installing {', '.join(missing)}")
    options = ["-o", "DPkg::Lock::Timeout=120", "-o", "Dpkg::Options::=--force-unsafe-io"]
    try:
        _apt([*options, "install", "-y", "--no-install-recommends", *missing], say)
    except EngineMissing:
        say("Refreshing the package lists")
        _apt([*options, "update"], say)
        _apt([*options, "install", "-y", "--no-install-recommends", *missing], say)


def _installed(package: str) -> bool:
    query = ["/usr/bin/dpkg-query", "-W", "-f", "${Status}", package]
    return "ok installed" in subprocess.run(query, capture_output=True, text=True, check=False).stdout  # noqa: S603 - fixed program


def _apt(arguments: list[str], say: Say) -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
    last = ""
    with subprocess.Popen(  # noqa: S603 - a fixed program and fixed package names
        ["/usr/bin/apt-get", *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        for line in process.stdout or ():
            last = line.strip() or last
            if line.startswith(("Get:", "Unpacking", "Setting up")):
                say(f"  {line.strip()}")
    if process.returncode:
        raise EngineMissing(f"Docker could not be installed, apt-get says: {last}. Install the package docker.io by hand.")


def _start(path: str, directory: Path, say: Say) -> None:
    say(f"Starting the Docker engine, with its data in {directory}")
    pid_file, log_file = directory / "dockerd.pid", directory / "dockerd.log"
    for stale in (pid_file, directory / "exec" / "containerd" / "containerd.pid"):
        forget_dead(stale)
    arguments = [
        "/usr/sbin/dockerd",
        f"--data-root={directory / 'data'}",
        f"--exec-root={directory / 'exec'}",
        f"--host=unix://{path}",
        f"--pidfile={pid_file}",
        f"--default-address-pool={ADDRESS_POOL}",
        "--live-restore",
        "--log-level=warn",
    ]
    log = os.open(log_file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    try:
        redirect = [(os.POSIX_SPAWN_DUP2, nothing, 0), (os.POSIX_SPAWN_DUP2, log, 1), (os.POSIX_SPAWN_DUP2, log, 2)]
        pid = os.posix_spawn(arguments[0], arguments, os.environ, file_actions=redirect, setsid=True)
    except FileNotFoundError:
        raise EngineMissing(f"{arguments[0]} is not installed: install the package docker.io.") from None
    finally:
        os.close(log)
        os.close(nothing)
    _wait(path, pid, log_file)
    say(f"The Docker engine answers at {path}")


def _wait(path: str, pid: int, log_file: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if answers(path):
            return
        if os.waitpid(pid, os.WNOHANG)[0]:
            break
        time.sleep(0.05)
    tail = log_file.read_text(errors="replace").splitlines()[-3:]
    raise EngineMissing(f"The Docker engine did not start; the end of {log_file} says: {' / '.join(tail)}")


def forget_dead(pid_file: Path) -> None:
    """Remove a pid file whose process is gone.

    A killed engine can stay behind as a zombie where nobody reaps it; the next engine takes its pid for a running one.
    """
    try:
        status = Path(f"/proc/{int(pid_file.read_text())}/stat").read_text()
        alive = status.rpartition(")")[2].split()[0] not in {"Z", "X"} and ("dockerd" in status or "containerd" in status)
    except (OSError, ValueError):
        alive = False
    if not alive:
        pid_file.unlink(missing_ok=True)


if __name__ == "__main__":
    try:
        ensure_engine(sys.argv[1] if len(sys.argv) > 1 else DEFAULT_SOCKET)
    except EngineMissing as problem:
        sys.exit(str(problem))
