"""What a set of definition files means, as frozen values.

The loader makes these, every other room reads them. Nothing here does anything, and nothing here
knows a resource type by name. Rules are kept as text with their position: `engine.rules` gives them life.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, TypeAlias, TypeVar

JSON: TypeAlias = "bool | int | float | str | list[JSON] | dict[str, JSON] | None"
OnDelete: TypeAlias = Literal["restrict", "cascade", "set_null"]
SetBy: TypeAlias = Literal["user", "system"]
Tone: TypeAlias = Literal["neutral", "good", "busy", "warn", "bad"]

Key = TypeVar("Key")
Value = TypeVar("Value")


def _frozen() -> Mapping[Key, Value]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in a definition file; line and column count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


NOWHERE = Position("<built in>", 1, 1)


@dataclass(frozen=True, slots=True)
class RuleText:
    """An expression of the rule language as written, not yet compiled."""

    text: str
    position: Position = NOWHERE


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """A named, typed value of a resource.

    `type` is a name in `engine.types.TYPES`. At most one of `default`, `default_rule` and `computed` is set.
    `unique` is None for "not unique", an empty tuple for "in the whole type", else the names of the
    relationships or attributes within which it is unique. `read` and `write` narrow who may read and set it, on top of
    the rules of the type. `secret` is set for every attribute that is encrypted and never shown: those of the type
    `secret`, and others that are declared so. `prefix` is what the values of the type `token` begin with.
    """

    name: str
    type: str
    description: str = ""
    required: bool = False
    default: JSON = None
    default_rule: RuleText | None = None
    computed: RuleText | None = None
    unique: tuple[str, ...] | None = None
    index: bool = False
    immutable: bool = False
    set_by: SetBy = "user"
    read: RuleText | None = None
    write: RuleText | None = None
    secret: bool = False
    prefix: str = ""
    min_length: int | None = None
    max_length: int | None = None
    minimum: float | None = None
    maximum: float | None = None
    pattern: str | None = None
    values: tuple[str, ...] = ()
    schema: Mapping[str, JSON] | bool | None = None
    currency: str | None = None
    check: str | None = None
    was: str | None = None
    position: Position = NOWHERE

    @property
    def encrypted(self) -> bool:
        """Whether its values are kept encrypted."""
        return self.secret or self.type == "secret"

    @property
    def concealed(self) -> bool:
        """Whether its values are never shown, compared or seen by rules: secrets, and credentials."""
        return self.encrypted or self.type == "token"


@dataclass(frozen=True, slots=True, kw_only=True)
class Relationship:
    """A to-one link to a resource of type `to`.

    `default` describes the row that is linked when none is given, by values of its attributes. `reverse` is the name under
    which the other row lists those that point at it, None where it does not.
    """

    name: str
    to: str
    description: str = ""
    required: bool = False
    immutable: bool = False
    set_by: SetBy = "user"
    on_delete: OnDelete = "restrict"
    read: RuleText | None = None
    write: RuleText | None = None
    default: Mapping[str, JSON] | None = None
    reverse: str | None = None
    was: str | None = None
    position: Position = NOWHERE


@dataclass(frozen=True, slots=True)
class Reverse:
    """The other end of a relationship: all rows of `type` whose relationship `by` points at this row."""

    name: str
    type: str
    by: str


@dataclass(frozen=True, slots=True)
class Guard:
    """A condition that a transition needs, with the sentence a person reads when it is false."""

    rule: RuleText
    message: str


@dataclass(frozen=True, slots=True)
class Retry:
    """How often, and how far apart, an attempt that failed is made again.

    The n-th pause is `delay * 2 ** (n - 1)` seconds, at most `max_delay`, with jitter.
    """

    attempts: int = 1
    delay: float = 1.0
    max_delay: float = 60.0


@dataclass(frozen=True, slots=True)
class Timer:
    """After `seconds` in its state, a row fires `transition`."""

    seconds: float
    transition: str
    position: Position = NOWHERE


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """One state of a lifecycle. A state with `run` also has `then`, `otherwise` and `within` (seconds)."""

    name: str
    description: str = ""
    tone: Tone = "neutral"
    run: str | None = None
    then: str | None = None
    otherwise: str | None = None
    within: float | None = None
    retry: Retry = Retry()
    after: tuple[Timer, ...] = ()
    final: bool = False
    gone: bool = False
    was: str | None = None
    position: Position = NOWHERE


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """A named move. `by` is a rule over row and user; None means the owner; `system` means nobody but the system.

    `run`, when set, replaces the command of the state it leads to.
    """

    name: str
    sources: tuple[str, ...]
    target: str
    description: str = ""
    guards: tuple[Guard, ...] = ()
    inputs: Mapping[str, Attribute] = field(default_factory=_frozen)
    by: RuleText | Literal["system"] | None = None
    confirm: bool = False
    run: str | None = None
    position: Position = NOWHERE


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifecycle:
    """A state machine over the enum attribute `attribute`, which only transitions and outcomes change.

    `failure` names the json attribute that receives the failure record of a command, if there is one.
    """

    attribute: str
    initial: str
    states: Mapping[str, State]
    transitions: Mapping[str, Transition]
    failure: str | None = None
    position: Position = NOWHERE

    @property
    def gone(self) -> tuple[str, ...]:
        """The states whose rows answer as if they did not exist."""
        return tuple(state.name for state in self.states.values() if state.gone)


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Who may do what. None means the default: the owner; for create, any known user; without owner, nobody.

    `usable` is who may refer to a row from a row of their own; by default, whoever may read it.
    """

    read: RuleText | None = None
    usable: RuleText | None = None
    create: RuleText | None = None
    update: RuleText | None = None
    delete: RuleText | None = None


