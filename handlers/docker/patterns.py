"""Patterns written by strangers, matched in time that grows with the text alone.

Python's own engine tries alternatives one after the other, which takes for ever on patterns made for that; this one cannot
look around or refer back, and needs no more steps than the text has characters.
"""

from __future__ import annotations

import functools
from collections.abc import Callable


@functools.lru_cache(maxsize=256)
def matcher(pattern: str) -> Callable[[str], bool]:
    """A function that finds `pattern` in a text; raises `ValueError` when the engine has no such pattern."""
    import jsonschema_rs

    schema = {"type": "string", "pattern": pattern}
    try:
        validator = jsonschema_rs.Draft202012Validator(schema, pattern_options=jsonschema_rs.RegexOptions(size_limit=1_000_000))
    except jsonschema_rs.ValidationError as error:
        raise ValueError("it is malformed, looks around, refers back, or repeats too much") from error
    return validator.is_valid
