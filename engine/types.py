"""Attribute types: how a value of each is described to clients, stored in a column, and seen by rules.

One entry of `TYPES` is one type. `schema` describes a value that a client may send, in JSON Schema 2020-12; `to_column`
and `from_column` translate between that value and what the database keeps. What is secret is the exception, whatever its
type: it is encrypted by the store as `to_text` writes it, and comes out sealed. Of a token, a hash is kept.
"""

from __future__ import annotations

import hashlib
import re
import string
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

import orjson

from engine.ambient import utc
from engine.model import JSON, Attribute

Column: TypeAlias = Literal["TEXT", "INTEGER", "REAL"]
Schema: TypeAlias = dict[str, JSON]

MAX_STRING = 255
MAX_TEXT = 262_144
MAX_INTEGER = 2**63 - 1
CURRENCIES = "^[A-Z]{3}$"

SLUG = r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$"
SEMVER = (
    r"^(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)"
    r"(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?(\+[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?$"
)
HOSTNAME = r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$"
LINE = r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$"
EMAIL = r"^[^@\s\x00-\x1f\x7f-\x9f]+@[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)+$"
URL = r"^https?://[^\s\x00-\x1f\x7f-\x9f/?#]+[^\s\x00-\x1f\x7f-\x9f]*$"
TIMESTAMP = (
    r"^[1-9][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
    r"T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})$"
)


@dataclass(frozen=True, slots=True)
class AttributeType:
    """One attribute type.

    `rule` is the type's name in the rule language, None where rules cannot look inside. `keywords` are the
    constraints a definition may give it.
    """

    name: str
    description: str
    column: Column
    rule: str | None
    schema: Callable[[Attribute], Schema]
    keywords: frozenset[str] = frozenset()
    to_column: Callable[[Any], Any] | None = None
    from_column: Callable[[Any], Any] | None = None


def _text(default_length: int, pattern: str | None = None, **fixed: JSON) -> Callable[[Attribute], Schema]:
    def schema(attribute: Attribute) -> Schema:
        length = attribute.max_length if attribute.max_length is not None else default_length
        described: Schema = {"type": "string", "maxLength": length, **fixed}
        if attribute.min_length is not None:
            described["minLength"] = attribute.min_length
        elif attribute.required:
            described["minLength"] = 1
        patterns = [each for each in (pattern, attribute.pattern) if each is not None]
        if len(patterns) == 1:
            described["pattern"] = patterns[0]
        elif patterns:
            described["allOf"] = [{"pattern": each} for each in patterns]
        return described

    return schema


def _number(kind: str) -> Callable[[Attribute], Schema]:
    def schema(attribute: Attribute) -> Schema:
        described: Schema = {"type": kind}
        low, high = attribute.minimum, attribute.maximum
        if kind == "integer":
            described["minimum"] = -MAX_INTEGER if low is None else int(low)
            described["maximum"] = MAX_INTEGER if high is None else int(high)
            return described
        if low is not None:
            described["minimum"] = low
        if high is not None:
            described["maximum"] = high
        return described

    return schema


def _json(attribute: Attribute) -> Schema:
    return dict(attribute.schema) if isinstance(attribute.schema, Mapping) else {}


def _money(attribute: Attribute) -> Schema:
    amount: Schema = {
        "type": "integer",
        "minimum": int(attribute.minimum or 0),
        "maximum": int(attribute.maximum or MAX_INTEGER),
    }
    currency: Schema = {"const": attribute.currency} if attribute.currency else {"type": "string", "pattern": CURRENCIES}
    return {
        "type": "object",
        "properties": {"amount": amount, "currency": currency},
        "required": ["amount", "currency"],
        "additionalProperties": False,
    }


def _enum(attribute: Attribute) -> Schema:
    return {"type": "string", "enum": list(attribute.values)}


def _dump(value: JSON) -> str:
    return orjson.dumps(value).decode()


def to_text(kind: str, value: Any) -> str:
    """A value of an attribute type as the text that is encrypted: as it stands where it is text, else in JSON."""
    return _dump(value) if kind in _IN_JSON else str(value)


