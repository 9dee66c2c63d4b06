"""One process of the product with data of its own, for benchmarks that compare it with nobody."""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import secrets
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

from engine.access import SYSTEM
from engine.app import Hoster, assemble
from engine.settings import load_settings
from engine.store import Unit

HOST = "127.0.0.1"


class Server:
    """One process of the product, on data that is its own."""

    def __init__(self, folder: Path, port: int) -> None:
        self.port = port
        self.environment = {
            "HOSTER_DATA_DIR": str(folder),
            "HOSTER_ADMIN_TOKEN": secrets.token_hex(32),
            "HOSTER_NODES_LOCAL_SOCKET": "",
            "HOSTER_SERVER_PORT": str(port),
            "HOSTER_LOG_LEVEL": "warning",
            "HOSTER_RESOURCES_PATH": str(Path(__file__).parent / "resources"),
            "HOSTER_RATES_WRITES": "off",
            "HOSTER_EXTENSIONS": "bench.handlers",
        }
        self._process: asyncio.subprocess.Process | None = None

    @contextlib.asynccontextmanager
    async def assembled(self) -> AsyncIterator[Hoster]:
        """The same system in this process, to put data into it before the server runs."""
        hoster = assemble(load_settings(self.environment), role="api")
        await hoster.start()
        try:
            yield hoster
        finally:
            await hoster.stop()

    async def start(self) -> None:
        """Start it, and wait until it serves."""
        command = (sys.executable, "-m", "engine.cli", "serve", "--role", "api")
        self._process = await asyncio.create_subprocess_exec(*command, env={**os.environ, **self.environment})
        async with asyncio.timeout(30):
            while True:
                with contextlib.suppress(OSError):
                    _, writer = await asyncio.open_connection(HOST, self.port)
                    writer.close()
                    return
                await asyncio.sleep(0.05)

    async def stop(self) -> float:
        """Tell it to stop; the seconds that it took."""
        assert self._process is not None
        begun = time.perf_counter()
        self._process.terminate()
        await self._process.wait()
        return time.perf_counter() - begun

    @property
    def memory(self) -> int:
        """Bytes of the process that are in memory."""
        assert self._process is not None
        pages = int(Path(f"/proc/{self._process.pid}/statm").read_text().split()[1])
        return pages * resource.getpagesize()

    @property
    def cpu(self) -> float:
        """Seconds of processor time so far."""
        assert self._process is not None
        user, system = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


async def people(hoster: Hoster, count: int) -> list[tuple[str, str]]:
    """New users: the id and a token of each."""
    kind = hoster.store.kind(hoster.identity.people.kind.name)

    def work(unit: Unit) -> list[tuple[str, str]]:
        rows = [unit.create(kind, {"email": f"user{number}@example.org"}) for number in range(count)]
        return [(row.id, hoster.tokens.create(unit, row.id, "bench")) for row in rows]

    return await hoster.store.write(SYSTEM, work)
