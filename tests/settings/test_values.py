"""What each kind of setting takes, what it makes of it, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.settings import values
from engine.settings.values import BadValue


@pytest.mark.parametrize(
    ("text", "expected"),
    [("30s", 30), ("1m30s", 90), ("500ms", 0.5), ("7d", 604800), ("1.5h", 5400), ("0", 0), ("2h45m", 9900), ("1µs", 1e-6)],
)
def test_durations_are_read_in_go_syntax(text: str, expected: float) -> None:
    assert values.seconds(text) == pytest.approx(expected)


@pytest.mark.parametrize("text", ["30", "", "s", "-5s", "5 s", "5s ", "1h-5m", "1e3s", "٣s", "5S", "1w", "5s5", "NaNs", "infs"])
def test_other_durations_are_refused(text: str) -> None:
    with pytest.raises(BadValue, match="must be a duration with a unit"):
        values.seconds(text)


@given(st.text(max_size=40))
def test_any_text_is_a_value_or_refused_in_words(text: str) -> None:
    for parse in (
        values.duration("1s", "1h"),
        values.whole(0, 65535),
        values.size("1KiB", "64MiB"),
        values.one_of("a", "b"),
        values.host,
        values.domain,
        values.modules,
        values.socket_path,
        values.paths,
        values.database,
        values.admin_token,
        values.encryption_key,
    ):
        try:
            parse(text)
        except BadValue as refused:
            assert len(str(refused)) > 20


def test_durations_and_numbers_have_bounds() -> None:
    for parse, text in [
        (values.duration("1s", "1h"), "500ms"),
        (values.duration("1s", "1h"), "61m"),
        (values.duration("1s", "1h"), "9" * 400 + "s"),
        (values.whole(0, 65535), "65536"),
        (values.whole(0, 65535), "-1"),
        (values.whole(0, 65535), "٣"),
        (values.size("1KiB", "64MiB"), "65MiB"),
        (values.size("1KiB", "64MiB"), "1023"),
        (values.size("1KiB", "64MiB"), "1GB"),
    ]:
        with pytest.raises(BadValue, match="from"):
            parse(text)


def test_sizes_have_decimal_and_binary_units() -> None:
    parse = values.size("1", "64MiB")
    assert [parse(text) for text in ("512", "1kB", "1KiB", "2mib", "1 MB")] == [512, 1000, 1024, 2 * 1024 * 1024, 10**6]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/var/lib/hoster.db", "/var/lib/hoster.db"),
        ("sqlite:////var/lib/hoster.db", "/var/lib/hoster.db"),
        ("sqlite:///hoster.db", "hoster.db"),
        ("hoster.db", "hoster.db"),
    ],
)
def test_a_database_is_a_path(text: str, expected: str) -> None:
    assert values.database(text) == Path(expected).absolute()


@pytest.mark.parametrize(
    "text", ["postgres://h/d", "sqlite://hoster.db", "sqlite:///", ":memory:", "file:x?mode=memory", "sqlite:///x?a=b"]
)
def test_other_databases_are_refused(text: str) -> None:
    with pytest.raises(BadValue, match=r"must be (the path|sqlite)"):
        values.database(text)


def test_an_admin_token_is_long_and_no_placeholder() -> None:
    assert values.admin_token("x" * 32).reveal() == "x" * 32
    for text in (
        "x" * 31,
        "x" * 513,
        "x" * 31 + " ",
        "x" * 31 + "é",
        "x" * 31 + "\n",
        "Change-Me-please-0123456789abcdefgh",
        "<your_admin_token>-0123456789abcdef",
    ):
        with pytest.raises(BadValue) as refused:
            values.admin_token(text)
        assert text not in str(refused.value)


def test_a_domain_is_put_into_one_form() -> None:
    assert values.domain("Apps.Example.ORG.") == "apps.example.org"
    for text in (
        "*.example.org",
        "https://example.org",
        "example.org:80",
        "a..b",
        "-a.b",
        "a_b",
        "x" * 64,
        ".".join(["a" * 60] * 5),
    ):
        with pytest.raises(BadValue, match="must be a domain name"):
            values.domain(text)


def test_a_host_has_no_scheme_and_no_port() -> None:
    assert [values.host(text) for text in ("::1", "[::]", "0.0.0.0", "localhost")] == ["::1", "::", "0.0.0.0", "localhost"]  # noqa: S104 - read, not bound
    for text in ("http://localhost", "a b", "[::1]:80", "127.0.0.1/8"):
        with pytest.raises(BadValue, match="without scheme and port"):
            values.host(text)


def test_a_socket_is_an_absolute_path_or_nothing() -> None:
    assert values.socket_path("unix:///run/engine.sock") == values.socket_path("/run/engine.sock") == Path("/run/engine.sock")
    assert values.socket_path("") is values.socket_path("unix://") is None
    for text in ("engine.sock", "tcp://127.0.0.1:2375", "/run/\0"):
        with pytest.raises(BadValue, match="absolute path"):
            values.socket_path(text)
