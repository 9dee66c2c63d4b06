"""What ids, and credentials, begin with when a file does not say."""

from __future__ import annotations


def default_prefix(name: str) -> str:
    """The name of a type in the singular and an underscore, so that two types hardly ever share it."""
    singular = name.removesuffix("ies") + "y" if name.endswith("ies") else name.removesuffix("s")
    return (singular or name) + "_"
