"""A resource type as its server describes it: names, kinds, columns, and what to call a row."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from engine.cli.resources.failures import unknown

COLUMNS = 5
"""Columns of a table where the definition names none."""

_NAMING = ("string", "slug", "email", "hostname", "url")
_LONG = ("text", "json", "secret", "token")
_ID = "[0-9a-hjkmnp-tv-z]{26}"


class Type:
    """See the module."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document = document
        self.name: str = document["name"]
        self.fields: Mapping[str, Mapping[str, Any]] = document["fields"]
        self.relations: Mapping[str, Mapping[str, Any]] = document["relations"]
        self.lifecycle: Mapping[str, Any] = document["lifecycle"] or {}
        self.states: Mapping[str, Mapping[str, Any]] = self.lifecycle.get("states", {})
        self.transitions: Mapping[str, Mapping[str, Any]] = self.lifecycle.get("transitions", {})
        self._id = re.compile(re.escape(document["id_prefix"] or "") + _ID)

    @property
    def state(self) -> str | None:
        """The attribute that holds the state."""
        return self.lifecycle.get("attribute")

    @property
    def failure(self) -> str | None:
        """The attribute that says why a command failed."""
        return self.lifecycle.get("failure")

    @property
    def comparable(self) -> Mapping[str, str]:
        """What lists can be filtered and sorted by, with its kind."""
        found: Mapping[str, str] = self.document["comparable"]
        return found

    @cached_property
    def naming(self) -> list[str]:
        """The attributes of which one names a row: they are unique, and can be looked for."""
        return [
            name
            for name, each in self.fields.items()
            if each.get("unique") and each["type"] in _NAMING and name in self.comparable
        ]

    @cached_property
    def title(self) -> str | None:
        """The attribute that people know a row by."""
        chosen = self.document["view"].get("title")
        if chosen:
            return str(chosen)
        likely = [*self.naming, *(name for name in ("title", "name", "email") if name in self.fields)]
        return likely[0] if likely else None

    @cached_property
    def columns(self) -> list[str]:
        """The columns of a table: those of the definition, else the first short ones."""
        chosen = self.document["view"].get("columns")
        if chosen:
            return [str(each) for each in chosen if each != "id"]
        short = [
            name
            for name, each in self.fields.items()
            if each["type"] not in _LONG and each["set_by"] not in ("server", "transition") and each["readable"]
        ]
        if self.title in short:
            short = [self.title or "", *(name for name in short if name != self.title)]
        return [*short[: COLUMNS - 1], *([self.state] if self.state else []), "updated_at"]

    def is_id(self, text: str) -> bool:
        """Whether the text has the form of an id of this type."""
        return self._id.fullmatch(text) is not None

    def called(self, resource: Mapping[str, Any]) -> str | None:
        """What people call a resource, where it has a name."""
        value = resource.get("attributes", {}).get(self.title or "")
        return None if value in (None, "") else str(value)

    def transition(self, name: str) -> Mapping[str, Any]:
        """One of its transitions; raises `Usage` where there is none."""
        if name not in self.transitions:
            raise unknown(f"{self.name} has no transition", name, self.transitions)
        return self.transitions[name]

    def known(self, name: str) -> None:
        """Raise `Usage` where it has neither attribute nor relationship of this name."""
        if name not in self.fields and name not in self.relations:
            raise unknown(f"{self.name} has no attribute or relationship", name, (*self.fields, *self.relations))
