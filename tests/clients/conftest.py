"""One server for all clients. Each test makes the rows that it looks at."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.description.served import Served, served


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A real server on a port of this machine, with two users who are strangers to each other."""
    with served(tmp_path_factory.mktemp("clients")) as running:
        yield running
