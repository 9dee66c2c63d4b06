"""How a setting is declared: once, as a field of a frozen dataclass, with its default, its reason and its trap.

Everything else is derived: the variable's name and the place in the YAML file from the key, the field's default by reading
the default's text, and the page `docs/settings.md` from the words.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any

PREFIX = "HOSTER_"


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting. `default` is text as a person would write it; `shown` describes a default that is computed."""

    key: str
    parse: Callable[[str], Any]
    default: str | None
    shown: str
    reason: str
    trap: str
    secret: bool
    list_separator: str | None
    empty_is_value: bool

    @property
    def variable(self) -> str:
        """The environment variable: dots become underscores."""
        return PREFIX + self.key.upper().replace(".", "_")


def declare(
    key: str,
    parse: Callable[[str], Any],
    *,
    default: str | None = None,
    shown: str | None = None,
    reason: str,
    trap: str,
    secret: bool = False,
    list_separator: str | None = None,
    empty_is_value: bool = False,
) -> Any:
    """A field of the settings.

    A YAML list is joined by `list_separator` before it is read. An empty text means "not set", as it does in most files
    that set variables, unless `empty_is_value`.
    """
    described = shown if shown is not None else default if default else "not set"
    setting = Setting(key, parse, default, described, reason, trap, secret, list_separator, empty_is_value)
    return field(default_factory=lambda: None if default is None else parse(default), metadata={"setting": setting})


def settings_of(owner: type) -> dict[str, Setting]:
    """The declared settings of a dataclass, by field name."""
    return {each.name: each.metadata["setting"] for each in fields(owner) if "setting" in each.metadata}
