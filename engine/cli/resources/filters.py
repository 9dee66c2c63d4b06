"""`--where`, `--sort`, `--fields` and `--include` as the parameters of a list."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from engine.cli.resources.addressing import identify
from engine.cli.resources.failures import Usage, unknown
from engine.cli.resources.schema import Type
from engine.cli.resources.server import Server
from engine.cli.resources.values import amount, typed

OPERATORS = ("eq", "ne", "lt", "le", "gt", "ge", "in", "contains", "null")


class Place(NamedTuple):
    """What a condition is about: `path` as filters name it, an attribute `name` of a type, and how it is compared."""

    path: str
    of: Type
    name: str
    operator: str | None


def where(server: Server, kind: Type, conditions: Iterable[str]) -> dict[str, str]:
    """The filters of conditions such as `status=running`, `price.ge=5` and `node.name.contains=web`."""
    found: dict[str, str] = {}
    for condition in conditions:
        left, equals, text = condition.partition("=")
        if not equals:
            raise Usage(
                f"{condition!r} is not of the form NAME=VALUE or NAME.OPERATOR=VALUE", hint=f"Operators: {', '.join(OPERATORS)}"
            )
        place = _place(server, kind, left)
        parameter = f"filter[{place.path}]" + (f"[{place.operator}]" if place.operator else "")
        if parameter in found:
            raise Usage(f"{left} is there twice; several values: {place.path}.in=A,B")
        found[parameter] = _value(server, place, text)
    return found


def sort(kind: Type, text: str) -> str:
    """The order, once its names are known."""
    for name in text.split(","):
        if name.strip().removeprefix("-") not in kind.comparable:
            raise unknown(f"{kind.name} cannot be sorted by", name.strip().removeprefix("-"), kind.comparable)
    return ",".join(name.strip() for name in text.split(","))


def _place(server: Server, kind: Type, left: str) -> Place:
    name, *rest = left.split(".")
    if name not in kind.comparable:
        raise unknown(f"{kind.name} cannot be filtered by", name, kind.comparable)
    of, path = kind, name
    if rest and name in kind.relations and (rest[0] not in OPERATORS or len(rest) > 1):
        of = server.type(kind.relations[name]["to"])
        name = rest.pop(0)
        path = f"{path}.{name}"
        if name not in of.comparable:
            raise unknown(f"{of.name} cannot be filtered by", name, of.comparable)
    operator = rest.pop(0) if rest else None
    if rest or (operator is not None and operator not in OPERATORS):
        raise unknown("There is no operator", ".".join([operator or "", *rest]), OPERATORS)
    return Place(path, of, name, operator)


def _value(server: Server, place: Place, text: str) -> str:
    if place.operator in ("null", "contains"):
        return text
    if place.operator == "in":
        return ",".join(_one(server, place, each) for each in text.split(","))
    return _one(server, place, text)


def _one(server: Server, place: Place, text: str) -> str:
    if place.name in place.of.relations:
        return identify(server, server.type(place.of.relations[place.name]["to"]), text)
    field = place.of.fields[place.name]
    if field["type"] == "money" and text:
        return _money(place, field.get("currency"), text)
    value = typed(place.path, field, text) if field["type"] in ("timestamp", "boolean") else text
    return text if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _money(place: Place, currency: str | None, text: str) -> str:
    """Amounts are compared in the minor unit."""
    try:
        return str(amount(text, currency)["amount"])
    except ValueError as error:
        raise Usage(f"{place.path}: {error}") from error
