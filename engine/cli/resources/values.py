"""Values as people type them, made what the schema says they are: numbers, amounts of money, times, JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from math import isfinite
from typing import Any

from engine.cli.resources.failures import Usage

_WORDS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
_AMOUNT = re.compile(r"(?:([A-Za-z]{3})\s+)?(-?[0-9]{1,18}(?:\.[0-9]{1,4})?)(?:\s*([A-Za-z]{3}))?")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_DIGITS = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV"), 0),
    **dict.fromkeys(("XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}
"""How many digits the minor unit of a currency has where these are not two (ISO 4217)."""


def typed(name: str, field: Mapping[str, Any], text: str) -> Any:
    """The value of the attribute `name` that `text` stands for; raises `Usage` where it stands for none."""
    read = _READERS.get(field["type"])
    if read is None:
        return text
    if not text.strip():
        return None
    try:
        return read(text.strip(), field)
    except ValueError as error:
        raise Usage(f"{name}: {error}", code="wrong_format") from error


def raw(name: str, text: str) -> Any:
    """The value that JSON text stands for."""
    try:
        return json.loads(text)
    except ValueError as error:
        raise Usage(f"{name}: {_no_json(error)}", code="wrong_format") from error


def amount(text: str, currency: str | None) -> dict[str, Any]:
    """Money: `5.00 EUR`, `EUR 5`, or JSON; without its letters where the type has one currency."""
    if text.startswith("{"):
        value: dict[str, Any] = _json(text, {})
        return value
    match = _AMOUNT.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no amount of money such as 5.00 EUR")
    unit = (match[1] or match[3] or currency or "").upper()
    if not unit:
        raise ValueError(f"{text!r} lacks a currency, as in {text} EUR")
    minor = Decimal(match[2]).scaleb(_DIGITS.get(unit, 2))
    if minor != minor.to_integral_value():
        raise ValueError(f"{unit} has no such small unit as {text!r} needs")
    return {"amount": int(minor), "currency": unit}


def shown_amount(value: Mapping[str, Any]) -> str:
    """Money as people write it."""
    unit = str(value["currency"])
    digits = _DIGITS.get(unit, 2)
    return f"{Decimal(int(value['amount'])).scaleb(-digits):.{digits}f} {unit}"


def _integer(text: str, _: Mapping[str, Any]) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is no whole number") from error


def _number(text: str, _: Mapping[str, Any]) -> float:
    try:
        number = float(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is no number") from error
    if not isfinite(number):
        raise ValueError(f"{text!r} is no number that JSON has")
    return number


def _boolean(text: str, _: Mapping[str, Any]) -> bool:
    if text.lower() not in _WORDS:
        raise ValueError(f"{text!r} is neither true nor false")
    return _WORDS[text.lower()]


def _json(text: str, _: Mapping[str, Any]) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise ValueError(_no_json(error)) from error


def _no_json(error: ValueError) -> str:
    return f"this is no JSON: {error}; text stands in double quotes"


def _money(text: str, field: Mapping[str, Any]) -> dict[str, Any]:
    return amount(text, field.get("currency"))


def _time(text: str, _: Mapping[str, Any]) -> str:
    """RFC 3339; a day is its beginning, and what has no zone is UTC."""
    if _DAY.fullmatch(text):
        return f"{text}T00:00:00Z"
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is no time such as 2026-01-31T09:30:00Z or 2026-01-31") from error
    return moment.isoformat() + ("Z" if moment.tzinfo is None else "")


_READERS: dict[str, Callable[[str, Mapping[str, Any]], Any]] = {
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "json": _json,
    "money": _money,
    "timestamp": _time,
}
