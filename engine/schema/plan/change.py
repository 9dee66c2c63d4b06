"""One thing that an edit changes, with a stable code: what it is about, how many rows it concerns, and whether it is safe."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, TypeAlias

Class: TypeAlias = Literal["safe", "backfill", "data loss", "access"]

CODES: Mapping[str, tuple[Class, str]] = MappingProxyType(
    {
        "TB101": ("safe", "A table is made"),
        "TB102": ("safe", "A table gets another name"),
        "TB103": ("safe", "A column is added"),
        "TB104": ("safe", "A column gets another name"),
        "TB105": ("safe", "A column need no longer have a value; the table is made anew"),
        "TB106": ("safe", "A column must have a value now, and every row has one; the table is made anew"),
        "TB107": ("safe", "A reference leads elsewhere now; the table is made anew"),
        "TB108": ("safe", "An index is made"),
        "TB109": ("safe", "An index is dropped"),
        "BF101": ("backfill", "A new attribute must have a value, and rows have none"),
        "BF102": ("backfill", "An attribute must have a value now, and rows have none"),
        "BF103": ("backfill", "Rows have values that the attribute no longer allows"),
        "BF104": ("backfill", "Values must be unique now, and rows have the same"),
        "BF105": ("backfill", "Rows break a condition of their type"),
        "BF106": ("backfill", "Rows are in a state that is no longer there"),
        "BF107": ("backfill", "Rows refer to something that the reference no longer leads to"),
        "DL101": ("data loss", "A type is no longer there, with its rows"),
        "DL102": ("data loss", "An attribute is no longer there, with its values"),
        "DL103": ("data loss", "An attribute's values are kept in another form"),
        "DL104": ("data loss", "A relationship is no longer there, with what it led to"),
        "DL105": ("data loss", "A lifecycle is no longer there, with the state of each row"),
        "LC101": ("safe", "A state is added"),
        "LC102": ("safe", "A state gets another name"),
        "LC103": ("safe", "A state in which no row is goes away"),
        "LC104": ("safe", "What runs in a state changes"),
        "LC105": ("backfill", "Commands are open for a state that is no longer there, or that runs another"),
        "LC106": ("backfill", "Timers are set for a transition that is no longer there"),
        "LC107": ("safe", "Rows get a lifecycle, and begin in its first state"),
        "LC108": ("safe", "A transition starts or leads elsewhere"),
        "AC101": ("access", "Somebody may do what they could not"),
        "AC102": ("safe", "Somebody may no longer do what they could"),
        "AP101": ("safe", "Clients find a name no longer"),
        "AP102": ("safe", "Clients may no longer send values that they could"),
        "AP103": ("safe", "Clients must send what they need not have"),
    }
)
"""What each code says, and its class: `data loss` and wider `access` are never applied without being allowed by name."""

BREAKING = frozenset(
    {"DL101", "DL102", "DL103", "DL104", "DL105", "TB102", "TB104", "LC102", "LC103", "AP101", "AP102", "AP103"}
)
"""Codes of changes that clients of the API may notice as an error."""

SHOWN_IDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change. `where` is a type, or a type and a name in it; `ids` are the first rows that it concerns, of `rows`.

    `sql` is what it does to the tables; `rebuilds` says that a table is written anew for it.
    """

    code: str
    where: str
    text: str
    rows: int | None = None
    ids: tuple[str, ...] = ()
    sql: tuple[str, ...] = ()
    rebuilds: bool = False

    @property
    def kind(self) -> Class:
        """Its class."""
        return CODES[self.code][0]

    @property
    def breaks_clients(self) -> bool:
        """Whether clients of the API may notice it as an error."""
        return self.code in BREAKING

    def document(self) -> dict[str, object]:
        """For programs."""
        return {
            "code": self.code,
            "class": self.kind,
            "where": self.where,
            "text": self.text,
            "rows": self.rows,
            "ids": list(self.ids),
            "sql": list(self.sql),
            "rebuilds": self.rebuilds,
            "breaks_clients": self.breaks_clients,
        }
