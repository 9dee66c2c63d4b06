"""`TYPE/ID` and `TYPE/NAME`: which resource is meant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from engine.cli.resources.failures import Failure, Refused, Usage
from engine.cli.resources.schema import Type
from engine.cli.resources.server import Server, path_of


class Row(NamedTuple):
    """A resource: its type and id. Whether it is there shows when it is asked for."""

    type: Type
    id: str

    @property
    def path(self) -> str:
        """Below /api/v1."""
        return path_of(self.type.name, self.id)

    def __str__(self) -> str:
        return f"{self.type.name}/{self.id}"


def row(server: Server, text: str) -> Row:
    """The resource of `TYPE/ID` or `TYPE/NAME`."""
    type_name, slash, name = text.partition("/")
    resource_type = server.type(type_name)
    if not slash or not name:
        raise Usage(f"Say which of {type_name}: {type_name}/ID, or {type_name}/NAME")
    return Row(resource_type, identify(server, resource_type, name))


def identify(server: Server, resource_type: Type, name: str) -> str:
    """The id that is meant: itself, or that of the one resource that has this name."""
    if resource_type.is_id(name):
        return name
    found = {each["id"]: each for each in _named(server, resource_type, name)}
    if len(found) == 1:
        return str(next(iter(found)))
    if found:
        several = f"{resource_type.name}/{name} could be {len(found)} resources: {', '.join(found)}"
        raise Failure(several, code="ambiguous", hint="Name it by its id")
    names = f", or by its {' or '.join(resource_type.naming)}" if resource_type.naming else ""
    nothing = f"There is no {resource_type.name}/{name}, or none that you may see"
    raise Failure(nothing, code="not_found", hint=f"Name it by its id{names}")


def _named(server: Server, resource_type: Type, name: str) -> Iterable[Mapping[str, Any]]:
    for attribute in resource_type.naming:
        try:
            yield from server.get(f"/{resource_type.name}", {f"filter[{attribute}]": name, "page[size]": "10"})["data"]
        except Refused as error:
            if error.status != 400:  # what cannot be a value of the attribute is none
                raise
