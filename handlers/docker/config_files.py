"""A template's config files: text at an absolute path, placed into every container of the deployment.

Reading is pure; `archive` makes the tar that an engine unpacks into a container. Only files go into it, no folders, so
that the permissions of folders which exist in the image stay as they are.
"""

from __future__ import annotations

import hashlib
import io
import posixpath
import re
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.commands.registry import Problem
from handlers.docker.fields import octal

KEYS = ("name", "path", "content", "mode")
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
MAX_FILES = 50
MAX_BYTES = 256 * 1024
MAX_TOTAL = 1024 * 1024
DEFAULT_MODE = 0o444


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """One file in a container."""

    path: str
    content: bytes
    mode: int = DEFAULT_MODE
    user: int = 0
    group: int = 0

    @property
    def digest(self) -> str:
        """A fingerprint of everything about the file."""
        head = f"{self.path}\0{self.mode:o}\0{self.user}\0{self.group}\0".encode()
        return hashlib.sha256(head + self.content).hexdigest()


def read_config_files(value: Any) -> tuple[tuple[ConfigFile, ...], tuple[Problem, ...]]:
    """The files that can be read, and what is wrong with the others."""
    if value is None:
        return (), ()
    if not isinstance(value, list):
        return (), (Problem("The config files are a list"),)
    if len(value) > MAX_FILES:
        return (), (Problem(f"More than {MAX_FILES} config files"),)
    problems: list[Problem] = []
    found: dict[str, ConfigFile] = {}
    for index, entry in enumerate(value):
        file = _read(entry, index, problems)
        if file is not None and file.path in found:
            problems.append(Problem(f"Two config files at {file.path}", (index, "path"), hint="Keep one of the two"))
        if file is not None:
            found.setdefault(file.path, file)
    if sum(len(file.content) for file in found.values()) > MAX_TOTAL:
        problems.append(Problem(f"The config files are larger than {MAX_TOTAL // 1024} KiB together"))
    problems.extend(_inside_each_other(sorted(found)))
    return tuple(found.values()), tuple(problems)


def path_problem(path: str) -> str | None:
    """Why a path cannot be that of a file in a container, None where it can."""
    if not path.startswith("/") or path.endswith("/") or "\0" in path or len(path) > 400:
        return "The path is absolute and names a file, for example /etc/app/settings.yaml"
    if CONTROL.search(path):
        return "The path must not hold line breaks or other control characters"
    if ".." in path.split("/"):
        return "The path must not hold `..`"
    if path != clean_path(path):
        return f"The path is written in its shortest form: {clean_path(path)}"
    if path.startswith(("/proc/", "/sys/", "/dev/")):
        return f"{path} belongs to the kernel"
    return None


def clean_path(path: str) -> str:
    """The path without doubled slashes and dots."""
    return "/" + posixpath.normpath(path).lstrip("/")


def archive(files: Sequence[ConfigFile]) -> bytes:
    """A tar of the files, always the same for the same files."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for file in files:
            entry = tarfile.TarInfo(file.path.lstrip("/"))
            entry.size, entry.mode, entry.uid, entry.gid, entry.mtime = len(file.content), file.mode, file.user, file.group, 0
            tar.addfile(entry, io.BytesIO(file.content))
    return buffer.getvalue()


def _inside_each_other(paths: Sequence[str]) -> list[Problem]:
    known = set(paths)
    return [
        Problem(f"{path} lies inside {parent}, which is a file")
        for path in paths
        for parent in _parents(path)
        if parent in known
    ]


def _parents(path: str) -> list[str]:
    steps = path.split("/")
    return ["/".join(steps[:count]) for count in range(2, len(steps))]


def _read(entry: Any, index: int, problems: list[Problem]) -> ConfigFile | None:
    if not isinstance(entry, dict):
        problems.append(Problem("A config file is an object with a path and a content", (index,)))
        return None
    before = len(problems)
    for key in entry:
        if key not in KEYS:
            problems.append(Problem(f"{key!r} is not a known key", (index, str(key)), hint=f"Known: {', '.join(KEYS)}"))
    path, content = _text(entry, "path", index, problems), _text(entry, "content", index, problems)
    if path is not None and (wrong := path_problem(path)):
        problems.append(Problem(wrong, (index, "path")))
    encoded = (content or "").encode(errors="replace")
    if len(encoded) > MAX_BYTES:
        problems.append(Problem(f"The content is larger than {MAX_BYTES // 1024} KiB", (index, "content")))
    mode = _mode(entry, index, problems)
    if len(problems) > before or path is None:
        return None
    return ConfigFile(path, encoded, mode)


def _text(entry: Mapping[str, Any], key: str, index: int, problems: list[Problem]) -> str | None:
    value = entry.get(key)
    if isinstance(value, str):
        return value
    problems.append(Problem(f"`{key}` is missing, or not text", (index, key)))
    return None


def _mode(entry: Mapping[str, Any], index: int, problems: list[Problem]) -> int:
    value = entry.get("mode")
    if value is None or value == "":
        return DEFAULT_MODE
    try:
        mode = octal(value) if isinstance(value, str) else -1
    except ValueError:
        mode = -1
    if not 0 <= mode <= 0o777:
        problems.append(
            Problem('The mode is octal text from "0000" to "0777"', (index, "mode"), hint='Write for example "0444"')
        )
    return mode
