"""Tables as values: what the schema room wants, and a database engine makes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Column:
    """A column; `type` is TEXT, INTEGER or REAL.

    `was` is the name it had before. A `sealed` one holds ciphertexts that are bound to its name and its table's.
    """

    name: str
    type: str
    not_null: bool = False
    default: Any = None
    was: str | None = None
    sealed: bool = False


@dataclass(frozen=True, slots=True)
class Index:
    """An index over columns, kept to rows where `except_column` has none of some values, `only_true` is 1, `only_set` is not
    null, or the columns of `only_equal` have these values."""

    columns: tuple[str, ...]
    unique: bool = False
    except_column: str | None = None
    except_values: tuple[str, ...] = ()
    only_true: str | None = None
    only_set: str | None = None
    only_equal: tuple[tuple[str, int | str], ...] = ()

    def name(self, table: str) -> str:
        """`table__a_b`, with a mark for unique and partial ones."""
        kind = "unique" if self.unique else "by"
        part = self.only_true or (f"set_{self.only_set}" if self.only_set else None)
        if self.except_column is not None and not self.unique:
            part = f"some_{self.except_column}"
        if self.only_equal:
            part = "_".join(f"{column}_is_{value}" for column, value in self.only_equal)
        return "_".join([f"{table.lstrip('_')}__{kind}", *self.columns, *([part] if part else [])])


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its primary key, references (column → table) and indexes.

    `was` is the name it had before, `renamed` the values of columns that have new names: (column, old, new).
    """

    name: str
    columns: tuple[Column, ...]
    key: str = "id"
    references: dict[str, str] = field(default_factory=dict)
    indexes: tuple[Index, ...] = ()
    was: str | None = None
    renamed: tuple[tuple[str, str, str], ...] = ()
