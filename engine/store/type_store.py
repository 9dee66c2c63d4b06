"""Everything about one resource type that is worth working out once: layout, statements, rules, table of moves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.access import Permissions, permissions
from engine.errors import Invalid
from engine.model import ROW_VERSION, STANDARD, Definitions, Relationship, ResourceType, RuleText, Transition
from engine.rules import Rule, compile_rule, row_scope
from engine.store.layout import Layout
from engine.store.traits import completed, lets_in
from engine.types import hashed, to_address, to_utc

if TYPE_CHECKING:
    from engine.secrets import Keyring

ALIAS = "t"


@dataclass(frozen=True, slots=True)
class CompiledGuard:
    """A guard ready to run."""

    rule: Rule
    message: str


@dataclass(frozen=True, slots=True)
class Invariant:
    """A condition that every write leaves true."""

    rule: Rule
    message: str
    attribute: str | None


class TypeStore:
    """One resource type, compiled."""

    def __init__(self, definitions: Definitions, resource: ResourceType, dialect: str, keyring: Keyring) -> None:
        self.resource = resource
        self.name = resource.name
        self.layout = Layout(resource, keyring)
        self.permissions: Permissions = permissions(definitions, resource, dialect, ALIAS)
        self.referring: tuple[tuple[str, Relationship], ...] = tuple(
            (other.name, relationship) for other, relationship in definitions.references_to(resource.name)
        )
        self.lets_in = lets_in(definitions, resource)
        self.completed = completed(definitions, resource)
        self.required = frozenset({*STANDARD, *_required(resource)})
        self._normal = frozenset(name for name, kind in self.layout.kinds.items() if kind in _NORMAL)
        self._compile_rules(definitions)
        self.has_row_rules = bool(self.computed or self.invariants)
        self._compile_moves(definitions)
        self._compile_statements()

    def _compile_rules(self, definitions: Definitions) -> None:
        resource, scope = self.resource, row_scope(definitions, self.resource)
        attributes = resource.attributes.values()
        self.defaults = self.normal({each.name: each.default for each in attributes if each.default is not None})
        self.default_rules = _rules({each.name: each.default_rule for each in attributes}, scope)
        self.computed = _in_order(_rules({each.name: each.computed for each in attributes}, scope))
        with_old = row_scope(definitions, resource, with_old=True)
        self.invariants = tuple(
            Invariant(compile_rule(each.rule.text, with_old), each.message, each.attribute) for each in resource.validations
        )
        self.value_hops = frozenset(
            name
            for rule in (*self.default_rules.values(), *self.computed.values(), *(each.rule for each in self.invariants))
            for name in rule.relationships
        )

    def _compile_moves(self, definitions: Definitions) -> None:
        self.moves: dict[tuple[str, str], Transition] = {}
        self.guards: dict[str, tuple[CompiledGuard, ...]] = {}
        self.busy_states: frozenset[str] = frozenset()
        self.timed_states: frozenset[str] = frozenset()
        lifecycle = self.resource.lifecycle
        if lifecycle is None:
            return
        for transition in lifecycle.transitions.values():
            scope = row_scope(definitions, self.resource, with_old=True, inputs=transition.inputs)
            self.guards[transition.name] = tuple(
                CompiledGuard(compile_rule(guard.rule.text, scope), guard.message) for guard in transition.guards
            )
            for source in transition.sources:
                self.moves[source, transition.name] = transition
        run_by_transition = {each.target for each in lifecycle.transitions.values() if each.run}
        self.busy_states = frozenset(each.name for each in lifecycle.states.values() if each.run) | run_by_transition
        self.timed_states = frozenset(each.name for each in lifecycle.states.values() if each.after)

    def _compile_statements(self) -> None:
        table, layout = quoted(self.name), self.layout
        self.columns = ", ".join(quoted(name) for name in layout.names)
        self.select = f"SELECT {', '.join(f'{ALIAS}.{quoted(name)}' for name in layout.names)} FROM {table} {ALIAS}"
        self.present = self.present_as(ALIAS)
        self.by_id_with_gone = f"{self.select} WHERE {ALIAS}.id = ?"
        self.by_id = f"{self.by_id_with_gone}{self.present}"
        read = self.permissions.read
        self._readable = f"{self.by_id} AND ({read.text})"
        self._readable_by_one = f"{self.by_id} AND ({(read.narrow or read).text})"
        marks = ", ".join("?" * len(layout.names))
        self.insert = f"INSERT INTO {table} ({self.columns}) VALUES ({marks}) RETURNING {self.columns}"
        self.delete = f"DELETE FROM {table} WHERE id = ? AND {quoted(ROW_VERSION)} = ?"
        conditions = tuple(self.permissions.attributes.values())
        shown = "".join(f", ({condition.text})" for condition in conditions)
        of_ids = f"SELECT {ALIAS}.id{shown} FROM {table} {ALIAS} WHERE {ALIAS}.id IN (SELECT value FROM json_each(?))"
        self.hides = (of_ids, conditions) if conditions else None
        self._updates: dict[tuple[str, ...], str] = {}

    def readable(self, row_id: str, user: Mapping[str, Any], now: str) -> tuple[str, tuple[Any, ...]]:
        """The statement for a row that this user may see, and its parameters."""
        read = self.permissions.read.fitting(user)
        text = self._readable if read is self.permissions.read else self._readable_by_one
        return text, (row_id, *read.parameters(user, now))

    def present_as(self, alias: str) -> str:
        """The condition that leaves out rows that are gone, for a query that calls the table `alias`."""
        lifecycle = self.resource.lifecycle
        if lifecycle is None or not lifecycle.gone:
            return ""
        gone = ", ".join(f"'{state}'" for state in lifecycle.gone)
        return f" AND {alias}.{quoted(lifecycle.attribute)} NOT IN ({gone})"

    def normal(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """Values in the one form in which they are compared and kept."""
        return given if self._normal.isdisjoint(given) else normalised(self.layout.kinds, given)

    def update(self, names: tuple[str, ...]) -> str:
        """The statement that sets `names`, fenced by id and version."""
        statement = self._updates.get(names)
        if statement is None:
            version = quoted(ROW_VERSION)
            setting = "".join(f", {quoted(name)} = ?" for name in names)
            statement = self._updates[names] = (
                f"UPDATE {quoted(self.name)} SET {version} = {version} + 1, updated_at = ?{setting} "
                f"WHERE id = ? AND {version} = ? RETURNING {self.columns}"
            )
        return statement


def _required(resource: ResourceType) -> Iterator[str]:
    """What is never null."""
    yield from (each.name for each in resource.attributes.values() if each.required)
    yield from (each.name for each in resource.relationships.values() if each.required)
    if resource.lifecycle is not None:
        yield resource.lifecycle.attribute


def normalised(kinds: Mapping[str, str], given: Mapping[str, Any]) -> dict[str, Any]:
    """Values of attributes of these types in one form: times in UTC with milliseconds, amounts of money as integers,
    e-mail addresses in lower case, tokens as hashes."""
    return {
        name: value if value is None or kinds[name] not in _NORMAL else _NORMAL[kinds[name]](name, value)
        for name, value in given.items()
    }


def _time(name: str, value: str) -> str:
    try:
        return to_utc(value)
    except ValueError as error:
        raise Invalid(f"{name} is no time that there is", code="wrong_format", pointer=f"/data/attributes/{name}") from error


def _money(_: str, value: Mapping[str, Any]) -> dict[str, Any]:
    """JSON Schema takes 5.0 for an integer."""
    return {**value, "amount": int(value["amount"])}


def _email(_: str, value: str) -> str:
    return to_address(value)


_NORMAL: Mapping[str, Callable[[str, Any], Any]] = {
    "timestamp": _time,
    "money": _money,
    "email": _email,
    "token": lambda _, value: hashed(value),
}


def quoted(name: str) -> str:
    """A name from a definition as an SQL identifier."""
    return f'"{name}"'


def _rules(texts: dict[str, RuleText | None], scope: object) -> dict[str, Rule]:
    return {name: compile_rule(text.text, scope, expect=None) for name, text in texts.items() if text is not None}  # type: ignore[arg-type]


def _in_order(computed: dict[str, Rule]) -> dict[str, Rule]:
    """Computed attributes that others are computed from come first; the loader has refused circles."""
    ordered: dict[str, Rule] = {}

    def place(name: str) -> None:
        for needed in computed[name].names:
            if needed in computed and needed not in ordered:
                place(needed)
        ordered[name] = computed[name]

    for name in computed:
        if name not in ordered:
            place(name)
    return ordered
