"""What a database counts about itself."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.figures import SECONDS, SIZES, Histogram


def _seconds() -> Histogram:
    return Histogram(SECONDS)


def _sizes() -> Histogram:
    return Histogram(SIZES)


@dataclass(slots=True)
class Figures:
    """Counted since the process began. Times are in seconds."""

    writes: int = 0
    failed: int = 0
    batches: Histogram = field(default_factory=_sizes)
    commits: Histogram = field(default_factory=_seconds)
    lock_waits: Histogram = field(default_factory=_seconds)
    slow_reads: Histogram = field(default_factory=_seconds)
