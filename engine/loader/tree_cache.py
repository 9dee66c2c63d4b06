"""Parsed trees kept between starts, because YAML costs more than everything else the loader does.

One file of JSON per definition file, named by its path and valid for one content and one version of the reader. A cache
file that is damaged, foreign or outdated is as good as none; one that cannot be written is not missed.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path
from typing import Any

import orjson

from engine.loader.node import Node

#: Counts up whenever the reader makes another tree of the same text.
READER_VERSION = 1

_LISTS, _MAPPINGS = 1, 2


class TreeCache:
    """The trees below one directory; without a directory nothing is kept."""

    def __init__(self, directory: Path | None) -> None:
        self.directory = directory

    def get(self, path: Path, content: bytes) -> Node | None:
        """The tree of `content`, when it is known."""
        if self.directory is None:
            return None
        try:
            key, digest, body = self._file(path).read_bytes().split(b"\n", 2)
            if key != _key(content) or digest != _digest(body):
                return None
            return _decode(orjson.loads(body))
        except (OSError, ValueError, TypeError, LookupError, RecursionError):
            return None

    def put(self, path: Path, content: bytes, tree: Node) -> None:
        """Keep the tree of `content`."""
        if self.directory is None:
            return
        body = orjson.dumps(_encode(tree))
        file = self._file(path)
        scratch = file.with_name(f"{file.name}.{os.getpid()}")
        with contextlib.suppress(OSError):
            self.directory.mkdir(parents=True, exist_ok=True)
            scratch.write_bytes(b"\n".join((_key(content), _digest(body), body)))
            scratch.replace(file)

    def _file(self, path: Path) -> Path:
        name = hashlib.sha256(str(path.absolute()).encode("utf-8", "surrogateescape")).hexdigest()[:32]
        return (self.directory or Path()) / f"{name}.json"


def _digest(body: bytes) -> bytes:
    return hashlib.sha256(body).hexdigest().encode()


def _key(content: bytes) -> bytes:
    return f"{READER_VERSION} {hashlib.sha256(content).hexdigest()}".encode()


def _encode(node: Node) -> list[Any]:
    place = [node.line, node.column, node.offset]
    if isinstance(node.value, list):
        return [_LISTS, *place, [_encode(each) for each in node.value]]
    if isinstance(node.value, dict):
        return [_MAPPINGS, *place, [[_encode(key), _encode(value)] for _, key, value in node.items()]]
    return [0, *place, node.value]


def _decode(parts: list[Any]) -> Node:
    kind, line, column, offset, value = parts
    node = Node(value, int(line), int(column), int(offset))
    if kind == _LISTS:
        node.value = [_decode(each) for each in value]
    elif kind == _MAPPINGS:
        pairs = [(_decode(key), _decode(each)) for key, each in value]
        node.value = {str(key.value): each for key, each in pairs}
        node.keys = {str(key.value): key for key, _ in pairs}
    return node
