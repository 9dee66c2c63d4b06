"""uvicorn as this program runs it: told of the end at once, bounded in it, and ended with status 0."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import resource
from collections.abc import Callable, Iterator
from socket import socket
from typing import TYPE_CHECKING, Any

import uvicorn

from engine.server.protocol import Limits, bounded
from engine.stopping import END

if TYPE_CHECKING:
    from engine.settings import Settings

log = logging.getLogger("hoster")

SPARE_FILES = 200
"""Files that the process needs besides connections: the database, the engines, the log."""


class Server(uvicorn.Server):
    """Calls `serving` once it listens, and `ending` as soon as it is told to stop, before it waits for anything."""

    def __init__(self, config: uvicorn.Config, serving: Callable[[], None], ending: Callable[[], None]) -> None:
        super().__init__(config)
        self._serving, self._ending = serving, ending

    async def startup(self, sockets: list[socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._serving()

    def handle_exit(self, sig: int, frame: Any) -> None:
        if self.started and not self.should_exit:  # before that the start itself ends in the end
            self._ending()
        super().handle_exit(sig, frame)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for number in END:
            loop.add_signal_handler(number, self.handle_exit, number, None)
        yield
        for number in END:
            loop.remove_signal_handler(number)


def configuration(application: Any, settings: Settings, patience: float) -> uvicorn.Config:
    """How uvicorn serves `application`; requests that run when it is told to stop get `patience` seconds."""
    limits = Limits(
        head=settings.server_max_header,
        head_seconds=settings.server_header_timeout,
        stall_seconds=settings.server_body_timeout,
        connections=_connections(settings.server_max_connections),
    )
    return uvicorn.Config(
        application,
        host=settings.server_host,
        port=settings.server_port,
        http=bounded(limits),
        ws="none",
        loop="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=patience,  # type: ignore[arg-type]  # it only waits that long, and parts of a second count
    )


def _connections(wanted: int) -> int:
    """As many connections as are wanted, or as the system lets a process have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = wanted + SPARE_FILES
    if soft != resource.RLIM_INFINITY and soft < needed:
        soft = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return wanted
    log.warning("This process may open %d files, too few for %d connections", soft, wanted)
    return max(1, soft - SPARE_FILES)
