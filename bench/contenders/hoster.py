"""Hoster as it is installed: one process for API, bus and workers, `synchronous=FULL`."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.contenders.contender import Paths, Seeded, common_operations, create_rows, move_operation
from bench.items import attributes, document
from bench.missing import INSTALL
from bench.processes import Launch, Server
from bench.wrk import Operation

TYPE = "bench_items"
MEDIA_TYPE = "application/vnd.api+json"
TOKEN = "bench-" + "0123456789abcdef" * 2
PATHS = Paths(f"/api/v1/{TYPE}", "filter%5Bpublished%5D=true&sort=-price&page%5Bsize%5D=30")
HEADERS = {"Authorization": f"Bearer {TOKEN}", "Content-Type": MEDIA_TYPE, "Accept": MEDIA_TYPE}
ROOT = Path(__file__).parent.parent.parent
RESOURCES = os.pathsep.join([str(ROOT / "resources"), str(ROOT / "bench" / "resources")])


class Hoster:
    """The product, with the one resource type of `bench/resources` beside the shipped ones."""

    name = "hoster"

    def missing(self) -> str | None:
        """Its console script stands beside the interpreter."""
        return None if self._script().exists() else INSTALL.format("hoster")

    def launch(self, directory: Path, port: int) -> Launch:
        """`hoster serve` with its defaults, but for the limit of writes."""
        environment = {
            "HOSTER_DATA_DIR": str(directory),
            "HOSTER_SERVER_HOST": "127.0.0.1",
            "HOSTER_SERVER_PORT": str(port),
            "HOSTER_ADMIN_TOKEN": TOKEN,
            "HOSTER_RESOURCES_PATH": RESOURCES,
            "HOSTER_EXTENSIONS": "bench.handlers",
            "HOSTER_LOG_LEVEL": "warning",
            "HOSTER_RATES_WRITES": "off",
            "PYTHONPATH": str(ROOT),
        }
        return Launch([str(self._script()), "serve"], "/ready", environment)

    def seed(self, directory: Path, port: int, rows: int) -> Seeded:
        """Through the API, as a client would."""
        bodies = [document(TYPE, attributes(number)) for number in range(rows)]
        with Server(self.launch(directory, port), port, directory.with_suffix(".log")) as server:
            ids = create_rows(server.url, PATHS.collection, HEADERS, bodies)
        return Seeded(TOKEN, "", ids)

    def operations(self, seeded: Seeded) -> Sequence[Operation]:
        """All five; the process runs the commands of the moves while it is measured."""
        common = common_operations(PATHS, seeded, HEADERS, lambda values, row_id: document(TYPE, values, row_id))
        return [*common, move_operation(PATHS, seeded, HEADERS, 202)]

    def _script(self) -> Path:
        return Path(sys.executable).with_name("hoster")
