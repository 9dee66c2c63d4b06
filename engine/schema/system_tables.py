"""The engine's own tables: the event log, the command queue, timers, schedules, users from elsewhere, passwords,
answers that are kept under the keys of their callers, facts about the database, and the definitions it was made for."""

from __future__ import annotations

from engine.database.tables import Column, Index, Table


def _columns(**types: str) -> tuple[Column, ...]:
    """TEXT, INTEGER or REAL by name; an exclamation mark means NOT NULL."""
    return tuple(Column(name, kind.rstrip("!"), not_null=kind.endswith("!")) for name, kind in types.items())


EVENTS = Table(
    "_events",
    _columns(
        seq="INTEGER!", at="TEXT!", type="TEXT!", row="TEXT!", kind="TEXT!", actor="TEXT!", owner="TEXT",
        version="INTEGER", command="INTEGER", data="TEXT!", access="TEXT",
    ),
    key="seq",
    indexes=(Index(("type", "row", "seq")),),
)  # fmt: skip

COMMANDS = Table(
    "_commands",
    _columns(
        id="INTEGER!", name="TEXT!", type="TEXT!", row="TEXT!", state="TEXT", inputs="TEXT!", actor="TEXT!",
        open="INTEGER!", status="TEXT!", due="INTEGER!", deadline="INTEGER", attempt="INTEGER!", failures="INTEGER!",
        worker="TEXT", fence="TEXT", cancel="TEXT", error="TEXT", created_at="TEXT!", started_at="TEXT", ended_at="TEXT",
    ),
    indexes=(
        Index(("due",), only_true="open"),
        Index(("type", "row"), only_true="open"),
        Index(("deadline",), only_true="open"),
        Index(("cancel",), only_set="cancel"),
        Index(("ended_at",)),
    ),
)  # fmt: skip

TIMERS = Table(
    "_timers",
    _columns(id="INTEGER!", type="TEXT!", row="TEXT!", transition="TEXT!", due="INTEGER!"),
    indexes=(Index(("due",)), Index(("type", "row"))),
)

SCHEDULES = Table("_schedules", _columns(id="TEXT!", due="INTEGER!", trigger="TEXT!"))

EXTERNALS = Table("_externals", _columns(id="TEXT!", user="TEXT!", created_at="TEXT!"), indexes=(Index(("user",)),))

PASSWORDS = Table("_passwords", _columns(id="TEXT!", hash="TEXT!", changed_at="TEXT!"))

PASSWORD_LINKS = Table(
    "_password_links",
    _columns(id="TEXT!", user="TEXT!", expires_at="TEXT!"),
    indexes=(Index(("user",)), Index(("expires_at",))),
)

FACTS = Table("_facts", _columns(id="TEXT!", value="TEXT!"))

DEFINITIONS = Table(
    "_definitions",
    _columns(number="INTEGER!", at="TEXT!", digest="TEXT!", files="TEXT!", changes="TEXT!"),
    key="number",
)

ANSWERS = Table(
    "_answers",
    _columns(id="TEXT!", fingerprint="TEXT!", status="INTEGER!", headers="TEXT!", body="TEXT!", at="INTEGER!"),
    indexes=(Index(("at",)),),
)

SYSTEM_TABLES = (ANSWERS, EVENTS, COMMANDS, TIMERS, SCHEDULES, EXTERNALS, PASSWORDS, PASSWORD_LINKS, FACTS, DEFINITIONS)
