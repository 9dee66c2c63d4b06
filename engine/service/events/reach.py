"""Whom an entry may concern, without asking everybody.

Most rules look at a person through a few facts: whether they are known or an operator, and whether a value of the row is
among their principals or is their id. Under such rules somebody of whom the row knows nothing sees what every stranger
sees. So a stranger of each sort is asked, and besides only those whom the entry names. Where a rule looks at a person in
any other way, everybody is asked. This only decides who is woken: each of them judges the entry for themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Generic, TypeAlias, TypeVar

from engine.access import Actor
from engine.rules.tree import Equal, ItemOf, Node, Read, parts
from engine.service.events.entry import Entry
from engine.service.events.views import Views
from engine.store import Store
from engine.store.sight import Sight

Sort: TypeAlias = "tuple[bool, bool, bool]"
"""What strangers differ in: the system, known, an operator."""

ALIKE = ("known", "operator")

NOBODY = "\0"

Watcher = TypeVar("Watcher")


class Reach(Generic[Watcher]):
    """See the module."""

    def __init__(self, store: Store, views: Views) -> None:
        self._views = views
        self._simple = frozenset(name for name, sight in store.sights.items() if _simple(sight))
        identity = store.definitions.identity
        self._identity = identity.name if identity else None
        self._by_name: dict[str, set[Watcher]] = {}
        self._by_sort: dict[Sort, set[Watcher]] = {}
        self._strangers: dict[Sort, Actor] = {}

    def add(self, watcher: Watcher, actor: Actor) -> None:
        """Know of somebody."""
        sort = _sort(actor)
        self._by_sort.setdefault(sort, set()).add(watcher)
        if sort not in self._strangers:
            self._strangers[sort] = _stranger(sort)
        for name in _names(actor):
            self._by_name.setdefault(name, set()).add(watcher)

    def remove(self, watcher: Watcher, actor: Actor) -> None:
        """Forget them."""
        for groups, keys in ((self._by_sort, (_sort(actor),)), (self._by_name, _names(actor))):
            _drop(groups, keys, watcher)

    def of(self, entry: Entry) -> Iterable[Watcher]:
        """Those whom `entry` may concern, and perhaps some others."""
        hops = (entry.access or {}).get("hops", ())
        if not self._simple.issuperset([entry.type, *(hop["type"] for hop in hops)]):
            return [watcher for group in self._by_sort.values() for watcher in group]
        found: set[Watcher] = set()
        for sort, group in self._by_sort.items():
            if self._views.changes(self._strangers[sort], entry):
                found |= group
        for name in self._named(entry):
            found |= self._by_name.get(name, set())
        return found

    def _named(self, entry: Entry) -> Iterator[str]:
        yield entry.row
        if entry.owner is not None:
            yield entry.owner
        if entry.access is not None:
            yield from _texts(entry.access)
        yield f"{entry.type}/{entry.row}"


def _names(actor: Actor) -> set[str]:
    names = {actor.id, *actor.facts["principals"]} - {""}
    return names | {actor.credential} if actor.credential is not None else names


def _sort(actor: Actor) -> Sort:
    return actor.system, bool(actor.facts["known"]), bool(actor.facts["operator"])


def _stranger(sort: Sort) -> Actor:
    system, known, operator = sort
    facts = {"id": NOBODY, "known": known, "operator": operator, "principals": [], "email": None, "plan": None, "limits": {}}
    return Actor(NOBODY, "", MappingProxyType(facts), system=system)


def _drop(groups: dict[Any, set[Watcher]], keys: Iterable[Any], watcher: Watcher) -> None:
    for key in keys:
        group = groups.get(key)
        if group is not None:
            group.discard(watcher)
            if not group:
                del groups[key]


def _texts(value: Any) -> Iterator[str]:
    """Every text in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)


def _simple(sight: Sight) -> bool:
    return all(_reads_alike(rule.tree) for rule in sight.rules)


def _reads_alike(node: Node) -> bool:
    """Whether the rule cannot tell one stranger from another."""
    if isinstance(node, Read):
        return node.name.origin not in ("user", "limits") or node.name.key in ALIKE
    if isinstance(node, ItemOf) and _is_user(node.items, "principals"):
        return _of_row(node.item)
    if isinstance(node, Equal) and (_is_user(node.left, "id") or _is_user(node.right, "id")):
        return _of_row(node.right if _is_user(node.left, "id") else node.left)
    return all(_reads_alike(each) for each in parts(node))


def _is_user(node: Node, key: str) -> bool:
    return isinstance(node, Read) and node.name.origin == "user" and node.name.key == key


def _of_row(node: Node) -> bool:
    return isinstance(node, Read) and node.name.origin in ("row", "related")
