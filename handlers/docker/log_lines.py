"""Lines of containers' logs: parsed from the engine's text, put in order of time. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.model import JSON

MAX_LINE = 8192


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line, with the time at which the engine received it."""

    container: str
    timestamp: str
    stream: str
    message: str

    def document(self) -> dict[str, JSON]:
        """As it is answered."""
        return {
            "container": self.container,
            "timestamp": self.timestamp,
            "stream": self.stream,
            "message": self.message,
        }


def parse_lines(text: bytes, container: str, stream: str) -> list[LogLine]:
    """The lines of one stream, each of which begins with its time. What is no text shows as replacement characters."""
    found = []
    for line in text.decode(errors="replace").split("\n"):
        time, space, message = line.partition(" ")
        if space:
            found.append(LogLine(container, time, stream, message.rstrip("\r")[:MAX_LINE]))
    return found


def merge(groups: Sequence[Sequence[LogLine]], tail: int) -> list[LogLine]:
    """All lines by time; of a single container the last `tail`. Lines of the same time keep their order."""
    lines = sorted((line for group in groups for line in group), key=lambda line: _order(line.timestamp))
    return lines[-tail:] if len(groups) == 1 and tail else lines


def _order(timestamp: str) -> str:
    """An engine leaves off trailing zeros of the fraction, so that times of one second do not sort as text."""
    seconds, dot, fraction = timestamp.rstrip("Z").partition(".")
    return f"{seconds}.{fraction:0<9}" if dot else f"{seconds}.000000000"
