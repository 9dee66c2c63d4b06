"""Assembly: settings and extensions in, a running system out.

`assemble` does what needs no event loop: read the definitions, bring the tables to them, compile everything. `Hoster.start`
and `Hoster.stop` are the two ends of its life; what lies between is the ASGI application `Hoster.asgi`.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
from collections.abc import Sequence
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

from engine.access import SYSTEM, Actor
from engine.ambient import Ambient
from engine.api import API
from engine.api.auth import Auth
from engine.api.description import Description
from engine.api.events import EventsEndpoint
from engine.api.methods import Endpoint
from engine.api.observation import Observation
from engine.api.request import Request as ApiRequest
from engine.api.write_limit import WriteLimit
from engine.check.functions import Known, check_functions, used_functions
from engine.commands.bus import HAND_BACK, Bus
from engine.commands.clockwork import Clockwork
from engine.commands.housekeeping import housekeeping
from engine.commands.registry import DEFAULT, Registry
from engine.database import Database, StorageFailed, open_database
from engine.errors import HosterError
from engine.identity import Identity
from engine.identity.housekeeping import sign_in_housekeeping
from engine.loader import Loaded, load
from engine.metrics import Metrics, system
from engine.model import Definitions
from engine.operations import Operations
from engine.rates import Rates
from engine.readiness import Readiness
from engine.root import Root
from engine.schema import prepare
from engine.secrets import load_keyring
from engine.secrets.keyring import key_id_of
from engine.seeds import sow
from engine.service import Service
from engine.stopping import Stopping
from engine.store import Store, Unit

if TYPE_CHECKING:
    from starlette.requests import Request

    from engine.settings import Settings

log = logging.getLogger("hoster")

FROM_SETTINGS = "from the settings"

ENDPOINTS = ("events", "operations", "openapi.json", "docs", "schema", "auth")
"""First parts of addresses that are no resource types, as the metrics name them."""


class BadDefinitions(HosterError):
    """The definition files have problems; `problems` are their lines."""

    code, title = "bad_definitions", "The definition files have problems"

    def __init__(self, problems: Sequence[object]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))


class NoExtension(HosterError):
    """A module that the settings name is not installed here."""

    code, title = "no_extension", "An extension is missing"


class Hoster:
    """A system that is assembled. `role` is all, api or worker, or none where it neither serves nor works by itself."""

    def __init__(
        self,
        settings: Settings,
        definitions: Definitions,
        database: Database,
        store: Store,
        registry: Registry,
        role: str,
        identity: type[Identity] = Identity,
    ) -> None:
        self.settings = settings
        self.definitions = definitions
        self.database = database
        self.store = store
        self.registry = registry
        self.service = Service(store, registry)
        self.identity = identity(store, settings)
        self.tokens = self.identity.tokens
        self.first_token: str | None = None
        self._works = role in ("all", "worker")
        self._serves = role in ("all", "api")
        self.bus = Bus(store, registry, lease=settings.commands_lease, concurrency=settings.commands_concurrency)
        self._clockwork = Clockwork(store, registry)
        self.stopping = Stopping()
        self.rates = Rates(store.ambient)
        self.events = EventsEndpoint(
            self.service,
            self.identity,
            heartbeat=settings.events_heartbeat,
            streams=settings.events_streams,
            each=settings.events_streams_per_client,
            proxies=settings.auth_trusted_proxies,
        )
        self.metrics = self._metrics()
        self._ending: asyncio.Task[None] | None = None
        self.asgi = Root(
            API(
                self.service,
                self.identity,
                body_limit=settings.server_max_body,
                endpoints=self._endpoints(),
                observation=Observation(self.metrics, logging.getLevelName(settings.log_requests.upper())),
                write_limit=WriteLimit(self.rates, settings.rates_writes, settings.auth_trusted_proxies),
            ),
            self._operations(),
            self.stopping,
            start=self.start,
            stop=self.stop,
        )

    def _endpoints(self) -> dict[str, Endpoint]:
        """What answers at addresses that are no resource types."""
        settings = self.settings
        auth = Auth(self.service, self.identity, self.rates, settings.rates_sign_in, settings.auth_trusted_proxies)
        return {"auth": auth, "events": self.events, **Description(self.definitions, self.store.ambient).endpoints}

    def _metrics(self) -> Metrics:
        metrics = Metrics((*self.definitions.types, *ENDPOINTS))
        metrics.add(lambda: system.database(self.database))
        metrics.add(lambda: system.queue(self.database, self.store.ambient.time))
        metrics.add(lambda: system.commands(self.bus.results))
        metrics.add(system.process)
        metrics.watch("hoster_event_streams", "Open event streams.", lambda: self.events.streams)
        return metrics

    def _operations(self) -> Operations:
        readiness = Readiness(self.database, self.stopping, self.store.ambient.time, self.settings.database_path.parent)

        async def identify(request: Request) -> Actor:
            asked = ApiRequest(request.scope, request.receive, self.settings.server_max_body)
            return self.identity.identify(asked) or await self.identity.admit(asked)

        return Operations(readiness, self.metrics, access=self.settings.metrics_access, identify=identify)

    async def start(self) -> None:
        """Begin: seeds, the first operator, and, if this process works, commands and schedules."""
        await self.database.start()
        await self.prepare()
        if self._serves:
            self.first_token = await self._first_operator()
        if self._works:
            await self.bus.start()
            await self._clockwork.start()

    async def prepare(self) -> None:
        """Bring what a new or former database lacks: seeds, and the tokens of former versions as rows."""
        for file in self.registry.seeds:
            await sow(self.store, file)
        await self.tokens.adopt_former()

    @property
    def patience(self) -> float:
        """Seconds that requests and commands get at the end, both at the same time; what is left is for handing back."""
        return max(0.0, self.settings.server_shutdown_timeout - HAND_BACK)

    def begin_to_stop(self) -> None:
        """The process was told to stop: streams end, and no more commands are taken while requests still finish."""
        self.stopping.begin()
        if self._ending is None:
            self._ending = asyncio.create_task(self._end_work())

    async def stop(self) -> None:
        """End: running commands finish or are handed back, queued writes reach the disk."""
        self.begin_to_stop()
        assert self._ending is not None  # noqa: S101  just begun
        await self._ending
        self.identity.close()
        await self.database.close()

    async def _end_work(self) -> None:
        if self._works:
            await self._clockwork.stop()
            await self.bus.stop(self.patience)

    async def _first_operator(self) -> str | None:
        """Register the operator's token from the settings, or make one when there is none yet; returns a made one."""
        given = self.settings.admin_token

        def work(unit: Unit) -> str | None:
            user = self.tokens.first_operator(unit)
            if given is not None:
                if not self.tokens.is_known(unit, given.reveal()):
                    self.tokens.revoke(unit, FROM_SETTINGS)
                    self.tokens.create(unit, user, FROM_SETTINGS, given.reveal())
                return None
            if self.tokens.has_any(unit, user):
                return None
            return self.tokens.create(unit, user, "first operator")

        return await self.store.write(SYSTEM, work)


