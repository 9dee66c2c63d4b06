"""Rate limits: a burst once, the rate in the long run, one bucket for each key, and a bound on the memory."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.ambient import Ambient
from engine.api.responses import error_response
from engine.errors import TooMany
from engine.rates import Rate, Rates, client_address, parse_rate

TEN = Rate(10, 60.0)


class Clock(Ambient):
    """Time that a test moves."""

    def __init__(self) -> None:
        self.now_ = 1000.0

    def monotonic(self) -> float:
        return self.now_


def test_a_burst_is_possible_once_and_then_the_rate_holds() -> None:
    clock = Clock()
    rates = Rates(clock)
    assert [rates.take("a", TEN) for _ in range(10)] == [None] * 10
    assert rates.take("a", TEN) == pytest.approx(6.0)
    clock.now_ += 6.01
    assert rates.take("a", TEN) is None
    assert rates.take("a", TEN) == pytest.approx(5.99, abs=0.01)


def test_one_who_is_refused_does_not_wait_longer_for_trying() -> None:
    clock = Clock()
    rates = Rates(clock)
    for _ in range(1000):
        rates.take("a", TEN)
    clock.now_ += 6.01
    assert rates.take("a", TEN) is None


def test_keys_and_rules_do_not_share_a_bucket() -> None:
    rates = Rates(Clock())
    once = Rate(1, 60.0)
    assert rates.take("a", once) is None
    assert rates.take("a", once) is not None
    assert rates.take("b", once) is None
    assert rates.take("a", TEN) is None


def test_the_memory_is_bounded_whatever_the_keys() -> None:
    rates = Rates(Clock(), most=100)
    for number in range(10_000):
        rates.take(f"key-{number}", TEN)
    assert len(rates) == 100


def test_buckets_that_are_full_again_go() -> None:
    clock = Clock()
    rates = Rates(clock)
    for number in range(1000):
        rates.take(f"old-{number}", TEN)
    clock.now_ += 61
    for number in range(600):
        rates.take(f"new-{number}", TEN)
    assert len(rates) == 600


@given(st.lists(st.floats(0, 30), min_size=1, max_size=200))
def test_no_stretch_of_time_has_more_than_the_burst_and_the_rate(pauses: list[float]) -> None:
    clock = Clock()
    rates, taken = Rates(clock), []
    for pause in pauses:
        clock.now_ += pause
        if rates.take("a", TEN) is None:
            taken.append(clock.now_)
    for number, begin in enumerate(taken):
        for more, end in enumerate(taken[number:], 1):
            assert more <= 10 + (end - begin) / 6 + 1e-6


def test_the_error_says_how_long_to_wait() -> None:
    rates, once = Rates(Clock()), Rate(1, 90.5)
    rates.require("a", once)
    with pytest.raises(TooMany) as raised:
        rates.require("a", once)
    response = error_response(raised.value)
    assert response.status == 429
    assert (b"retry-after", b"91") in response.headers
    assert b'"rate_limited"' in response.body


def test_no_rule_is_no_limit() -> None:
    rates = Rates(Clock())
    for _ in range(1000):
        rates.require("a", None)
    assert len(rates) == 0


@pytest.mark.parametrize(
    ("text", "rate"),
    [("600/m", Rate(600, 60)), ("10/15m", Rate(10, 900)), ("5/s", Rate(5, 1)), ("1/2d", Rate(1, 172_800)),
     ("off", None), ("OFF", None)],
)  # fmt: skip
def test_rates_are_written_as_counts_in_a_time(text: str, rate: Rate | None) -> None:
    assert parse_rate(text) == rate


@pytest.mark.parametrize("text", ["", "0/m", "10", "10/", "10/0m", "-1/m", "1.5/m", "10/m ", "10/w", "٣/m", "1e3/m"])
def test_anything_else_is_no_rate(text: str) -> None:
    with pytest.raises(ValueError):
        parse_rate(text)


PROXIES = [ip_network("10.0.0.0/8"), ip_network("fd00::/8")]


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("203.0.113.9", b"", "203.0.113.9"),
        ("203.0.113.9", b"198.51.100.1", "203.0.113.9"),
        ("10.0.0.1", b"198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", b"1.1.1.1, 198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", b"1.1.1.1, 198.51.100.1, 10.0.0.2", "198.51.100.1"),
        ("10.0.0.1", b"198.51.100.1:4711", "198.51.100.1"),
        ("10.0.0.1", b"unknown", "10.0.0.1"),
        ("10.0.0.1", b"198.51.100.1, nonsense", "10.0.0.1"),
        ("10.0.0.1", b"", "10.0.0.1"),
        ("fd00::1", b"[2001:db8:1:2:3::4]:99", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::ffff", b"", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.9", b"", "203.0.113.9"),
        ("::ffff:10.0.0.1", b"198.51.100.1", "198.51.100.1"),
        ("", b"198.51.100.1", ""),
    ],
)
def test_the_address_is_that_of_the_client_as_far_as_the_proxies_are_trusted(peer: str, forwarded: bytes, address: str) -> None:
    headers = {b"x-forwarded-for": forwarded} if forwarded else {}
    assert client_address(peer, headers, PROXIES) == address


def test_without_trusted_proxies_the_header_says_nothing() -> None:
    assert client_address("10.0.0.1", {b"x-forwarded-for": b"1.1.1.1"}, ()) == "10.0.0.1"
