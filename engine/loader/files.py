"""Finding and reading definition files. Whatever is wrong with a directory or a file is a problem, never an exception."""

from __future__ import annotations

import re
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.loader.language import name_pattern
from engine.loader.problem import Problem
from engine.model import Position

SUFFIX = ".yaml"
MAX_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Source:
    """One definition file; `content` is None when it could not be read, which has been reported.

    `layer` counts the directories before its own.
    """

    name: str
    path: Path
    content: bytes | None
    layer: int


def read_sources(directories: Sequence[Path], problems: list[Problem]) -> tuple[Source, ...]:
    """The files of all directories by type name; a file replaces one of the same name in an earlier directory."""
    found: dict[str, tuple[Path, int]] = {}
    for layer, directory in enumerate(directories):
        for path in _listed(directory, problems):
            found[path.stem] = path, layer
    return tuple(Source(name, path, _read(path, problems), layer) for name, (path, layer) in sorted(found.items()))


def _report(problems: list[Problem], path: Path, code: str, message: str, hint: str | None = None) -> None:
    problems.append(Problem(Position(str(path), 1, 1), code, message, hint))


def _listed(directory: Path, problems: list[Problem]) -> list[Path]:
    try:
        paths = sorted(path for path in directory.iterdir() if not path.name.startswith("."))
    except (OSError, ValueError) as error:
        _report(problems, directory, "unreadable", f"this directory cannot be read: {_reason(error)}")
        return []
    for path in paths:
        if path.suffix in (".yml", ".YAML", ".YML"):
            _report(problems, path, "file-name", "a definition file ends with .yaml", path.stem + SUFFIX)
    return [path for path in paths if path.suffix == SUFFIX and _well_named(path, problems)]


def _well_named(path: Path, problems: list[Problem]) -> bool:
    if re.fullmatch(name_pattern().strip("^$"), path.stem):
        return True
    _report(problems, path, "file-name", "a type's name has up to 63 lower-case letters, digits and underscores")
    return False


def _read(path: Path, problems: list[Problem]) -> bytes | None:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            _report(problems, path, "unreadable", "this is not a regular file")
            return None
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        _report(problems, path, "unreadable", f"this file cannot be read: {_reason(error)}")
        return None
    if len(content) > MAX_BYTES:
        _report(problems, path, "too-large", f"a definition file has at most {MAX_BYTES // 1024} KiB")
        return None
    return content


def decode(content: bytes, path: Path, problems: list[Problem]) -> str | None:
    """The text of a file; None when it is not UTF-8, which is reported at the first byte that is not."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8", "replace")
        position = Position(str(path), before.count("\n") + 1, len(before) - before.rfind("\n"))
        problems.append(Problem(position, "not-utf8", "a definition file is UTF-8 text; save it as such"))
        return None


def _reason(error: OSError | ValueError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
