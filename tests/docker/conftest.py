"""A real engine for the tests of this folder: they fail, and do not skip, where none answers and none can be started."""

from __future__ import annotations

import asyncio
import secrets
import socket
from collections.abc import Iterator

import pytest
from docker import DockerClient

from handlers.docker.engine import connect
from handlers.docker.engine_setup import DEFAULT_SOCKET, ensure_engine
from handlers.docker.local_image import ensure_hello, ensure_test
from tests.docker.support import Deployment


@pytest.fixture(scope="session")
def engine() -> Iterator[DockerClient]:
    """A client of this machine's engine, which has both local images."""
    ensure_engine(DEFAULT_SOCKET)
    client = connect(DEFAULT_SOCKET)
    ensure_hello(client)
    ensure_test(client)
    yield client
    client.close()


@pytest.fixture
def deployment(engine: DockerClient) -> Iterator[Deployment]:
    """A deployment of which nothing is left after the test."""
    deployment = Deployment(f"depl_test{secrets.token_hex(6)}", engine)
    yield deployment
    deployment.socket = DEFAULT_SOCKET
    asyncio.run(deployment.remove())


@pytest.fixture
def free_port() -> int:
    """A port of this machine that nobody holds just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
