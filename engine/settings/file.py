"""The settings file: YAML, sections and names as in the keys (`server: {port: 8080}`), read into entries with their places."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from engine.settings.declaration import Setting

if TYPE_CHECKING:
    from engine.loader.node import Node

MAX_BYTES = 262_144

#: What the YAML reader says about these quotes the text, which may be part of a secret that was not put in quotes.
_QUOTING = frozenset({"alias", "anchor", "tag", "bad-number", "bad-character"})


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the file: `key` with dots, the value as text, and where it stands."""

    key: str
    text: str
    place: str


def read_file(file: Path, settings: Mapping[str, Setting]) -> tuple[list[Entry], list[str]]:
    """The entries of the file, and the problems it has as a file."""
    try:
        with file.open("rb") as opened:
            content = opened.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            return [], [f"{file}: this is larger than a settings file may be, {MAX_BYTES} bytes."]
        text = content.decode("utf-8-sig")
    except OSError as error:
        return [], [f"{file}: the settings file cannot be read: {error.strerror}."]
    except UnicodeDecodeError:
        return [], [f"{file}: the settings file is not UTF-8 text."]
    return _Reading(file, settings).read(text)


class _Reading:
    def __init__(self, file: Path, settings: Mapping[str, Setting]) -> None:
        self._file = file
        self._settings = settings
        self._sections = {key.partition(".")[0] for key in settings if "." in key}
        self._problems: list[str] = []

    def read(self, text: str) -> tuple[list[Entry], list[str]]:
        # Only an installation with a settings file pays for the YAML reader.
        from engine.loader.yaml_reader import read_yaml

        root = read_yaml(text, self._problem)
        if root is None or root.broken or root.value is None:
            return [], self._problems
        if not isinstance(root.value, dict):
            self._problem(root.line, root.column, "bad-shape", "a settings file has sections and names, such as server:")
            return [], self._problems
        return list(self._entries(root, "")), self._problems

    def _problem(self, line: int, column: int, code: str, message: str) -> None:
        if code in _QUOTING:
            message = "put this value in single quotes, so that it is read as text"
        self._problems.append(f"{self._file}:{line}:{column}: {message}.")

    def _entries(self, mapping: Node, section: str) -> Iterator[Entry]:
        for name, name_node, node in mapping.items():
            key = section + name
            if key not in self._settings and isinstance(node.value, dict) and not section:
                yield from self._entries(node, f"{name}.")
                continue
            if node.broken or (key in self._sections and node.value is None):
                continue
            text = self._text(node, self._settings.get(key))
            if text is None:
                self._problem(node.line, node.column, "bad-shape", f"{key} takes {self._shape(key)}")
            elif node.value is not None or key not in self._settings:
                yield Entry(key, text, f"{self._file}:{name_node.line}:{name_node.column}")

    def _text(self, node: Node, setting: Setting | None) -> str | None:
        """The value as it would stand in a variable; None when it has no such form."""
        if setting is None:
            return ""  # a name that is refused or ignored: nothing asks for its value
        if isinstance(node.value, list) and setting.list_separator is not None:
            elements = [_scalar(element) for element in node.value]
            return None if None in elements else setting.list_separator.join(each for each in elements if each is not None)
        return _scalar(node)

    def _shape(self, key: str) -> str:
        return "text or a list of texts" if self._settings[key].list_separator is not None else "one text or number"


def _scalar(node: Node) -> str | None:
    if node.broken or isinstance(node.value, list | dict | bool):
        return None
    return "" if node.value is None else str(node.value)
