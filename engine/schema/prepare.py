"""Bringing a database to what the definitions say, as far as nothing can be lost."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from engine.database.sqlite.snapshots import keep
from engine.database.sqlite.tables import UnsafeChange
from engine.database.sqlite.tables import prepare as prepare_sqlite
from engine.errors import HosterError
from engine.model import Definitions
from engine.schema.resource_tables import resource_table
from engine.schema.system_tables import SYSTEM_TABLES


class SchemaChangeNeeded(HosterError):
    """The definitions differ from the tables in a way that is not applied by itself."""

    code, title = "schema_change_needed", "The definitions no longer fit the database"


def prepare(path: Path, definitions: Definitions, files: Mapping[str, bytes] | None = None, at: str = "") -> list[str]:
    """Make the tables of `definitions` in the database at `path`; returns what was done, a sentence each.

    `files` are what they were read from: the database keeps them, with the time `at`, for plans of later changes.

    Raises `SchemaChangeNeeded`, and changes nothing, when that would lose or break existing rows.
    """
    tables = [resource_table(definitions, resource) for resource in definitions.types.values()]
    try:
        done = prepare_sqlite(path, [*SYSTEM_TABLES, *tables])
    except UnsafeChange as error:
        raise SchemaChangeNeeded(
            "The definition files no longer fit the rows in the database: "
            + "; ".join(error.changes)
            + ". Give a new attribute a default, say `was:` where something got a new name, or put the old definition back;"
            " `hoster plan` tells more."
        ) from error
    if files is not None:
        keep(path, at=at, digest=definitions.digest, files=files, changes=done)
    return done
