"""Names inside the document: of components, and of operations, which no two may share.

A component of a type begins with the name of the type, in lower case, and a hyphen, which no name of a definition holds;
those of the API itself begin with a capital letter. So neither is ever mistaken for the other.
"""

from __future__ import annotations

from typing import Any


def component(type_name: str, *parts: str) -> str:
    """The name of a component schema of a type."""
    return "-".join((type_name, *parts))


def reference(name: str, section: str = "schemas") -> dict[str, Any]:
    """A reference to a component."""
    return {"$ref": f"#/components/{section}/{name}"}


def capitalised(name: str) -> str:
    """`order_lines` as `OrderLines`."""
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


class OperationIds:
    """Gives each operation a name of its own; where two would be called the same, the later one gets a number."""

    def __init__(self) -> None:
        self._given: set[str] = set()

    def take(self, verb: str, *names: str) -> str:
        """A name such as `createNotes` or `getNotesLog`."""
        head, *rest = verb.split("_")
        wanted = head + "".join(map(capitalised, (*rest, *names)))
        name, number = wanted, 2
        while name in self._given:
            name, number = f"{wanted}{number}", number + 1
        self._given.add(name)
        return name
