"""One server for all tests that do not end it. Each test makes the rows that it looks at."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.cli.house import House, house


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A real server process, and the command line."""
    with house(tmp_path_factory.mktemp("cli")) as running:
        yield running
