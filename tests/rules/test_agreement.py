"""The promise of the rule language: for any rule and any row, the Python function and SQLite give the same answer."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from engine.rules import Rule, RuleError, compile_rule
from tests.rules.random_rules import (
    INTEGERS,
    MOMENTS,
    NUMBERS,
    SCALARS,
    TEXTS,
    Item,
    Seeded,
    Writer,
    row_of,
    user,
    without_nulls,
)
from tests.rules.world import MAKERS, SCOPE, THINGS, create_tables, insert

ROWS = 12
RULES = 5

Answer = tuple[str, str, Any]

_TEXTS = st.sampled_from(TEXTS) | st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=6)
_INTEGERS = st.sampled_from(INTEGERS) | st.integers(-(2**63), 2**63 - 1) | st.integers(-10, 10)
_NUMBERS = st.sampled_from(NUMBERS) | st.floats(allow_nan=False, allow_infinity=False)
_MOMENTS = st.sampled_from(MOMENTS) | st.datetimes(min_value=datetime(1000, 1, 1)).map(  # noqa: DTZ001  text in UTC
    lambda moment: f"{moment.isoformat(timespec='milliseconds')}Z",
)


class Drawn:
    """Choices by Hypothesis."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw

    def pick(self, choices: Sequence[Item]) -> Item:
        return self.draw(st.sampled_from(choices))

    def text(self) -> str:
        return self.draw(_TEXTS)

    def integer(self) -> int:
        return self.draw(_INTEGERS)

    def number(self) -> float:
        return self.draw(_NUMBERS)

    def moment(self) -> str:
        return self.draw(_MOMENTS)


class World:
    """Rows, the rows they point to, who is asking, and when. In `shortened`, some nulls are missing altogether."""

    def __init__(self, source: Seeded) -> None:
        self.makers = {identity: row_of(source, MAKERS.name, identity) for identity in ("m1", "m2")}
        self.things = [row_of(source, THINGS.name, f"t{number:02}") for number in range(ROWS)]
        self.shortened = [without_nulls(source, row) for row in self.things]
        self.user = user(source)
        self.now = source.moment()


@st.composite
def rules(draw: st.DrawFn) -> list[tuple[str, str | None]]:
    """Some rules as text, each with the type that it must have: bools as conditions and as values."""
    source = Drawn(draw)
    written = []
    for _ in range(RULES):
        kind = source.pick(("bool", "bool", *SCALARS))
        text = Writer(source).write(kind, source.pick((1, 2, 3, 4)))
        written.append((text, "bool" if kind == "bool" and source.pick((True, False)) else None))
    return written


@given(written=rules(), seed=st.integers(0, 2**32))
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_python_and_sqlite_agree_on_random_rules_and_rows(written: list[tuple[str, str | None]], seed: int) -> None:
    world = World(Seeded(seed))
    with filled(world) as connection:
        for text, expect in written:
            rule = compiled(text, expect)
            if rule is not None:
                assert by_sqlite(connection, rule, world) == by_python(rule, world), text


def compiled(text: str, expect: str | None) -> Rule | None:
    """The rule; None where a random word is compared with a name that can never hold it, which is refused by design."""
    try:
        return compile_rule(text, SCOPE, expect=expect)
    except RuleError as error:
        assert " is never " in error.message, text
        event("refused")
        return None


@contextmanager
def filled(world: World) -> Iterator[sqlite3.Connection]:
    """A database with the rows of `world`."""
    connection = sqlite3.connect(":memory:")
    create_tables(connection)
    for row in world.makers.values():
        insert(connection, MAKERS, row)
    for row in world.things:
        insert(connection, THINGS, row)
    yield connection
    connection.close()


def by_sqlite(connection: sqlite3.Connection, rule: Rule, world: World) -> list[Answer]:
    """A condition answers with the rows that it lets through, another rule with its value for each."""
    condition = rule.sql("sqlite", "t")
    shown, where = ("1", condition.text) if rule.condition else (condition.text, "1")
    statement = f"SELECT t.id, {shown} FROM things t WHERE {where} ORDER BY t.id"
    return [answer(*row) for row in connection.execute(statement, condition.parameters(world.user, world.now))]


def by_python(rule: Rule, world: World) -> list[Answer]:
    """The same from the Python function."""
    answers = []
    for full, row in zip(world.things, world.shortened, strict=True):
        value = rule.evaluate(row, user=world.user, related={"maker": world.makers.get(full["maker"])}, now=world.now)
        if rule.condition:
            assert type(value) is bool
        if value or not rule.condition:
            answers.append(answer(full["id"], int(value) if isinstance(value, bool) else value))
    return answers


def answer(identity: str, value: Any) -> Answer:
    """With its type, because 1 equals 1.0 and the databases know the difference."""
    return identity, type(value).__name__, value
