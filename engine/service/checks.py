"""Checks of attribute values by registered functions, such as that a text is a compose file. They may be slow.

They run one after the other, in one thread: however many people send however many texts, half of the processor is left for
everybody else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from engine.access import Actor
from engine.commands.registry import Checker, Problem, Registry
from engine.errors import HosterError, Invalid
from engine.model import Attribute
from engine.service.validation import ATTRIBUTES, escape, raise_all
from engine.store import Sealed, Store, TypeStore

THREAD = ThreadPoolExecutor(1, thread_name_prefix="check")


class Checks:
    """Runs the checks that attributes ask for."""

    def __init__(self, store: Store, registry: Registry) -> None:
        self._store = store
        self._registry = registry
        self._checked = {
            name: tuple(each for each in kind.resource.attributes.values() if each.check is not None)
            for name, kind in store.types.items()
        }

    def concern(self, kind: TypeStore, names: Collection[str] | None) -> bool:
        """Whether a write of these attributes, or of all for None, is checked."""
        checked = self._checked[kind.name]
        return bool(checked) and (names is None or any(attribute.name in names for attribute in checked))

    async def run(self, kind: TypeStore, actor: Actor, row: Mapping[str, Any], unseen: Collection[str] = ()) -> None:
        """Check the row as it would be; raises everything that was found.

        Of a value that is there and not theirs to see, the actor is told that it does not fit, and nothing that it holds.
        """
        found: list[HosterError] = []
        for attribute in self._checked[kind.name]:
            value = row[attribute.name]
            if value is None or attribute.check is None or isinstance(value, Sealed):
                continue  # a secret that is there already was checked when it was given
            checker = self._checker(kind, actor, attribute.check, row)
            problems = await asyncio.get_running_loop().run_in_executor(THREAD, checker, value, row)
            found += [_unseen()] if problems and attribute.name in unseen else [_error(attribute, each) for each in problems]
        raise_all(found)

    def _checker(self, kind: TypeStore, actor: Actor, name: str, row: Mapping[str, Any]) -> Checker:
        """The checker, with the related rows that it asks for."""
        checker, wanted = self._registry.checkers[name], self._registry.checked_with.get(name)
        return (
            checker
            if wanted is None
            else partial(checker, related={each: self._behind(kind, actor, row, each) for each in wanted})
        )

    def _behind(self, kind: TypeStore, actor: Actor, row: Mapping[str, Any], name: str) -> Mapping[str, Any] | None:
        """The row behind a relationship, if `actor` may see it, without what they may not read of it."""
        relationship, row_id = kind.resource.relationships.get(name), row.get(name)
        if relationship is None or row_id is None:
            return None
        target = self._store.kind(relationship.to)
        record = self._store.find(target, actor, row_id)
        if record is None:
            return None
        hidden = {} if actor.system else self._store.hidden(target, actor, [record.id])
        closed = hidden.get(record.id, frozenset())
        return {each: value for each, value in record.row.items() if each not in closed}


def _unseen() -> HosterError:
    detail = "Something that you may not see does not fit together with this"
    return Invalid(detail, code="check_failed", pointer=ATTRIBUTES)


def _error(attribute: Attribute, problem: Problem) -> HosterError:
    steps = "".join(f"/{escape(str(step))}" for step in problem.path) if attribute.type == "json" else ""
    return Invalid(
        problem.message + (f". {problem.hint}" if problem.hint else ""),
        code="check_failed",
        pointer=f"{ATTRIBUTES}/{attribute.name}{steps}",
        meta=_place(problem.path, problem.line, problem.column),
    )


def _place(path: Sequence[str | int], line: int | None, column: int | None) -> dict[str, Any] | None:
    place = {"path": ".".join(map(str, path)) or None, "line": line, "column": column}
    return {name: value for name, value in place.items() if value is not None} or None
