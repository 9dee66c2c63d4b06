"""The event log: one increasing, gap-free sequence over every committed change.

An entry is written in the transaction of what it tells of. `seq` is the highest before plus one; since a write that is
undone takes its entries with it, and the newest entry is never pruned, no number is missing and none is used twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from engine.database import Transaction

INSERT = (
    "INSERT INTO _events (at, type, row, kind, actor, owner, version, command, data, access) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING seq"
)


def append(
    transaction: Transaction,
    *,
    at: str,
    type_name: str,
    row_id: str,
    kind: str,
    actor: str,
    owner: str | None,
    version: int | None,
    command: int | None,
    data: Mapping[str, Any],
    access: str | None,
) -> int:
    """Write one entry; returns its `seq`. `access` is who could see the row: see `engine.store.sight`."""
    text = orjson.dumps(data).decode()
    row = transaction.one(INSERT, (at, type_name, row_id, kind, actor, owner, version, command, text, access))
    assert row is not None  # noqa: S101  RETURNING answers for every inserted row
    return int(row[0])
