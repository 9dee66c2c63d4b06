"""Reads `healthcheck`. A check that runs every few milliseconds is a load on the node, so times have a floor."""

from __future__ import annotations

from handlers.docker.document import Scalar
from handlers.docker.fields import Fields, whole
from handlers.docker.model import HealthCheck
from handlers.docker.quantities import SECOND, nanoseconds

MIN_INTERVAL = 1 * SECOND
MAX_INTERVAL = 3600 * SECOND
MAX_TIMEOUT = 60 * SECOND
MAX_RETRIES = 100


def read_health(service: Fields) -> HealthCheck | None:
    """The check of a service, None where the image's own applies."""
    check = service.sub("healthcheck")
    if check is None:
        return None
    if check.flag("disable"):
        return HealthCheck(test=("NONE",))
    return HealthCheck(
        test=_test(check),
        interval=_every(check, "interval"),
        timeout=check.number("timeout", nanoseconds, low=SECOND // 1000, high=MAX_TIMEOUT, high_text="60s"),
        start_period=check.number("start_period", nanoseconds, high=MAX_INTERVAL, high_text="1h"),
        start_interval=_every(check, "start_interval"),
        retries=check.number("retries", whole, low=1, high=MAX_RETRIES),
    )


def _every(check: Fields, key: str) -> int | None:
    return check.number(key, nanoseconds, low=MIN_INTERVAL, high=MAX_INTERVAL, high_text="1h")


def _test(check: Fields) -> tuple[str, ...] | None:
    value = check.get("test")
    if value is None:
        return None
    if isinstance(value, Scalar):
        return ("CMD-SHELL", value.text) if value.text else None
    words = tuple(each.text for each in check.scalars("test"))
    if not words or words[0] not in {"NONE", "CMD", "CMD-SHELL"}:
        check.findings.wrong(value, "the list must begin with NONE, CMD or CMD-SHELL", 'Write ["CMD", "program", "argument"]')
    elif words[0] == "CMD-SHELL" and len(words) != 2:
        check.findings.wrong(value, "CMD-SHELL takes exactly one text", 'Write ["CMD-SHELL", "program argument"]')
    elif words[0] == "CMD" and len(words) == 1:
        check.findings.wrong(value, "CMD takes a program", 'Write ["CMD", "program", "argument"]')
    else:
        return words[:1] if words[0] == "NONE" else words
    return None
