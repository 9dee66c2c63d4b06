"""What a plain scalar means, by the core schema of YAML 1.2: `on`, `yes`, `no` and dates are text."""

from __future__ import annotations

import re

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INTEGER = re.compile(r"[-+]?[0-9]+")
_BASED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_JSON = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_STARTS = frozenset("+-.0123456789")

MAX_INTEGER = 2**63 - 1


class BadNumber(ValueError):
    """A number that no 64-bit integer or finite float can hold."""


def resolve(text: str) -> bool | int | float | str | None:
    """The value of an unquoted scalar."""
    if text in _NULLS:
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if text[0] not in _STARTS:
        return text
    return _number(text)


def _number(text: str) -> int | float | str:
    if _INTEGER.fullmatch(text):
        return _bounded(text, 10)
    if _BASED.fullmatch(text):
        return _bounded(text[2:], 8 if text[1] == "o" else 16)
    if _NOT_JSON.fullmatch(text):
        raise BadNumber(f"{text} is not a finite number")
    if not _FLOAT.fullmatch(text):
        return text
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise BadNumber(f"{text[:40]} is too large for a number")
    return value


def _bounded(digits: str, base: int) -> int:
    significant = digits.lstrip("+-0") or "0"
    value = int(significant, base) if len(significant) <= 22 else MAX_INTEGER + 1
    if value > MAX_INTEGER:
        raise BadNumber(f"{digits[:40]} does not fit into 64 bits")
    return -value if digits[0] == "-" else value
