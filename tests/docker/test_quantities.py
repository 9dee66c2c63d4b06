"""Durations, sizes and processors, exactly."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.docker.quantities import MIB, SECOND, byte_count, nano_cpus, nanoseconds


@pytest.mark.parametrize(
    ("convert", "text", "expected"),
    [
        (nanoseconds, "30s", 30 * SECOND),
        (nanoseconds, "1m30s", 90 * SECOND),
        (nanoseconds, "1h1m1s1ms1us", 3661 * SECOND + 1_001_000),
        (nanoseconds, "0.1s", SECOND // 10),
        (nanoseconds, "1.5h", 5400 * SECOND),
        (nanoseconds, "0", 0),
        (byte_count, "512", 512),
        (byte_count, "512b", 512),
        (byte_count, "512m", 512 * MIB),
        (byte_count, "512MB", 512 * MIB),
        (byte_count, "1gb", 1024 * MIB),
        (byte_count, "1.5GiB", 1536 * MIB),
        (byte_count, "10k", 10240),
        (nano_cpus, "0.5", SECOND // 2),
        (nano_cpus, ".25", SECOND // 4),
        (nano_cpus, "2", 2 * SECOND),
        (nano_cpus, "0.1", SECOND // 10),
    ],
)
def test_quantities_are_read_exactly(convert: Callable[[str], int], text: str, expected: int) -> None:
    assert convert(text) == expected


@pytest.mark.parametrize(
    ("convert", "text"),
    [
        (convert, text)
        for convert in (nanoseconds, byte_count, nano_cpus)
        for text in ("", "x", "-1", "1 s s", "1e9", "٣s", "9" * 40)
    ]
    + [(nanoseconds, "30"), (nanoseconds, "s"), (nanoseconds, "999999999999w"), (byte_count, "1x"), (nano_cpus, "1.2.3")],
)
def test_what_is_no_quantity_is_refused(convert: Callable[[str], int], text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a|is too"):
        convert(text)


@given(st.integers(0, 10**6), st.integers(0, 59), st.integers(0, 59))
def test_hours_minutes_and_seconds_add_up(hours: int, minutes: int, seconds: int) -> None:
    assert nanoseconds(f"{hours}h{minutes}m{seconds}s") == (hours * 3600 + minutes * 60 + seconds) * SECOND
