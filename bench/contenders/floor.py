"""The hand-written floor, at either durability."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from bench import floor
from bench.contenders.contender import Paths, Seeded, common_operations, move_operation
from bench.items import document
from bench.processes import Launch
from bench.wrk import Operation

PATHS = Paths("/items", "filter%5Bpublished%5D=true&sort=-price&page%5Bsize%5D=30")


class Floor:
    """See `bench.floor`; `sync` is SQLite's `synchronous`."""

    def __init__(self, sync: str) -> None:
        self.sync = sync
        self.name = f"floor-{sync}"

    def missing(self) -> str | None:
        """Its packages are Hoster's own."""
        return None

    def launch(self, directory: Path, port: int) -> Launch:
        """One uvicorn process on uvloop and httptools."""
        options = ["--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning"]
        return Launch(
            [sys.executable, "-m", "uvicorn", "bench.floor:application", "--port", str(port), *options],
            "/ready",
            {"FLOOR_DATABASE": str(directory / "floor.db"), "FLOOR_SYNC": self.sync},
        )

    def seed(self, directory: Path, port: int, rows: int) -> Seeded:
        """Written straight into the database: the rows are the same as through the API."""
        return Seeded(floor.token(), floor.USER, floor.seed(directory / "floor.db", rows))

    def operations(self, seeded: Seeded) -> Sequence[Operation]:
        """All five."""
        headers = {"Authorization": f"Bearer {seeded.token}", "Content-Type": floor.MEDIA_TYPE}
        common = common_operations(PATHS, seeded, headers, lambda values, row_id: document(floor.TYPE, values, row_id))
        return [*common, move_operation(PATHS, seeded, headers, 202)]
