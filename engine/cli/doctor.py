"""`hoster doctor`: looks at everything this installation depends on and says what is wrong and what to do."""

from __future__ import annotations

import json
import os
import platform
import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

import click

from engine.errors import HosterError

if TYPE_CHECKING:
    from engine.settings import Settings

GIGABYTE = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Finding:
    """What one look found."""

    name: str
    good: bool
    detail: str


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
def doctor(as_json: bool) -> None:
    """Look at what Hoster depends on; status 1 when something is wrong."""
    findings = list(_look())
    if as_json:
        click.echo(json.dumps([asdict(each) for each in findings], indent=2))
    else:
        for each in findings:
            mark = click.style("ok   ", fg="green") if each.good else click.style("wrong", fg="red")
            click.echo(f"{mark} {each.name}: {each.detail}")
    if not all(each.good for each in findings):
        raise SystemExit(1)


def _look() -> Iterator[Finding]:
    from engine.settings import load_settings

    yield Finding("python", sys.version_info >= (3, 11), platform.python_version())
    try:
        settings = load_settings()
    except HosterError as error:
        yield Finding("settings", False, error.detail)
        return
    yield Finding("settings", True, f"data in {settings.data_dir}")
    for look in (_disk, _definitions, _database):
        yield _careful(look, settings)
    for entry in entry_points(group="hoster.doctor"):
        name, good, detail = entry.load()(settings)
        yield Finding(name, good, detail)


def _careful(look: Callable[[Settings], Finding], settings: Settings) -> Finding:
    try:
        return look(settings)
    except (HosterError, OSError, sqlite3.Error) as error:
        return Finding(look.__name__.lstrip("_"), False, str(error))


def _disk(settings: Settings) -> Finding:
    folder = settings.data_dir if settings.data_dir.is_dir() else settings.data_dir.absolute().parent
    free = shutil.disk_usage(folder).free
    writable = os.access(folder, os.W_OK)
    detail = f"{free / GIGABYTE:.1f} GB free in {folder}" + ("" if writable else ", which cannot be written to")
    return Finding("disk", writable and free > GIGABYTE // 2, detail)


def _definitions(settings: Settings) -> Finding:
    from engine.app import definitions_of, extensions, known
    from engine.check import check

    problems = check(definitions_of(settings), known(extensions(settings)))
    return Finding("definitions", not problems, f"{len(problems)} problems; see hoster check" if problems else "no problems")


def _database(settings: Settings) -> Finding:
    from pathlib import Path

    if not Path(settings.database_path).exists():
        return Finding("database", True, "not made yet; the first start makes it")
    connection = sqlite3.connect(f"file:{settings.database_path}?mode=ro", uri=True)
    try:
        answer = connection.execute("PRAGMA quick_check").fetchone()[0]
        dead = connection.execute("SELECT count(*) FROM _commands WHERE status = 'failed'").fetchone()[0]
    finally:
        connection.close()
    return Finding("database", answer == "ok", f"quick check says {answer}; {dead} failed commands kept for a look")
