"""That the process is to end, for whoever holds something open that would keep it: streams, and requests that wait."""

from __future__ import annotations

import logging
import signal
from collections.abc import Callable

log = logging.getLogger("hoster")

END = (signal.SIGTERM, signal.SIGINT)
"""What tells a process to stop."""


class Stopping:
    """Tells once, and at once, on the event loop."""

    def __init__(self) -> None:
        self.begun = False
        self._callbacks: set[Callable[[], None]] = set()

    def subscribe(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call `callback` when the end begins, now if it has; returns how to take that back."""
        if self.begun:
            callback()
        else:
            self._callbacks.add(callback)
        return lambda: self._callbacks.discard(callback)

    def begin(self) -> None:
        """The end begins."""
        self.begun = True
        callbacks, self._callbacks = self._callbacks, set()
        for callback in callbacks:
            try:
                callback()
            except Exception:
                log.exception("Something that is open could not be told that the process ends")
