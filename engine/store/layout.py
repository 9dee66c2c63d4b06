"""How the rows of one resource type lie in their table, and how to get at them quickly.

A row travels as the tuple the database gave; `Record` turns it into a dictionary only when somebody asks. The functions
that do so are generated once per type from its columns: no lookup of types, no loop, at the time of a request.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import orjson

from engine.model import ROW_VERSION, STANDARD, ResourceType
from engine.types import TYPES, from_text, to_text

if TYPE_CHECKING:
    from engine.secrets import Keyring

MASK = "••••••"

_LOGGED = (ROW_VERSION, *STANDARD)
"""What an entry of the event log has columns of its own for."""


class Sealed:
    """A secret attribute of a row, still encrypted. Only `reveal` and `value` open it; nothing that prints does."""

    __slots__ = ("_ciphertext", "_keyring", "_kind", "_place")

    def __init__(self, keyring: Keyring, ciphertext: str, place: str, kind: str = "secret") -> None:
        self._keyring, self._ciphertext, self._place, self._kind = keyring, ciphertext, place, kind

    def reveal(self) -> str:
        """The text; of what is no text, its JSON."""
        return self._keyring.decrypt(self._ciphertext, self._place).reveal()

    def value(self) -> Any:
        """The value, of the type of its attribute."""
        return from_text(self._kind, self.reveal())

    def __repr__(self) -> str:
        return MASK

    __str__ = __repr__


class Layout:
    """Columns of one type: their names in order, and the translation of values in both directions."""

    def __init__(self, resource: ResourceType, keyring: Keyring) -> None:
        self.resource = resource
        self.kinds: dict[str, str] = {"id": STANDARD["id"], ROW_VERSION: "integer", **STANDARD}
        if resource.lifecycle is not None:
            self.kinds[resource.lifecycle.attribute] = "enum"
        self.kinds |= dict.fromkeys(resource.relationships, "string")
        self.kinds |= {attribute.name: attribute.type for attribute in resource.attributes.values()}
        self.sealed = frozenset(each.name for each in resource.attributes.values() if each.concealed)
        self._encrypted = frozenset(each.name for each in resource.attributes.values() if each.encrypted)
        self.names = tuple(self.kinds)
        self.index = {name: position for position, name in enumerate(self.names)}
        self.state = self.index[resource.lifecycle.attribute] if resource.lifecycle else None
        self.owner = self.index["id"] if resource.identity else self.index.get(resource.owner or "")
        self._keyring = keyring
        self.decode: Callable[[tuple[Any, ...]], dict[str, Any]] = self._decoder()
        self.snapshot: Callable[[tuple[Any, ...]], dict[str, Any]] = self._snapshot()
        self.encode_row: Callable[[Mapping[str, Any]], list[Any]] = self._encoder()

    def encode(self, name: str, value: Any, row_id: str) -> Any:
        """The column's form of an attribute's value."""
        if value is None:
            return None
        kind = self.kinds[name]
        if name in self._encrypted:
            return self._keyring.encrypt(to_text(kind, value), f"{self.resource.name}/{row_id}/{name}")
        convert = TYPES[kind].to_column
        return convert(value) if convert else value

    def _encoder(self) -> Callable[[Mapping[str, Any]], list[Any]]:
        """A whole row as its columns have it."""
        converters = {name: TYPES[kind].to_column for name, kind in self.kinds.items()}

        def part(name: str) -> str:
            value = f"r[{name!r}]"
            if name in self._encrypted:
                return f"encode({name!r}, {value}, r['id'])"
            return value if converters[name] is None else f"(None if {value} is None else convert[{name!r}]({value}))"

        return _function("r", f"[{', '.join(map(part, self.names))}]", {"encode": self.encode, "convert": converters})

    def same(self, name: str, before: Any, after: Any) -> bool:
        """Whether an attribute's values are the same; in JSON, 1 is neither true nor 1.0, which Python calls equal to it.

        A secret is the same as nothing else: whoever writes one must not learn whether it was that before.
        """
        if name in self._encrypted:
            return before is None and after is None
        if self.kinds[name] not in ("json", "money"):
            return bool(before == after)
        return orjson.dumps(before, option=orjson.OPT_SORT_KEYS) == orjson.dumps(after, option=orjson.OPT_SORT_KEYS)

    def _decoder(self) -> Callable[[tuple[Any, ...]], dict[str, Any]]:
        def seal(text: str | None, row_id: str, name: str) -> Sealed | None:
            place = f"{self.resource.name}/{row_id}/{name}"
            return None if text is None else Sealed(self._keyring, text, place, self.kinds[name])

        parts = [f"{name!r}: {self._reading(name)}" for name in self.names]
        return _function("v", "{" + ", ".join(parts) + "}", {"loads": orjson.loads, "seal": seal})

    def _reading(self, name: str) -> str:
        value, kind = f"v[{self.index[name]}]", self.kinds[name]
        if name in self._encrypted:
            return f"seal({value}, v[0], {name!r})"
        if kind == "boolean":
            return f"(None if {value} is None else {value} == 1)"
        if TYPES[kind].from_column is not None:
            return f"(None if {value} is None else loads({value}))"
        return value

    def _snapshot(self) -> Callable[[tuple[Any, ...]], dict[str, Any]]:
        """A row for the event log: JSON passed through unread, secrets masked, nothing the log has a column for."""
        parts = [f"{name!r}: {self.shown(name)}" for name in self.names if name not in _LOGGED]
        return _function("v", "{" + ", ".join(parts) + "}", {"Fragment": orjson.Fragment, "mask": MASK})

    def shown(self, name: str) -> str:
        """Source text of an expression over the tuple `v`: the value as JSON documents show it."""
        value, kind = f"v[{self.index[name]}]", self.kinds[name]
        if name in self.sealed:
            return f"(None if {value} is None else mask)"
        if kind == "boolean":
            return f"(None if {value} is None else {value} == 1)"
        if TYPES[kind].from_column is not None:
            return f"(None if {value} is None else Fragment({value}))"
        return value


def _function(argument: str, body: str, names: Mapping[str, Any]) -> Callable[[Any], Any]:
    """Compile an expression that this module wrote; the only outside text in it are names the loader has checked."""
    return eval(compile(f"lambda {argument}: {body}", "<layout>", "eval"), {"__builtins__": {}, **names})  # type: ignore[no-any-return]  # noqa: S307  a lambda over checked names


class Record:
    """One row as it was read."""

    __slots__ = ("_row", "layout", "values")

    def __init__(self, layout: Layout, values: tuple[Any, ...]) -> None:
        self.layout, self.values = layout, values
        self._row: dict[str, Any] | None = None

    @property
    def id(self) -> str:
        return str(self.values[0])

    @property
    def version(self) -> int:
        return int(self.values[1])

    @property
    def state(self) -> str | None:
        return None if self.layout.state is None else self.values[self.layout.state]

    @property
    def owner(self) -> str | None:
        return None if self.layout.owner is None else self.values[self.layout.owner]

    @property
    def row(self) -> dict[str, Any]:
        """Attributes and related ids by name, as Python values; secrets stay sealed."""
        if self._row is None:
            self._row = self.layout.decode(self.values)
        return self._row
