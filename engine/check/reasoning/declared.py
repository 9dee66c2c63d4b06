"""What the definitions promise of names: words of an enum, bounds of numbers, lengths of texts and lists, and what is there.

A value that a rule makes is not held to the bounds of its attribute, so nothing is promised of it but its type.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.check.reasoning.values import EITHER, Values, only, spread
from engine.model import Attribute, Definitions, ResourceType
from engine.rules.tree import Read
from engine.types import TYPES

#: Types whose values rules see as they are written; times are seen in one form, and the parts of money apart.
PLAIN = ("string", "text", "slug", "enum", "boolean", "integer", "number")

_LENGTHS = {"string": ("minLength", "maxLength"), "list": ("minItems", "maxItems")}


class Declared:
    """The promises of every name that rules of one type may use; `inputs` are those of the transition that is looked at."""

    def __init__(self, definitions: Definitions, resource: ResourceType, inputs: Mapping[str, Attribute] | None = None) -> None:
        self._definitions = definitions
        self._resource = resource
        self._inputs = inputs or {}
        self._values: dict[str, Values] = {}

    def values(self, name: Read) -> Values:
        """What a name can be."""
        found = self._values.get(name.path)
        if found is None:
            found = self._values[name.path] = self._found(name)
        return found

    def sizes(self, name: Read) -> Values:
        """How long a text or a list can be."""
        attribute = self._attribute(name)
        kind = name.type.partition("<")[0]
        if attribute is None or kind not in _LENGTHS or not _kept(attribute):
            return Values(low=0)
        schema = TYPES[attribute.type].schema(attribute)
        least, most = (_whole(schema.get(keyword)) for keyword in _LENGTHS[kind])
        return spread(False, least or 0, most)

    def _found(self, name: Read) -> Values:
        attribute = self._attribute(name)
        null = name.name.nullable or _once_null(name, attribute)
        if name.type == "bool":
            return Values(null, EITHER.some)
        if name.name.values and (attribute is None or _kept(attribute)):
            return only(name.name.values, null=null)
        if attribute is None or not _kept(attribute) or name.type not in ("int", "float", "string"):
            return Values(null)
        if attribute.type == "money":
            return self._money(attribute, name, null)
        convert = int if name.type == "int" else float
        low, high = (None if bound is None else convert(bound) for bound in (attribute.minimum, attribute.maximum))
        return spread(null, low, high)

    @staticmethod
    def _money(attribute: Attribute, name: Read, null: bool) -> Values:
        if name.name.component == "currency":
            return Values(null) if attribute.currency is None else only((attribute.currency,), null=null)
        return spread(null, int(attribute.minimum or 0), None if attribute.maximum is None else int(attribute.maximum))

    def _attribute(self, read: Read) -> Attribute | None:
        """The attribute behind a name; None where it is none, as with relationships and states."""
        name = read.name
        if name.origin == "input":
            return self._inputs.get(name.key)
        if name.origin == "limits":
            limiting = self._definitions.limits
            return None if limiting is None else limiting.attributes.get(name.key)
        if name.origin == "related":
            target = self._definitions.types.get(name.table or "")
            return None if target is None else target.attributes.get(name.key)
        return self._resource.attributes.get(name.key) if name.origin in ("row", "old") else None


def _once_null(name: Read, attribute: Attribute | None) -> bool:
    """Whether a row may hold null though the attribute has a default: it may be older than the default."""
    return attribute is not None and not attribute.required and name.name.origin != "input"


def _kept(attribute: Attribute) -> bool:
    """Whether values are held to what the attribute says about them."""
    return attribute.computed is None and attribute.default_rule is None


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) else None
