"""Medians and ratios of alternating rounds.

A ratio is taken within each round, where both sides met the same noise, and the median of those is what counts.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence


def ratio(values: Sequence[float], others: Sequence[float]) -> float | None:
    """The median of the rounds' ratios; None where one side has no figure."""
    pairs = [(value, other) for value, other in zip(values, others, strict=False) if other]
    return statistics.median(value / other for value, other in pairs) if pairs else None


def times(value: float | None) -> str:
    """A ratio as people read it."""
    return "" if value is None else f"{value:.2f}×"


def table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; the first column is text, the others are figures."""
    rule = ["---", *["---:"] * (len(titles) - 1)]
    return "\n".join(f"| {' | '.join(row)} |" for row in [titles, rule, *rows])
