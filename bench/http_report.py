"""What the rounds of `bench.http` come to: medians and ratios, as tables or as JSON."""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from bench.figures import ratio, table, times
from bench.wrk import Load

BASELINES = ("pocketbase", "floor-normal", "floor-full")


@dataclass
class Results:
    """What the rounds have brought: by contender and operation, and by contender alone."""

    loads: dict[tuple[str, str], list[Load]] = field(default_factory=dict)
    footprints: dict[str, list[dict[str, float]]] = field(default_factory=dict)

    def column(self, contender: str, operation: str, figure: str) -> list[float]:
        """One figure over the rounds."""
        return [getattr(load, figure) for load in self._of(contender, operation)]

    def _of(self, contender: str, operation: str) -> list[Load]:
        """PocketBase has no moves: its PATCH stands in."""
        return self.loads.get((contender, operation)) or self.loads.get((contender, "patch"), [])


def summary(results: Results, contenders: Sequence[str]) -> list[dict[str, Any]]:
    """One entry per operation and contender: medians, and ratios to the baselines that ran."""
    return [_entry(results, name, operation, _baselines(contenders)) for name, operation in results.loads]


def _baselines(contenders: Sequence[str]) -> list[str]:
    return [each for each in BASELINES if each in contenders]


def _entry(results: Results, contender: str, operation: str, baselines: Sequence[str]) -> dict[str, Any]:
    entry: dict[str, Any] = {"operation": operation, "contender": contender}
    for figure in ("rate", "p50", "p99", "cpu"):
        entry[figure] = statistics.median(results.column(contender, operation, figure))
    for figure in ("rate", "cpu"):
        own = results.column(contender, operation, figure)
        entry[f"{figure}_ratio"] = {each: ratio(own, results.column(each, operation, figure)) for each in baselines}
    return entry


def document(results: Results, contenders: Sequence[str]) -> str:
    """Everything as JSON: the medians and every round."""
    rounds = [
        {"contender": name, "operation": operation, "rounds": [asdict(load) for load in loads]}
        for (name, operation), loads in results.loads.items()
    ]
    content = {"summary": summary(results, contenders), "footprints": results.footprints, "loads": rounds}
    return json.dumps(content, indent=2)


def report(results: Results, contenders: Sequence[str]) -> str:
    """The tables that people read."""
    baselines = _baselines(contenders)
    titles = ["operation", "contender", "req/s", "p50 ms", "p99 ms", "CPU µs"]
    titles += [f"req/s ÷ {each}" for each in baselines] + [f"CPU ÷ {each}" for each in baselines]
    rows = [_row(entry, baselines) for entry in summary(results, contenders)]
    memory = [[name, *_footprint(rounds)] for name, rounds in results.footprints.items()]
    return f"{table(titles, rows)}\n\n{table(['contender', 'ready ms', 'MB at start', 'MB after the load'], memory)}"


def _row(entry: dict[str, Any], baselines: Sequence[str]) -> list[str]:
    return [
        entry["operation"],
        entry["contender"],
        f"{entry['rate']:.0f}",
        f"{entry['p50']:.1f}",
        f"{entry['p99']:.1f}",
        f"{entry['cpu']:.0f}",
        *(times(entry["rate_ratio"][each]) for each in baselines),
        *(times(entry["cpu_ratio"][each]) for each in baselines),
    ]


def _footprint(rounds: Sequence[dict[str, float]]) -> list[str]:
    figures = ("ready_ms", "before_mb", "after_mb")
    return [f"{statistics.median(each[figure] for each in rounds):.0f}" for figure in figures]