def from_text(kind: str, text: str) -> Any:
    """The value that `to_text` wrote."""
    return orjson.loads(text) if kind in _IN_JSON else text


def to_utc(value: str) -> str:
    """Any RFC 3339 time as UTC with milliseconds, so that text order is time order; `ValueError` when there is no such time."""
    try:
        return utc(value)
    except OverflowError as error:
        raise ValueError(f"{value} is outside of the years 1 to 9999") from error


def to_address(value: str) -> str:
    """An e-mail address in the one form in which it is kept and compared: ASCII letters in lower case.

    Other letters stay: mapping those would make two different addresses one.
    """
    return unicodedata.normalize("NFC", value).translate(_LOWER)


_LOWER = {ord(letter): letter.lower() for letter in string.ascii_uppercase}
_IN_JSON = frozenset({"integer", "number", "boolean", "json", "money"})
_LENGTHS = frozenset({"min_length", "max_length", "pattern"})
_BOUNDS = frozenset({"minimum", "maximum"})

TYPES: Mapping[str, AttributeType] = MappingProxyType(
    {
        each.name: each
        for each in (
            AttributeType(
                "string",
                "One line of text without control characters, 255 characters unless told otherwise",
                "TEXT",
                "string",
                _text(MAX_STRING, LINE),
                _LENGTHS,
            ),
            AttributeType(
                "text",
                "Text of many lines, 262,144 characters unless told otherwise",
                "TEXT",
                "string",
                _text(MAX_TEXT),
                _LENGTHS,
            ),
            AttributeType("slug", "Lower-case letters, digits and inner hyphens", "TEXT", "string", _text(63, SLUG), _LENGTHS),
            AttributeType("integer", "A whole number of 64 bits", "INTEGER", "int", _number("integer"), _BOUNDS),
            AttributeType(
                "number", "A number with a fraction, 64-bit floating point", "REAL", "float", _number("number"), _BOUNDS, float
            ),
            AttributeType("boolean", "true or false", "INTEGER", "bool", lambda _: {"type": "boolean"}, frozenset(), int, bool),
            AttributeType(
                "timestamp",
                "A moment, RFC 3339; kept and shown in UTC with milliseconds",
                "TEXT",
                "time",
                _text(40, TIMESTAMP, format="date-time"),
                frozenset(),
                to_utc,
            ),
            AttributeType(
                "json",
                "Any JSON value, described by its own JSON Schema",
                "TEXT",
                None,
                _json,
                frozenset({"schema"}),
                _dump,
                orjson.loads,
            ),
            AttributeType("enum", "One of a fixed list of words", "TEXT", "string", _enum, frozenset({"values"})),
            AttributeType("email", "An e-mail address", "TEXT", "string", _text(254, EMAIL, format="email"), _LENGTHS),
            AttributeType("url", "An http or https address", "TEXT", "string", _text(2048, URL, format="uri"), _LENGTHS),
            AttributeType(
                "hostname", "A lower-case DNS name", "TEXT", "string", _text(253, HOSTNAME, format="hostname"), _LENGTHS
            ),
            AttributeType(
                "semver", "A version number such as 1.4.0, by semver.org", "TEXT", "string", _text(64, SEMVER), frozenset()
            ),
            AttributeType(
                "money",
                "An amount in the currency's minor unit, such as {amount: 500, currency: USD} for $5.00",
                "TEXT",
                "money",
                _money,
                frozenset({"currency", *_BOUNDS}),
                _dump,
                orjson.loads,
            ),
            AttributeType(
                "secret", "Text that is encrypted when stored and never shown again", "TEXT", None, _text(65_536), _LENGTHS
            ),
            AttributeType(
                "token",
                "A credential that the server makes with the row, shows that once, and keeps as a hash",
                "TEXT",
                None,
                _text(MAX_STRING, LINE),
                frozenset({"prefix"}),
            ),
        )
    }
)


def hashed(token: str) -> str:
    """What is kept of a token: its SHA-256 in hexadecimal. It is 256 random bits, so nothing slower is needed."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def matches(pattern: str, text: str) -> bool:
    """Whether the whole of `text` fits the pattern of a type, for callers outside the JSON Schema path."""
    return re.fullmatch(pattern, text) is not None
