"""Text from elsewhere, made safe for a terminal.

Whoever may write a title could otherwise write escape sequences that clear the screen of those who list it, set the
title of their window, or turn a line around so that it reads as another one.
"""

from __future__ import annotations

import re
from typing import Any

import click

_HIDDEN = "\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff"
_UNSAFE = re.compile(f"[\x00-\x1f{_HIDDEN}]")
_UNSAFE_IN_LINES = re.compile(f"[\x00-\x08\x0b-\x1f{_HIDDEN}]")


def visible(text: object, *, lines: bool = False) -> str:
    """The text with everything that a terminal would act on shown as an escape; with `lines`, line breaks and tabs stay."""
    return (_UNSAFE_IN_LINES if lines else _UNSAFE).sub(_escaped, str(text))


def _escaped(match: re.Match[str]) -> str:
    code = ord(match[0])
    known = {9: r"\t", 10: r"\n", 13: r"\r"}.get(code)
    return known or (f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}")


def say(text: str = "", *, err: bool = False) -> None:
    """Print a line."""
    click.echo(visible(text, lines=True), err=err)


def as_json(value: Any, *, indent: int | None = 2) -> str:
    """JSON that holds the same values and nothing that a terminal would act on."""
    import json

    text = json.dumps(value, indent=indent, ensure_ascii=False)
    return _UNSAFE_IN_LINES.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def as_yaml(value: Any) -> str:
    """YAML likewise."""
    text = _yaml(value, unicode=True)
    return _yaml(value, unicode=False) if _UNSAFE_IN_LINES.search(text) else text


def _yaml(value: Any, *, unicode: bool) -> str:
    import io

    from ruamel.yaml import YAML

    yaml: Any = YAML(typ="safe", pure=True)
    yaml.allow_unicode = unicode
    yaml.default_flow_style = False
    yaml.sort_base_mapping_type_on_output = False
    yaml.width = 10_000
    into = io.StringIO()
    yaml.dump(value, into)
    return into.getvalue()