def extensions(settings: Settings) -> Registry:
    """Import what registers handlers, checks, reads and recurring work: installed extensions and those of the settings."""
    DEFAULT.settings = settings
    for entry in entry_points(group="hoster.extensions"):
        entry.load()
    for name in settings.extensions:
        try:
            importlib.import_module(name)
        except ModuleNotFoundError as error:
            raise NoExtension(f"The extension {name} cannot be imported: {error}. See HOSTER_EXTENSIONS.") from error
    housekeeping(DEFAULT, settings.retention_events, settings.retention_commands, settings.retention_answers)
    sign_in_housekeeping(DEFAULT, settings.auth_session_idle)
    return DEFAULT


def definitions_of(settings: Settings) -> Loaded:
    """The definition files of the settings, loaded."""
    cache = settings.data_dir / "cache" if settings.data_dir.is_dir() else None
    return load(settings.resource_directories, cache=cache)


def known(registry: Registry) -> Known:
    """The names that definitions may use.

    Who replaces a shipped file need not use every function that it used.
    """
    commands = frozenset(registry.handlers) - frozenset(registry.recurring)
    directories = registry.settings.resource_directories if registry.settings else ()
    shipped, others = directories[:1], directories[1:]
    replaced = any((other / file.name).exists() for own in shipped for file in own.glob("*.yaml") for other in others)
    spare = used_functions(load(shipped)) if replaced else frozenset()
    return Known(commands, frozenset(registry.readers), frozenset(registry.checkers), spare)


def assemble(
    settings: Settings, *, role: str = "all", ambient: Ambient | None = None, identity: type[Identity] = Identity
) -> Hoster:
    """Everything but the event loop; raises `HosterError` with words for the person who starts it."""
    try:
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StorageFailed(f"The data directory {settings.data_dir} cannot be made: {error.strerror}") from error
    registry = extensions(settings)
    loaded = definitions_of(settings)
    if loaded.definitions is None:
        raise BadDefinitions(loaded.problems)
    _warn_of_unknown_names(loaded, registry)
    ambient = ambient or Ambient()
    for change in prepare(settings.database_path, loaded.definitions, loaded.files, ambient.now()):
        log.info("%s", change)
    database = open_database(settings.database_path, synchronous=settings.database_synchronous)
    keyring = load_keyring(settings, ambient, required_key_ids=_key_ids_in_use(database, loaded.definitions))
    store = Store(loaded.definitions, database, keyring, ambient)
    return Hoster(settings, loaded.definitions, database, store, registry, role, identity)


def _key_ids_in_use(database: Database, definitions: Definitions) -> set[str]:
    """The keys without which something in the database could not be read."""
    found: set[str] = set()
    for resource in definitions.types.values():
        for attribute in resource.attributes.values():
            if attribute.encrypted:
                column = f'"{attribute.name}"'
                statement = (
                    f'SELECT {column} FROM "{resource.name}" WHERE {column} IS NOT NULL GROUP BY substr({column}, 1, 32)'  # noqa: S608  checked names
                )
                found |= {key for (text,) in database.read(statement) if (key := key_id_of(text)) is not None}
    return found


def _warn_of_unknown_names(loaded: Loaded, registry: Registry) -> None:
    """A name nobody registered would only fail when it is needed, which is the worst time to learn of it."""
    for problem in check_functions(loaded, known(registry)):
        log.warning("%s", problem)
