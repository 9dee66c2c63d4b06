"""One entry of the event log, as it was read. What it holds as JSON is read when it is asked for, and once for all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

COLUMNS = "e.seq, e.at, e.type, e.row, e.kind, e.actor, e.owner, e.version, e.command, e.data, e.access"


class Entry:
    """See the module. Entries are shared: nobody changes what they hold."""

    __slots__ = (
        "_access", "_data", "_parsed", "_told", "actor", "at", "command", "kind", "owner", "row", "seq", "type", "version",
    )  # fmt: skip

    def __init__(self, values: tuple[Any, ...]) -> None:
        self.seq: int
        self.at: str
        self.type: str
        self.row: str
        self.kind: str
        self.actor: str
        self.owner: str | None
        self.version: int | None
        self.command: int | None
        (
            self.seq, self.at, self.type, self.row, self.kind, self.actor, self.owner, self.version, self.command,
            self._data, self._access,
        ) = values  # fmt: skip
        self._parsed: Mapping[str, Any] | None = None
        self._told: Mapping[str, Any] | None = None

    @property
    def size(self) -> int:
        """About how much memory it takes."""
        return len(self._data) + len(self._access or "")

    @property
    def data(self) -> Mapping[str, Any]:
        """What it tells."""
        if self._parsed is None:
            self._parsed = orjson.loads(self._data)
        return self._parsed

    @property
    def access(self) -> Mapping[str, Any] | None:
        """What it keeps of who could see the row; None where that is implied, or was not kept yet."""
        if self._told is None and self._access is not None:
            self._told = orjson.loads(self._access)
        return self._told
