"""Assembly: settings and extensions in, a running system out.

`assemble` does what needs no event loop: read the definitions, bring the tables to them, compile everything. `Hoster.start`
and `Hoster.stop` are the two ends of its life; what lies between is the ASGI application `Hoster.asgi`.
"""

from __future__ import annotations

import importlib
import logging
from collections.abc import Sequence
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

from engine.access import SYSTEM
from engine.ambient import Ambient
from engine.api import API
from engine.check.functions import Known, check_functions
from engine.commands.bus import Bus
from engine.commands.clockwork import Clockwork
from engine.commands.housekeeping import housekeeping
from engine.commands.registry import DEFAULT, Registry
from engine.database import Database, open_database
from engine.errors import HosterError
from engine.identity import Tokens
from engine.loader import Loaded, load
from engine.model import Definitions
from engine.root import Root
from engine.schema import prepare
from engine.secrets import load_keyring
from engine.secrets.keyring import key_id_of
from engine.seeds import sow
from engine.service import Service
from engine.store import Store, Unit

if TYPE_CHECKING:
    from engine.settings import Settings

log = logging.getLogger("hoster")

FROM_SETTINGS = "from the settings"


class BadDefinitions(HosterError):
    """The definition files have problems; `problems` are their lines."""

    code, title = "bad_definitions", "The definition files have problems"

    def __init__(self, problems: Sequence[object]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))


class NoExtension(HosterError):
    """A module that the settings name is not installed here."""

    code, title = "no_extension", "An extension is missing"


class Hoster:
    """A system that is assembled. `role` is all, api or worker."""

    def __init__(
        self, settings: Settings, definitions: Definitions, database: Database, store: Store, registry: Registry, role: str
    ) -> None:
        self.settings = settings
        self.definitions = definitions
        self.database = database
        self.store = store
        self.registry = registry
        self.service = Service(store, registry)
        self.tokens = Tokens(store)
        self.first_token: str | None = None
        self._works = role in ("all", "worker")
        self._serves = role in ("all", "api")
        self.bus = Bus(store, registry, lease=settings.commands_lease, concurrency=settings.commands_concurrency)
        self._clockwork = Clockwork(store, registry)
        self.asgi = Root(
            API(self.service, self.tokens, body_limit=settings.server_max_body), database, start=self.start, stop=self.stop
        )

    async def start(self) -> None:
        """Begin: seeds, the first operator, and, if this process works, commands and schedules."""
        await self.database.start()
        for file in self.registry.seeds:
            await sow(self.store, file)
        if self._serves:
            self.first_token = await self._first_operator()
        if self._works:
            await self.bus.start()
            await self._clockwork.start()

    async def stop(self) -> None:
        """End: running commands finish or are handed back, queued writes reach the disk."""
        if self._works:
            await self._clockwork.stop()
            await self.bus.stop(self.settings.server_shutdown_timeout)
        await self.database.close()

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
            if unit.transaction.one("SELECT 1 FROM _tokens WHERE user = ?", (user,)):
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
    housekeeping(DEFAULT, settings.retention_events, settings.retention_commands)
    return DEFAULT


def definitions_of(settings: Settings) -> Loaded:
    """The definition files of the settings, loaded."""
    cache = settings.data_dir / "cache" if settings.data_dir.is_dir() else None
    return load(settings.resource_directories, cache=cache)


def known(registry: Registry) -> Known:
    """The names that definitions may use."""
    commands = frozenset(registry.handlers) - frozenset(registry.recurring)
    return Known(commands, frozenset(registry.readers), frozenset(registry.checkers))


def assemble(settings: Settings, *, role: str = "all", ambient: Ambient | None = None) -> Hoster:
    """Everything but the event loop; raises `HosterError` with words for the person who starts it."""
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    registry = extensions(settings)
    loaded = definitions_of(settings)
    if loaded.definitions is None:
        raise BadDefinitions(loaded.problems)
    _warn_of_unknown_names(loaded, registry)
    for change in prepare(settings.database_path, loaded.definitions):
        log.info("%s", change)
    database = open_database(settings.database_path, synchronous=settings.database_synchronous)
    ambient = ambient or Ambient()
    keyring = load_keyring(settings, ambient, required_key_ids=_key_ids_in_use(database, loaded.definitions))
    store = Store(loaded.definitions, database, keyring, ambient)
    return Hoster(settings, loaded.definitions, database, store, registry, role)


def _key_ids_in_use(database: Database, definitions: Definitions) -> set[str]:
    """The keys without which something in the database could not be read."""
    found: set[str] = set()
    for resource in definitions.types.values():
        for attribute in resource.attributes.values():
            if attribute.type == "secret":
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
