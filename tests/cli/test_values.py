"""Values that people type: amounts of money in whatever currency, times, and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.cli.resources.failures import Usage
from engine.cli.resources.values import amount, shown_amount, typed


@pytest.mark.parametrize(
    ("text", "currency", "minor", "unit"),
    [
        ("5", "EUR", 500, "EUR"),
        ("5.00 EUR", None, 500, "EUR"),
        ("EUR 5.5", None, 550, "EUR"),
        ("5usd", None, 500, "USD"),
        ("500 JPY", None, 500, "JPY"),
        ("1.234 KWD", None, 1234, "KWD"),
        ("-0.01", "EUR", -1, "EUR"),
        ('{"amount": 7, "currency": "EUR"}', None, 7, "EUR"),
        ("5 USD", "EUR", 500, "USD"),  # the server says that it is not euros
    ],
)
def test_money_is_read_in_the_unit_of_its_currency(text: str, currency: str | None, minor: int, unit: str) -> None:
    assert amount(text, currency) == {"amount": minor, "currency": unit}


@pytest.mark.parametrize("text", ["5", "5.001 EUR", "1.5 JPY", "five EUR", "5 EURO", "1e5 EUR", "٥ EUR"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        amount(text, None)


@given(st.integers(-(10**15), 10**15), st.sampled_from(["EUR", "JPY", "KWD"]))
def test_money_that_is_shown_can_be_typed(minor: int, unit: str) -> None:
    value = {"amount": minor, "currency": unit}
    assert amount(shown_amount(value), None) == value


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-31", "2026-01-31T00:00:00Z"),
        ("2026-01-31 09:30", "2026-01-31T09:30:00Z"),
        ("2026-01-31T09:30:00Z", "2026-01-31T09:30:00+00:00"),
        ("2026-01-31T09:30+02:00", "2026-01-31T09:30:00+02:00"),
    ],
)
def test_times_are_utc_where_no_zone_is_given(text: str, moment: str) -> None:
    assert typed("due", {"type": "timestamp"}, text) == moment


def test_text_stays_and_other_emptiness_is_null() -> None:
    assert typed("name", {"type": "string"}, " x ") == " x "
    assert typed("name", {"type": "string"}, "") == ""
    assert typed("count", {"type": "integer"}, " ") is None
    with pytest.raises(Usage):
        typed("count", {"type": "integer"}, "1.5")
