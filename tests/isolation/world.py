"""Any set of definitions with rows in it: of two users, of an operator, in every state, related across all of them.

Rows are made as the system makes them, in the state that they are to have, and never changed afterwards: what somebody could
see when an entry of the event log was written is what they can see now.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.commands.registry import ReadContext, Registry
from engine.errors import HosterError
from engine.loader import load
from engine.model import Definitions, ResourceType
from engine.store import Unit
from tests.isolation.marks import Values
from tests.support import System, definitions, shut, system

OWNER, STRANGER, OPERATOR, ANOTHER = "owner", "stranger", "operator", "another"
PEOPLE = (OWNER, STRANGER, OPERATOR, ANOTHER)
MOST_OF_ONE, ATTEMPTS = 9, 12


@dataclass(frozen=True)
class Caller:
    """Somebody who asks. `user` is None for nobody; `scopes` are those of their token, None for all."""

    name: str
    user: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    scopes: frozenset[str] | None = None

    def within(self, type_name: str, verb: str) -> bool:
        """Whether the token may be used so."""
        return self.scopes is None or verb in self.scopes or f"{type_name}:{verb}" in self.scopes


@dataclass(frozen=True)
class Depth:
    """How much is asked: of so many values of an attribute, rows that are seen, rows that are not, and further steps."""

    values: int = 2
    rows: int = 2
    unseen: int = 2
    steps: int = 2


SHORT = Depth(values=1, rows=1, unseen=1, steps=1)


@dataclass
class World:
    """A running system with rows of several people. `values` makes more of them."""

    running: System
    values: Values
    people: dict[str, str]
    callers: dict[str, Caller]
    depth: Depth = Depth()

    @property
    def definitions(self) -> Definitions:
        """What the system runs."""
        return self.running.store.definitions

    def without(self, type_name: str) -> Caller:
        """The owner with a token that is for every type but one."""
        return self.callers[f"owner without {type_name}"]

    async def close(self) -> None:
        """End it."""
        await shut(self.running)


async def world(folder: Path, files: Mapping[str, str], seed: int, registry: Registry | None = None) -> World:
    """Start a system of these files, with rows for everybody."""
    folder.mkdir(exist_ok=True)
    loaded = load([definitions(folder / "resources", files)])
    assert loaded.definitions is not None, "\n".join(map(str, loaded.problems))
    running = await system(folder, files, _registered(loaded.definitions, registry or Registry()), heartbeat=0.05)
    making = _Making(running, Values(seed))
    await running.write(making.rows)
    people = dict(zip(PEOPLE, making.made[making.identity.name], strict=False))
    tokens = await running.write(lambda unit: _tokens(running, making.values, unit, people))
    callers = {"anonymous": Caller("anonymous")}
    for name, (person, scopes, token) in tokens.items():
        callers[name] = Caller(name, people[person], {"authorization": f"Bearer {token}"}, scopes)
    return World(running, making.values, people, callers)


def _tokens(running: System, values: Values, unit: Unit, people: Mapping[str, str]) -> dict[str, Any]:
    """A token for everybody; for the owner, others that are for too little."""
    types = running.store.types
    wanted: dict[str, tuple[str, list[str] | None]] = {name: (name, None) for name in (OWNER, STRANGER, OPERATOR)}
    wanted |= {"owner reading": (OWNER, ["read"]), "owner writing": (OWNER, ["write"])}
    for name in types:
        others = [f"{other}:{verb}" for other in types if other != name for verb in ("read", "write")]
        wanted[f"owner without {name}"] = (OWNER, others)
    made = {}
    for name, (person, scopes) in wanted.items():
        token = running.tokens.create(unit, people[person], values.mark(), scopes=scopes)
        made[name] = person, frozenset(scopes) if scopes is not None else None, token
    return made


def _registered(loaded: Definitions, registry: Registry) -> Registry:
    """Something for each function that the definitions name and nobody has registered."""

    async def read(context: ReadContext) -> Any:
        return {"of": context.row["id"]}

    async def stream(context: ReadContext) -> Any:
        async def lines() -> Any:
            yield {"of": context.row["id"]}

        return lines()

    async def handle(_: Any) -> Mapping[str, Any]:
        return {}

    for resource in loaded.types.values():
        for each in resource.reads.values():
            registry.readers.setdefault(each.source, stream if each.stream else read)
        for attribute in resource.attributes.values():
            if attribute.check is not None:
                registry.checkers.setdefault(attribute.check, lambda value, row, **_: [])
        for command in _commands(resource):
            registry.handlers.setdefault(command, handle)
    return registry


def _commands(resource: ResourceType) -> Iterator[str]:
    if resource.lifecycle is not None:
        yield from (state.run for state in resource.lifecycle.states.values() if state.run)
        yield from (each.run for each in resource.lifecycle.transitions.values() if each.run)


class _Making:
    """Makes the rows, type after type, those that are pointed at first."""

    def __init__(self, running: System, values: Values) -> None:
        self.running, self.values = running, values
        self.made: dict[str, list[str]] = {name: [] for name in running.store.types}
        identity = running.store.definitions.identity
        assert identity is not None
        self.identity = identity

    def rows(self, unit: Unit) -> None:
        """All of them."""
        for resource in _in_order(self.running.store.definitions):
            if resource.identity:
                for name in PEOPLE:
                    self._row(unit, resource, None, None, operator=name == OPERATOR)
                continue
            states = list(resource.lifecycle.states) if resource.lifecycle else [None, None, None]
            for state in (states * 3)[: max(3, min(len(states), MOST_OF_ONE))]:
                for owner in (*self.made[self.identity.name][:2],) or (None,):
                    self._row(unit, resource, owner, state)

    def _row(self, unit: Unit, resource: ResourceType, owner: str | None, state: str | None, *, operator: bool = False) -> None:
        kind = self.running.store.kind(resource.name)
        for attempt in range(ATTEMPTS):
            given = self._given(resource, only_required=attempt > ATTEMPTS // 2)
            if resource.owner is not None:
                given[resource.owner] = owner
            if resource.identity and "operator" in resource.attributes:
                given["operator"] = operator
            try:
                row = unit.draft(kind, given)
                if state is not None and resource.lifecycle is not None:
                    row[resource.lifecycle.attribute] = state
                self.made[resource.name].append(unit.insert(kind, row).id)
                return
            except HosterError:
                continue
        assert not resource.identity, "there are no people"

    def _given(self, resource: ResourceType, *, only_required: bool) -> dict[str, Any]:
        chance = self.values.chance
        given: dict[str, Any] = {}
        for attribute in resource.attributes.values():
            if attribute.computed is not None or attribute.type == "token":
                continue
            if attribute.required or not (only_required or chance.random() < 0.1):
                given[attribute.name] = self.values.value(attribute)
                if given[attribute.name] is None:
                    del given[attribute.name]
        for relationship in resource.relationships.values():
            options: list[str | None] = list(self.made[relationship.to])
            if not relationship.required:
                options += [None] * (1 + len(options) // 4)
            if options:
                given[relationship.name] = chance.choice(options)
        return given


def _in_order(loaded: Definitions) -> Iterator[ResourceType]:
    """Types after those that they point at; where that is a ring, it is opened at what need not be given."""
    left = dict(loaded.types)
    while left:
        for strict in (True, False):
            free = [each for each in left.values() if not _waits_for(each, left, every=strict)]
            if free:
                break
        assert free, "rows of these types can never be made"
        for each in free[:1]:
            yield left.pop(each.name)


def _waits_for(resource: ResourceType, left: Mapping[str, Any], *, every: bool) -> bool:
    ends = (each for each in resource.relationships.values() if every or each.required)
    return any(each.to in left and each.to != resource.name for each in ends)
