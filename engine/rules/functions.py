"""The functions of the rule language: what they take and what they give.

How a function works is the matter of the two targets; a function that is not in `IN_SQL` exists in Python only.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Signature:
    """`takes` are the types of the arguments, the receiver first; `shown` is how it is written."""

    takes: tuple[str, ...]
    gives: str
    shown: str
    method: bool = True
    function: bool = False


SIGNATURES = MappingProxyType(
    {
        "size": Signature(("string or list",), "int", "size(name)", function=True),
        "startsWith": Signature(("string", "string"), "bool", 'name.startsWith("a")'),
        "endsWith": Signature(("string", "string"), "bool", 'name.endsWith("a")'),
        "contains": Signature(("string", "string"), "bool", 'name.contains("a")'),
        "lowerAscii": Signature(("string",), "string", "name.lowerAscii()"),
        "slugify": Signature(("string",), "string", "slugify(name)", method=False, function=True),
    }
)

IN_SQL = frozenset(SIGNATURES) - {"slugify"}

QUANTIFIERS = MappingProxyType({"exists": "names.exists(each, each == 1)", "all": "names.all(each, each > 0)"})

SPECIAL = MappingProxyType({"has": "has(name)", "duration": 'duration("2d")', "timestamp": 'timestamp("2026-01-31T09:30:00Z")'})

KNOWN = (*SIGNATURES, *QUANTIFIERS, *SPECIAL)