@dataclass(frozen=True, slots=True)
class Validation:
    """A condition over the whole row that every write must leave true."""

    rule: RuleText
    message: str
    attribute: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """How much an owner may have of this type: at most their limit `most`, an attribute of the row that limits them.

    What counts is the number of their rows, or the sum of the attribute `total` over them; only rows for which `where`
    holds count. Nobody for whom `unless` holds is limited.
    """

    name: str
    most: str
    total: str | None = None
    where: RuleText | None = None
    unless: RuleText | None = None
    message: str = ""
    position: Position = NOWHERE


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """An executable statement about access: `actor` on a row with `when` can, and cannot, do these."""

    actor: str
    when: Mapping[str, JSON] = field(default_factory=_frozen)
    can: tuple[str, ...] = ()
    cannot: tuple[str, ...] = ()
    position: Position = NOWHERE


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """A read-only endpoint of a row, served by the function registered as `source`."""

    name: str
    source: str
    description: str = ""
    stream: bool = False
    params: Mapping[str, Attribute] = field(default_factory=_frozen)
    position: Position = NOWHERE


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """How lists show the type: columns, what they filter and sort by (indexed), the default order, the title."""

    columns: tuple[str, ...] = ()
    filter: tuple[str, ...] = ()
    sort: tuple[str, ...] = ()
    order: str = "-created_at"
    title: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceType:
    """One resource type: the file `<name>.yaml`, the table, the path and the JSON:API type, all called `name`.

    `owner` names the relationship that holds the owner, None for a type that nobody owns. `identity` marks the
    type whose rows are the users themselves: such a row owns itself. `limited_by` names the relationship of the identity
    type whose row holds a user's limits. `credential` marks a type whose rows let their owner in: by a bearer token or by a
    session cookie, held by its one attribute of the type `token`. `reverses` are the other ends of relationships of others.
    """

    name: str
    description: str = ""
    id_prefix: str = ""
    identity: bool = False
    limited_by: str | None = None
    credential: Literal["bearer", "cookie"] | None = None
    owner: str | None = None
    attributes: Mapping[str, Attribute] = field(default_factory=_frozen)
    relationships: Mapping[str, Relationship] = field(default_factory=_frozen)
    reverses: Mapping[str, Reverse] = field(default_factory=_frozen)
    lifecycle: Lifecycle | None = None
    access: Access = Access()
    limits: Mapping[str, Limit] = field(default_factory=_frozen)
    validations: tuple[Validation, ...] = ()
    examples: tuple[Example, ...] = ()
    reads: Mapping[str, Read] = field(default_factory=_frozen)
    view: View = View()
    was: str | None = None
    position: Position = NOWHERE


@dataclass(frozen=True, slots=True)
class Definitions:
    """Every resource type of one running system, by name, and a digest of the files they came from."""

    types: Mapping[str, ResourceType]
    digest: str = ""

    @property
    def identity(self) -> ResourceType | None:
        """The type whose rows are users, if the definitions have one."""
        return next((each for each in self.types.values() if each.identity), None)

    def credential(self, kind: Literal["bearer", "cookie"]) -> ResourceType | None:
        """The type whose rows let people in that way, if the definitions have one."""
        return next((each for each in self.types.values() if each.credential == kind), None)

    @property
    def limits(self) -> ResourceType | None:
        """The type whose rows say how much a user may have, if the definitions have one."""
        identity = self.identity
        if identity is None or identity.limited_by is None:
            return None
        return self.types.get(identity.relationships[identity.limited_by].to)

    def references_to(self, name: str) -> tuple[tuple[ResourceType, Relationship], ...]:
        """Every relationship that points at the type `name`, with the type it belongs to."""
        return tuple(
            (each, relationship)
            for each in self.types.values()
            for relationship in each.relationships.values()
            if relationship.to == name
        )


#: Columns that every resource has, with their attribute type; they can be read and sorted by, never declared or set.
STANDARD = MappingProxyType({"id": "string", "created_at": "timestamp", "updated_at": "timestamp"})

#: The column that counts the writes of a row, for optimistic locking. It begins as no name of a definition can.
ROW_VERSION = "_version"
