"""Media types, by the rules of JSON:API 1.1: which a request body may have, and which answer the caller can read.

The media type `application/vnd.api+json` takes the parameters `ext` and `profile` and no others. A body with another one
is 415; an Accept header of which every JSON:API entry has another one is 406. Header values come again and again, so what
was found out about one is kept.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TypeAlias

from engine.errors import NotAcceptable, UnsupportedMediaType

JSON_API = "application/vnd.api+json"
ATOMIC = "https://jsonapi.org/ext/atomic"
MAX_LENGTH = 4096

_QUOTED = r'"(?:[^"\\]|\\.?)*+'
_PARAMETER = re.compile(rf""";\s*+([!#$%&'*+.^_`|~0-9A-Za-z-]++)\s*+=\s*+({_QUOTED}"|[^\s;,"]*+)\s*+""")
_ENTRIES = re.compile(rf'(?:[^,"]|{_QUOTED}(?:"|$))++')  # a quotation that does not end takes the rest: it is looked at once
_NONE = re.compile(r"0(\.0*)?")

Parsed: TypeAlias = "tuple[str, dict[str, str]]"


@lru_cache(maxsize=256)
def body_extensions(content_type: bytes | None) -> frozenset[str]:
    """The extensions that a body announces; raises `UnsupportedMediaType` for one that is not read here."""
    name, parameters = _parsed((content_type or b"").decode("latin-1"))
    if name == "application/json":
        return frozenset()
    if name != JSON_API:
        raise UnsupportedMediaType(f"Send Content-Type: {JSON_API}")
    extensions = _extensions(parameters)
    if parameters.keys() - {"ext", "profile"} or extensions - {ATOMIC}:
        raise UnsupportedMediaType(f"{JSON_API} takes no parameters here but ext and profile; ext may be {ATOMIC}")
    return extensions


@lru_cache(maxsize=256)
def accept(header: bytes | None) -> None:
    """Raise `NotAcceptable` where the caller accepts JSON:API only in a form that there is not."""
    if header is None or len(header) > MAX_LENGTH:
        return
    entries = [_parsed(entry) for entry in _ENTRIES.findall(header.decode("latin-1"))]
    ours = [parameters for name, parameters in entries if name == JSON_API]
    if ours and not any(_is_readable(parameters) for parameters in ours):
        raise NotAcceptable(f"Answers are {JSON_API} without parameters but ext and profile; ext may be {ATOMIC}")


def _is_readable(parameters: dict[str, str]) -> bool:
    known = not (parameters.keys() - {"ext", "profile", "q"}) and not (_extensions(parameters) - {ATOMIC})
    return known and _NONE.fullmatch(parameters.get("q", "1")) is None


def _extensions(parameters: dict[str, str]) -> frozenset[str]:
    return frozenset(parameters.get("ext", "").split())


def _parsed(entry: str) -> Parsed:
    name, _, rest = entry.partition(";")
    parameters: dict[str, str] = {}
    if rest:
        parameters = {key.lower(): _unquoted(value) for key, value in _PARAMETER.findall(f";{rest}")}
        left = _PARAMETER.sub("", f";{rest}").strip("; \t")
        if left:
            parameters[left] = ""  # what is no parameter is none that is known
    return name.strip().lower(), parameters


def _unquoted(value: str) -> str:
    return re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value
