"""Which workers are still there: each holds a lock on a file of its own for as long as its process lives.

SQLite is used by the processes of one machine, so the kernel knows at once when one of them is gone; its work need not
wait for a lease to run out. A paused process keeps its lock: for that one the lease decides.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from pathlib import Path


class Liveness:
    """Lock files in `folder`, one a worker."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._held: dict[str, int] = {}

    def begin(self, worker: str) -> None:
        """Announce `worker` until this process ends."""
        self._folder.mkdir(mode=0o700, exist_ok=True)
        folder = os.open(self._folder, os.O_RDONLY | os.O_CLOEXEC)
        try:
            # One at a time: a sweep would take a file that is made, but not locked yet, for that of a dead worker.
            fcntl.flock(folder, fcntl.LOCK_EX)
            self._sweep()
            descriptor = os.open(self._folder / worker, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        finally:
            os.close(folder)
        self._held[worker] = descriptor

    def end(self, worker: str) -> None:
        """Take the announcement back."""
        descriptor = self._held.pop(worker, None)
        if descriptor is not None:
            (self._folder / worker).unlink(missing_ok=True)
            os.close(descriptor)

    def is_alive(self, worker: str) -> bool:
        """Whether some process holds the lock of `worker`."""
        if worker in self._held:
            return True
        try:
            descriptor = os.open(self._folder / worker, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
        return False

    def _sweep(self) -> None:
        for file in self._folder.iterdir():
            if not self.is_alive(file.name):
                with contextlib.suppress(FileNotFoundError):
                    file.unlink()
