"""Log lines: one for each message, with all its fields, without secrets, and without power over a terminal."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from engine.logs import announce, configure
from engine.secrets import MASK, Secret

log = logging.getLogger("hoster.test")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def restored() -> Iterator[None]:
    root = logging.getLogger()
    names = ("httpx", "httpcore", "urllib3", "paramiko", "apscheduler", "asyncio", "uvicorn", "uvicorn.error", "uvicorn.access")
    before = {name: (logging.getLogger(name).level, logging.getLogger(name).propagate) for name in names}
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, (old, propagate) in before.items():
        logging.getLogger(name).setLevel(old)
        logging.getLogger(name).propagate = propagate


pytestmark = pytest.mark.usefixtures("restored")


def json_lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_json_line_has_the_message_and_what_belongs_to_it() -> None:
    stream = io.StringIO()
    configure("info", "json", stream)
    log.info("Started %s", "web", extra={"request_id": "req_1", "actor": "user_1", "row": "things/thing_1", "command": 7})
    (line,) = json_lines(stream)
    assert line.pop("time").endswith("Z")
    assert line == {
        "level": "info",
        "logger": "hoster.test",
        "message": "Started web",
        "request_id": "req_1",
        "actor": "user_1",
        "row": "things/thing_1",
        "command": 7,
    }


def test_a_text_line_has_the_same_for_people() -> None:
    stream = io.StringIO()
    configure("info", "text", stream)
    log.warning("Started", extra={"row": "things/thing_1", "note": "two words"})
    assert stream.getvalue().endswith('warning  hoster.test: Started  row=things/thing_1  note="two words"\n')
    assert "\x1b" not in stream.getvalue()


def test_a_terminal_gets_colours_unless_it_wants_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    coloured, plain = Terminal(), Terminal()
    configure("info", "auto", coloured)
    log.error("Stopped")
    monkeypatch.setenv("NO_COLOR", "1")
    configure("info", "auto", plain)
    log.error("Stopped")
    assert "\x1b[31merror" in coloured.getvalue()
    assert "\x1b" not in plain.getvalue()


def test_what_is_no_terminal_gets_json_unless_told_otherwise() -> None:
    stream = io.StringIO()
    configure(stream=stream)
    log.info("Started")
    assert json_lines(stream)[0]["message"] == "Started"


@pytest.mark.parametrize("form", ["json", "text"])
def test_a_secret_is_masked_wherever_it_stands(form: Any) -> None:
    stream = io.StringIO()
    configure("info", form, stream)
    secret = Secret("hunter2")
    log.info("token %s %r", secret, {"a": secret}, extra={"token": secret, "deep": {"list": [secret], "key": "x"}})
    try:
        raise ValueError(secret)
    except ValueError:
        log.exception("It failed")
    assert "hunter2" not in stream.getvalue()
    assert stream.getvalue().count(MASK) == 5


@pytest.mark.parametrize(
    "hostile", ["a\nb", "a\r\nfaked line", "\x1b[2Jgone", "\x9b31m", "\u2028", "\u202e", "\x00", "\x7f", "\ud800"]
)
def test_no_message_makes_two_lines_or_steers_a_terminal(hostile: str) -> None:
    stream = io.StringIO()
    configure("info", "text", stream)
    log.info("Asked for %s", hostile, extra={"path": hostile})
    configure("info", "json", stream)
    log.info("Asked for %s", hostile, extra={"path": hostile})
    text = stream.getvalue()
    assert len(text.splitlines()) == 2
    assert not {character for character in text if not character.isprintable()} - {"\n", "\x7f"}  # JSON shows DEL as it is


def test_an_exception_keeps_its_lines_in_text_and_is_one_field_in_json() -> None:
    text, lines = io.StringIO(), io.StringIO()
    for form, stream in (("text", text), ("json", lines)):
        configure("info", form, stream)  # type: ignore[arg-type]  # a loop variable is no literal
        try:
            raise ValueError("bad \x1b[2J value")
        except ValueError:
            log.exception("It failed")
    assert "Traceback" in text.getvalue()
    assert "\x1b" not in text.getvalue()
    assert "ValueError: bad" in json_lines(lines)[0]["exception"]


def test_values_that_json_cannot_say_do_not_lose_the_line() -> None:
    class Unprintable:
        def __str__(self) -> str:
            raise RuntimeError("no")

    endless: list[Any] = []
    endless.append(endless)
    stream = io.StringIO()
    configure("info", "json", stream)
    for value in (10**30, float("nan"), b"\xff", {1: 2}, endless, Unprintable(), {"x": Unprintable()}, object()):
        log.info("Value", extra={"value": value})
    lines = json_lines(stream)
    assert [line["message"] for line in lines] == ["Value"] * 8
    assert lines[5]["value"] == "<Unprintable: RuntimeError>"


def test_an_extra_field_cannot_replace_a_standard_one() -> None:
    stream = io.StringIO()
    configure("info", "json", stream)
    log.info("Started", extra={"level": "forged", "time": "forged", "logger": "forged"})
    assert "forged" not in stream.getvalue()


def test_configuring_twice_does_not_write_twice() -> None:
    first, second = io.StringIO(), io.StringIO()
    configure("info", "json", first)
    configure("warning", "json", second)
    log.info("Started")
    log.warning("Slow")
    assert first.getvalue() == ""
    assert [line["message"] for line in json_lines(second)] == ["Slow"]


def test_uvicorn_speaks_through_the_same_lines_and_keeps_its_access_log_to_itself() -> None:
    stream = io.StringIO()
    logging.getLogger("uvicorn").addHandler(logging.StreamHandler(stream))
    configure("info", "json", stream)
    logging.getLogger("uvicorn.error").info("Started server process", extra={"color_message": "Started \x1b[36mserver"})
    logging.getLogger("uvicorn.access").info("GET /?token=hunter2")
    (line,) = json_lines(stream)
    assert line["message"] == "Started server process"
    assert "color_message" not in line


def test_libraries_that_print_whole_requests_stay_quiet_even_when_debugging() -> None:
    stream = io.StringIO()
    configure("debug", "json", stream)
    logging.getLogger("httpcore.http11").debug("send_request_headers authorization=hunter2")
    logging.getLogger("httpx").info("GET https://example.org/?key=hunter2")
    log.debug("Looked")
    assert [line["message"] for line in json_lines(stream)] == ["Looked"]


def test_what_is_announced_is_a_line_like_the_others_whatever_the_level(capsys: pytest.CaptureFixture[str]) -> None:
    stream = io.StringIO()
    configure("error", "json", stream)
    announce("Hoster listens")
    (line,) = json_lines(stream)
    assert (line["message"], line["level"], line["logger"]) == ("Hoster listens", "info", "hoster")
    configure("error", "text", stream)
    announce("Hoster listens")
    assert capsys.readouterr().err == "Hoster listens\n"
