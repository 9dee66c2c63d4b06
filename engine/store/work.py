"""A unit of work and the store behind it, as far as the parts of a unit need them: so that no part need know the whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from engine.access import Actor
from engine.ambient import Ambient
from engine.database import Transaction
from engine.model import Definitions
from engine.store.layout import Record
from engine.store.sight import Sight
from engine.store.type_store import TypeStore

if TYPE_CHECKING:
    from engine.secrets import Keyring


class Limiting(Protocol):
    """What bounds how much the owners of a type's rows may have."""

    def check(self, unit: Work, row: Mapping[str, Any], before: Mapping[str, Any] | None) -> None:
        """Raise where a row, as it is to be, takes more than there is room for."""
        ...


class Kinds(Protocol):
    """The compiled types, and what belongs to all of them."""

    definitions: Definitions
    ambient: Ambient
    keyring: Keyring

    @property
    def types(self) -> Mapping[str, TypeStore]: ...

    @property
    def sights(self) -> Mapping[str, Sight]: ...

    @property
    def limits(self) -> Mapping[str, Limiting]: ...

    def kind(self, name: str) -> TypeStore:
        """The compiled type; raises `NotFound`."""
        ...

    def explain(self, kind: TypeStore, error: Exception) -> Exception:
        """A violated constraint as an error for people."""
        ...


class Work(Protocol):
    """See `engine.store.unit.Unit`."""

    transaction: Transaction
    actor: Actor
    now: str
    made: dict[tuple[str, str], dict[str, str]]

    @property
    def store(self) -> Kinds: ...

    @property
    def milliseconds(self) -> int: ...

    def find(self, kind: TypeStore, row_id: str, *, readable: bool = False) -> Record | None: ...

    def sees(self, record: Record, field: str | None = None) -> bool: ...

    def related(self, kind: TypeStore, row: Mapping[str, Any], names: Iterable[str]) -> dict[str, dict[str, Any] | None]: ...

    def update(
        self,
        kind: TypeStore,
        record: Record,
        given: Mapping[str, Any],
        event: str = "updated",
        *,
        hold: bool = True,
        **told: Any,
    ) -> Record: ...

    def release(self, kind: TypeStore, record: Record) -> Record: ...

    def erase(self, kind: TypeStore, record: Record) -> None: ...

    def farewell(self, rows: Iterable[Record]) -> None: ...

    def queued(self, record: Record, command: str) -> None: ...
