"""`hoster serve`: API, UI, command bus and workers in one process, or one of these roles."""

from __future__ import annotations

import asyncio
import gc
import logging
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from socket import AF_INET, AF_INET6, IPPROTO_TCP, SO_REUSEADDR, SOL_SOCKET, TCP_NODELAY, socket
from typing import TYPE_CHECKING

import click

from engine.errors import HosterError
from engine.logs import announce
from engine.stopping import END

if TYPE_CHECKING:
    from engine.app import Hoster
    from engine.settings import Settings

log = logging.getLogger("hoster")

BACKLOG = 2048

THREADS = 64
"""Threads for handlers: most of them wait for an engine, not for a processor."""


class CannotListen(HosterError):
    """The address to listen on is taken, or is not one of this machine."""

    code, title = "cannot_listen", "Cannot listen"


@click.command()
@click.option(
    "--role", type=click.Choice(["all", "api", "worker"]), default="all", help="Which part of the work this process does."
)
@click.option(
    "--config", type=click.Path(dir_okay=False, path_type=Path), help="A settings file; HOSTER_* variables win over it."
)
def serve(role: str, config: Path | None) -> None:
    """Serve the API and run commands, until SIGTERM or Ctrl-C."""
    import uvloop

    from engine.app import assemble
    from engine.logs import configure, take_over_python
    from engine.settings import load_settings

    settings = load_settings(config=config)
    configure(settings.log_level, settings.log_format)
    take_over_python()
    for warning in settings.warnings:
        log.warning("%s", warning)
    listening = None if role == "worker" else _bind(settings)
    hoster = assemble(settings, role=role)
    runner = _work(hoster) if listening is None else _serve(hoster, settings, listening)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as loop:
        loop.run(runner)


async def _serve(hoster: Hoster, settings: Settings, listening: socket) -> None:
    from engine.server.serving import Server, configuration

    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(THREADS, thread_name_prefix="work"))
    server = Server(
        configuration(hoster.asgi, settings, hoster.patience),
        serving=lambda: _announce(hoster, listening),
        ending=hoster.begin_to_stop,
    )
    await server.serve(sockets=[listening])
    if not server.started:
        raise SystemExit(3)


def _bind(settings: Settings) -> socket:
    """Take the port before anything starts: who cannot serve must not run commands, nor spend the first token, nor bring the
    database to its own version under the feet of the process that does serve."""
    family = AF_INET6 if ":" in settings.server_host else AF_INET
    listening = socket(family)
    try:
        listening.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
        listening.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)
        listening.bind((settings.server_host, settings.server_port))
        listening.listen(BACKLOG)
    except OSError as error:
        listening.close()
        raise CannotListen(
            f"Cannot listen on {settings.server_host} port {settings.server_port}: {error.strerror}. "
            "Choose another by HOSTER_SERVER_HOST and HOSTER_SERVER_PORT."
        ) from error
    return listening


def _announce(hoster: Hoster, listening: socket) -> None:
    gc.collect()
    gc.freeze()  # what there is now stays: later collections need not walk through it again and again
    host, port = listening.getsockname()[:2]
    announce(f"Hoster listens on http://{f'[{host}]' if ':' in host else host}:{port}")
    if hoster.first_token is not None:
        announce(f"Token of the first operator, shown only now: {hoster.first_token}")


async def _work(hoster: Hoster) -> None:
    loop, end = asyncio.get_running_loop(), asyncio.Event()
    loop.set_default_executor(ThreadPoolExecutor(THREADS, thread_name_prefix="work"))
    for number in END:
        loop.add_signal_handler(number, end.set)
    await hoster.start()
    announce("Hoster runs commands")
    await end.wait()
    await hoster.stop()
