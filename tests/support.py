"""A whole system for a test: definitions from text, a database file of its own, handlers of the test's making."""

from __future__ import annotations

import asyncio
import textwrap
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from engine.access import SYSTEM, Actor, user
from engine.ambient import Ambient
from engine.api import API
from engine.api.auth import Auth
from engine.api.description import Description
from engine.api.events import EventsEndpoint
from engine.api.methods import Endpoint
from engine.commands.bus import Bus
from engine.commands.clockwork import Clockwork
from engine.commands.registry import Registry
from engine.database import open_database
from engine.identity import Identity, Tokens
from engine.loader import load
from engine.metrics import Metrics
from engine.operations import Operations
from engine.rates import Rates
from engine.readiness import Readiness
from engine.root import Root
from engine.schema import prepare
from engine.secrets import Keyring
from engine.service import Service
from engine.settings import Settings
from engine.stopping import Stopping
from engine.store import Store, Unit

USERS = """
identity: true
id_prefix: user_
attributes:
  email: {type: email, required: true, unique: true}
  name: {type: string}
  operator: {type: boolean, default: false, set_by: system}
access: {create: operator, delete: operator}
"""

TOKENS = """
credential: bearer
id_prefix: tok_
attributes:
  name: {type: string, required: true}
  token: {type: token, prefix: hoster_}
  scopes: {type: json, schema: {type: array, minItems: 1, items: {type: string}}}
  expires_at: {type: timestamp}
relationships: {owner: {to: users, on_delete: cascade}}
"""

KEY = bytes(range(32))


@dataclass
class System:
    """What a test holds in its hands."""

    store: Store
    service: Service
    registry: Registry
    identity: Identity
    bus: Bus
    clockwork: Clockwork
    path: Path
    client: httpx.AsyncClient
    stream: EventsEndpoint
    stopping: Stopping

    @property
    def tokens(self) -> Tokens:
        """What makes tokens."""
        return self.identity.tokens

    async def person(self, name: str, *, operator: bool = False) -> tuple[Actor, dict[str, str]]:
        """A user, and the headers with which they ask."""
        identity = await self.tokens.user_for(f"{name}@example.org", name=name, operator=operator)
        token = await self.store.write(SYSTEM, lambda unit: self.tokens.create(unit, identity, "test"))
        return user(identity, operator=operator, email=f"{name}@example.org"), {"authorization": f"Bearer {token}"}

    async def write(self, work: Callable[[Unit], Any]) -> Any:
        """A unit of work as the system."""
        return await self.store.write(SYSTEM, work)

    def events(self, row: str | None = None) -> list[tuple[int, str, str]]:
        """The event log: number, type, kind."""
        where, parameters = ("WHERE row = ?", (row,)) if row else ("", ())
        return self.store.database.read(f"SELECT seq, type, kind FROM _events {where} ORDER BY seq", parameters)

    def commands(self, *columns: str) -> list[tuple[Any, ...]]:
        """The queue, oldest first."""
        return self.store.database.read(f"SELECT {', '.join(columns)} FROM _commands ORDER BY id")

    async def until(self, condition: Callable[[], bool], patience: float = 10.0) -> None:
        """Wait, from commit to commit, until something is so."""
        changed = asyncio.Event()
        unsubscribe = self.store.database.subscribe(changed.set)
        try:
            async with asyncio.timeout(patience):
                while not condition():
                    changed.clear()
                    await changed.wait()
        finally:
            unsubscribe()

    def state(self, type_name: str, row: str) -> str | None:
        """The state a row is in, gone or not."""
        kind = self.store.kind(type_name)
        lifecycle = kind.resource.lifecycle
        assert lifecycle is not None
        rows = self.store.database.read(f'SELECT "{lifecycle.attribute}" FROM "{type_name}" WHERE id = ?', (row,))
        return rows[0][0] if rows else None


def definitions(folder: Path, files: Mapping[str, str]) -> Path:
    """Write definition files, and `users` and `tokens` where the test has none of its own; files of earlier calls go."""
    folder.mkdir(exist_ok=True)
    for old in folder.glob("*.yaml"):
        old.unlink()
    for name, text in {"users": USERS, "tokens": TOKENS, **files}.items():
        (folder / f"{name}.yaml").write_text(textwrap.dedent(text))
    return folder


async def system(
    tmp_path: Path,
    files: Mapping[str, str],
    registry: Registry | None = None,
    *,
    ambient: Ambient | None = None,
    settings: Settings | None = None,
    lease: float = 30.0,
    concurrency: int = 32,
    heartbeat: float = 15.0,
) -> System:
    """Assemble a system; nothing runs commands until `bus.start()`."""
    loaded = load([definitions(tmp_path / "resources", files)])
    assert loaded.definitions is not None, "\n".join(map(str, loaded.problems))
    path = tmp_path / "hoster.db"
    prepare(path, loaded.definitions)
    database = open_database(path)
    await database.start()
    registry = registry or Registry()
    store = Store(loaded.definitions, database, Keyring([KEY], Ambient()), ambient or Ambient())
    service, identity = Service(store, registry), Identity(store, settings)
    bus = Bus(store, registry, lease=lease, concurrency=concurrency)
    clockwork = Clockwork(store, registry)
    stopping = Stopping()
    operations = Operations(Readiness(database, stopping, store.ambient.time), Metrics(loaded.definitions.types))
    auth = Auth(service, identity, Rates(store.ambient), settings.rates_sign_in if settings else None)
    events = EventsEndpoint(service, identity, heartbeat=heartbeat)
    endpoints: dict[str, Endpoint] = {
        "auth": auth,
        "events": events,
        **Description(loaded.definitions, store.ambient).endpoints,
    }
    root = Root(API(service, identity, endpoints=endpoints), operations, stopping, start=_nothing, stop=_nothing)
    client = httpx.AsyncClient(transport=httpx.ASGITransport(root), base_url="http://hoster.test")
    return System(store, service, registry, identity, bus, clockwork, path, client, events, stopping)


async def _nothing() -> None:
    return


async def shut(running: System) -> None:
    """End a system."""
    await running.client.aclose()
    await running.store.database.close()


Handler = Callable[[Any], Awaitable[Any]]
