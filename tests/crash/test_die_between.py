"""The engine ends between any two of its steps: what was answered is there, what was not is there whole or not at all."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.access import SYSTEM
from tests.crash import ledger
from tests.crash.dying import DIED, Clock, calls, opened, registry
from tests.crash.processes import ROOT
from tests.support import System

WRITER = "engine.database.sqlite.writer:Writer"
BUS = "engine.commands.bus:Bus"
ATTEMPTS = "engine.commands.attempts:Attempts"
OUTCOME = "engine.commands.outcome"
MOVES = "engine.store.moves"
CLOCKWORK = "engine.commands.clockwork"
TABLES = "engine.database.sqlite.tables:_Preparation"

STEPS = {
    "right after BEGIN": f"{WRITER}._begin:after",
    "a batch applied, not committed": f"{WRITER}._apply:after",
    "right before COMMIT": f"{WRITER}._in_thread:before:_commit",
    "right after COMMIT, before the answer": f"{WRITER}._in_thread:after:_commit",
    "a row written, its event not": "engine.store.unit:Unit._written:after",
    "an event written, what follows from it not": "engine.store.unit:Unit.event:after",
    "a command about to be queued": f"{MOVES}:_enqueue:before",
    "a command queued": f"{MOVES}:_enqueue:after",
    "a command about to be claimed": f"{BUS}._claim_work:before",
    "a command claimed, not committed": f"{BUS}._claim_work:after",
    "a command claimed, not begun": f"{BUS}._begin:before",
    "a handler about to run": f"{ATTEMPTS}._handle:before",
    "a handler has run": f"{ATTEMPTS}._handle:after",
    "an outcome about to be written": f"{ATTEMPTS}._succeed:before",
    "an outcome applied, not committed": f"{OUTCOME}:succeed:after",
    "a command closed, its row not moved": "engine.commands.queue:close:after",
    "an outcome committed": f"{ATTEMPTS}._succeed:after",
    "progress about to be told": f"{ATTEMPTS}.event:before",
    "progress told": f"{ATTEMPTS}.event:after",
}
POINTS = [
    pytest.param(f"{place}:{moment}:{count}" + "".join(f":{word}" for word in words), id=f"{name}, time {count}")
    for name, step in STEPS.items()
    for module, path, moment, *words in [step.split(":")]
    for place in [f"{module}:{path}"]
    for count in ((1, 3, 6) if place.startswith(WRITER) else (2,))
]


def run(scenario: str, folder: Path, point: str = "") -> list[tuple[str, int]]:
    """Run a scenario until it dies, or to its end where there is no point; what it was answered."""
    command = [sys.executable, "-m", "tests.crash.dying", scenario, str(folder), point]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert ended.returncode == (DIED if point else 0), ended.stderr[-2000:]
    lines = [line.split() for line in ended.stdout.splitlines()]
    return [(row, int(version)) for word, row, version in lines if word == "answered"]


def settled(house: System) -> Callable[[], bool]:
    return lambda: not house.store.database.read("SELECT 1 FROM _commands WHERE open = 1")


def moves(house: System, row: str) -> list[tuple[str, str]]:
    """The states that a row left and entered, in order."""
    told = house.store.database.read("SELECT data FROM _events WHERE row = ? AND kind = 'moved' ORDER BY seq", (row,))
    return [(move["from"], move["to"]) for (text,) in told for move in [json.loads(text)]]


@pytest.mark.parametrize("point", POINTS)
async def test_nothing_answered_is_lost_and_every_outcome_counts_once(tmp_path: Path, point: str) -> None:
    answered = run("lamps", tmp_path, point)
    file = tmp_path / "hoster.db"
    ledger.check_file(file)
    ledger.check_events(file, answered)
    ledger.check_rows(file, "lamps")
    async with opened(tmp_path, registry(tmp_path)) as house:
        await house.bus.start()
        await house.until(settled(house))
        commands = house.commands("name", "row", "status")
        states = dict(house.store.database.read("SELECT id, status FROM lamps"))
        for row, state in states.items():
            assert moves(house, row) == ([("off", "warming"), ("warming", "on")] if state == "on" else [])
            assert house.store.find(house.store.kind("lamps"), SYSTEM, row).row["brightness"] == (5 if state == "on" else None)
        assert {row for row, version in answered if version == 2} <= {row for row, state in states.items() if state == "on"}
        assert sorted(row for _, row, _ in commands) == sorted(row for row, state in states.items() if state == "on")
        assert {status for _, _, status in commands} <= {"done"}
        called = Counter(row for _, row in calls(tmp_path))
        assert called.keys() == {row for row, state in states.items() if state == "on"}
        assert max(called.values(), default=1) <= 2
    ledger.check_file(file)
    ledger.check_events(file, answered)
    ledger.check_rows(file, "lamps")


@pytest.mark.parametrize(
    "point",
    [
        f"{OUTCOME}:expire:before:1",
        f"{OUTCOME}:expire:after:1",
        "engine.commands.queue:expire:after:1",
        f"{CLOCKWORK}:Clockwork.look:after:1",
    ],
)
async def test_a_deadline_ends_its_state_once(tmp_path: Path, point: str) -> None:
    run("overdue", tmp_path, point)
    clock = Clock()
    clock.offset = 31
    async with opened(tmp_path, registry(tmp_path), clock) as house:
        await house.clockwork.look()
        [(row, state)] = house.store.database.read("SELECT id, status FROM lamps")
        assert state == "broken"
        assert moves(house, row) == [("off", "warming"), ("warming", "broken")]
        assert house.store.find(house.store.kind("lamps"), SYSTEM, row).row["failure"]["cause"] == "timeout"
        await house.bus.start()
        await house.until(settled(house))
        assert house.commands("status", "cancel") == [("failed", "deadline")]
        assert house.state("lamps", row) == "broken"
    ledger.check_events(tmp_path / "hoster.db")


@pytest.mark.parametrize(
    "point",
    [
        f"{CLOCKWORK}:_ring:before:1",
        f"{CLOCKWORK}:_ring:after:1",
        f"{MOVES}:arrive:after:4",
        f"{CLOCKWORK}:Clockwork.look:after:1",
    ],
)
async def test_a_timer_fires_once(tmp_path: Path, point: str) -> None:
    run("timed", tmp_path, point)
    clock = Clock()
    clock.offset = 3601
    async with opened(tmp_path, registry(tmp_path), clock) as house:
        await house.clockwork.look()
        await house.bus.start()
        [(row,)] = house.store.database.read("SELECT id FROM lamps")
        await house.until(lambda: house.state("lamps", row) == "off")
        assert moves(house, row) == [("off", "warming"), ("warming", "on"), ("on", "fading"), ("fading", "off")]
        assert house.store.database.read("SELECT * FROM _timers") == []
    ledger.check_events(tmp_path / "hoster.db")


def inventory(folder: Path) -> dict[str, object]:
    """What a first start leaves: the tables as they were made, and how many rows are in each."""
    file = folder / "data" / "hoster.db"
    made = sorted(ledger.query(file, "SELECT type, name, sql FROM sqlite_master"))
    counts = {name: ledger.query(file, f'SELECT count(*) FROM "{name}"')[0][0] for kind, name, _ in made if kind == "table"}
    return {"made": made, "counts": counts, "keys": len(list(folder.glob("data/*.key")))}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    folder = tmp_path_factory.mktemp("undisturbed")
    run("first_start", folder)
    return inventory(folder)


@pytest.mark.parametrize(
    "point",
    [
        f"{TABLES}.run:before:1",
        f"{TABLES}._create:after:1",
        f"{TABLES}._index:after:5",
        f"{TABLES}.run:after:1",
        "engine.app:prepare:after:1",
        "engine.secrets.key_file:_write:before:1",
        "engine.secrets.key_file:_write:after:1",
        "engine.secrets.key_file:_sync_directory:before:1",
        "engine.secrets.key_file:_sync_directory:after:2",
        "engine.seeds:_make:after:1",
        "engine.seeds:_make:after:2",
        "engine.app:sow:after:1",
        "engine.identity.tokens:Tokens.first_operator:before:1",
        "engine.identity.tokens:Tokens.first_operator:after:1",
        "engine.identity.tokens:Tokens.create:after:1",
        f"{WRITER}._in_thread:before:3:_commit",
        f"{WRITER}._in_thread:after:3:_commit",
        "engine.app:Hoster.start:after:1",
    ],
)
def test_a_first_start_that_was_cut_off_is_completed_by_the_next(
    tmp_path: Path, undisturbed: dict[str, object], point: str
) -> None:
    run("first_start", tmp_path, point)
    run("first_start", tmp_path)
    assert inventory(tmp_path) == undisturbed
    ledger.check_file(tmp_path / "data" / "hoster.db")
    ledger.check_events(tmp_path / "data" / "hoster.db")
