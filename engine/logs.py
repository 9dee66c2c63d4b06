"""Logging: one line for each message, JSON for programs or text for people, on standard error.

Besides time, level, logger and message a line carries what the caller gave as `extra`: `request_id`, `actor`, `row`,
`command` and the like. Whatever a message contains, it stays one line and cannot steer a terminal, and a `Secret` shows as
its mask, since nothing here calls `reveal`.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any, Literal, Protocol, TextIO

import orjson

from engine.ambient import timestamp

Format = Literal["auto", "json", "text"]

_COLOURS = {"debug": "2", "info": "36", "warning": "33", "error": "31", "critical": "1;31"}
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}

#: At these levels they say what a person needs; below, they print whole requests, with what belongs to nobody else.
_QUIET = ("httpx", "httpcore", "urllib3", "paramiko", "apscheduler", "asyncio")

#: Control characters, line separators, and marks that turn the direction of writing.
_UNSAFE = (*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
_IN_JSON = {code: f"\\u{code:04x}" for code in _UNSAFE if code >= 0x7F}
_SEVERAL_LINES = {code: f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" for code in _UNSAFE if chr(code) not in "\n\t"}
_ONE_LINE = _SEVERAL_LINES | {ord("\n"): "\\n", ord("\r"): "\\r", ord("\t"): "\\t"}


class About(Protocol):
    """What the present task is about, such as a request; asked for its fields when a line is written."""

    def log_fields(self) -> Mapping[str, Any]:
        """Fields that every line of the task carries."""
        ...


_ABOUT: ContextVar[About | Mapping[str, Any] | None] = ContextVar("hoster_log_about", default=None)

about = _ABOUT.set
"""Say what the present task, and the tasks that it begins, are about. It costs as much as setting a variable."""


class _Handler(logging.StreamHandler[TextIO]):
    """Ours, so that configuring again replaces it and leaves other handlers alone."""


def configure(level: str = "info", format: Format = "auto", stream: TextIO | None = None) -> None:  # noqa: A002 - the setting's name
    """Send everything that is logged, uvicorn's messages too, to `stream`, standard error by default."""
    stream = stream if stream is not None else sys.stderr
    terminal = stream.isatty()
    handler = _Handler(stream)
    if format == "json" or (format == "auto" and not terminal):
        handler.setFormatter(JSONFormatter())
    else:
        handler.setFormatter(TextFormatter(colour=terminal and not os.environ.get("NO_COLOR")))
    root = logging.getLogger()
    for old in [each for each in root.handlers if isinstance(each, _Handler)]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level.upper())
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    _take_over_uvicorn()


def _take_over_uvicorn() -> None:
    """Start uvicorn with `log_config=None`, so that it leaves this as it is.

    Its access log stays off: it prints query strings, and knows neither the request's id nor who asked. The API logs that.
    """
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = name != "uvicorn.access"


def take_over_python() -> None:
    """What Python itself would print over the lines: warnings, and errors that nobody is there to catch."""
    logging.captureWarnings(True)
    log = logging.getLogger("hoster")

    def in_thread(args: threading.ExceptHookArgs) -> None:
        log.error("A thread ended in an error", exc_info=args.exc_value)

    def unraisable(args: sys.UnraisableHookArgs) -> None:
        log.error("An error could not be raised: %s", args.err_msg or "", exc_info=args.exc_value)

    threading.excepthook, sys.unraisablehook = in_thread, unraisable


def announce(message: str) -> None:
    """Tell whoever starts this process something that no level leaves out: as a line where lines are JSON, else as it is."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler, _Handler) and isinstance(handler.formatter, JSONFormatter):
            record = {"name": "hoster", "levelno": logging.INFO, "levelname": "INFO", "msg": message}
            handler.handle(logging.makeLogRecord(record))
            return
    sys.stderr.write(f"{message}\n")
    sys.stderr.flush()


class JSONFormatter(logging.Formatter):
    """One JSON object: time, level, logger, message, then the extra fields, then the exception."""

    def format(self, record: logging.LogRecord) -> str:
        fields: dict[str, Any] = {
            "time": timestamp(record.created),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        for name, value in {**_fields(), **_extras(record)}.items():
            fields.setdefault(name, value)
        trace = _trace(self, record)
        if trace:
            fields["exception"] = trace
        return _dump(fields)


class TextFormatter(logging.Formatter):
    """Time, level, logger, message and `name=value` pairs; an exception follows on lines of its own."""

    def __init__(self, *, colour: bool) -> None:
        super().__init__()
        self._colour = colour

    def format(self, record: logging.LogRecord) -> str:
        level = record.levelname.lower()
        pairs = "".join(f"  {name}={_shown(value)}" for name, value in {**_fields(), **_extras(record)}.items())
        message = record.getMessage().translate(_ONE_LINE)
        line = f"{self._dim(timestamp(record.created))} {self._tint(level)} {record.name}: {message}{self._dim(pairs)}"
        trace = _trace(self, record)
        return _encodable(f"{line}\n{trace.translate(_SEVERAL_LINES)}" if trace else line)

    def _tint(self, level: str) -> str:
        return f"\x1b[{_COLOURS.get(level, '0')}m{level:<8}\x1b[0m" if self._colour else f"{level:<8}"

    def _dim(self, text: str) -> str:
        return f"\x1b[2m{text}\x1b[0m" if self._colour and text else text


def _fields() -> Mapping[str, Any]:
    subject = _ABOUT.get()
    if subject is None:
        return {}
    return subject if isinstance(subject, Mapping) else subject.log_fields()


def _extras(record: logging.LogRecord) -> Mapping[str, Any]:
    return {name: value for name, value in vars(record).items() if name not in _STANDARD}


def _trace(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    parts = [formatter.formatException(record.exc_info)] if record.exc_info and record.exc_info[0] else []
    if record.stack_info:
        parts.append(formatter.formatStack(record.stack_info))
    return "\n".join(parts)


def _shown(value: Any) -> str:
    if isinstance(value, str) and value.isprintable() and value and " " not in value:
        return value
    return _dump(value)


def _dump(value: Any) -> str:
    try:
        text = orjson.dumps(value, default=_text, option=orjson.OPT_NON_STR_KEYS).decode()
    except TypeError:  # too large a number, half a surrogate pair, a list that contains itself: never worth a lost line
        readable = {_text(key): _text(each) for key, each in value.items()} if isinstance(value, dict) else _text(value)
        text = orjson.dumps(readable).decode()
    return text if text.isascii() else text.translate(_IN_JSON)


def _text(value: object) -> str:
    try:
        return _encodable(str(value))
    except Exception as error:  # an object that cannot be printed must not hide the message about it
        return f"<{type(value).__name__}: {type(error).__name__}>"


def _encodable(text: str) -> str:
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()
