"""Who may do what, before and after, asked of the rows that are there: whose rights grow, whose shrink, over how many rows.

Four kinds of people stand for everybody: nobody known, somebody signed in to whom the row does not belong, its owner, and an
operator. A rule that looks at a person's plan or limits is asked without either.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias

from engine.model import Definitions, ResourceType, RuleText
from engine.rules import Rule, compile_rule, row_scope
from engine.schema.plan.change import Change
from engine.schema.plan.pairs import pairs
from engine.schema.plan.rows import Rows

PEOPLE = ("everybody", "anybody signed in", "owners", "operators")

Rules: TypeAlias = "tuple[RuleText | None, ...]"
"""All of them must hold; None where nobody is kept out beside by the others."""


class _Asked(NamedTuple):
    """A right, with its rules as they were and as they are to be."""

    name: str
    before: tuple[Rule, ...]
    after: tuple[Rule, ...]


def rights(old: ResourceType, new: ResourceType, before: Definitions, after: Definitions, rows: Rows) -> Iterator[Change]:
    """What changes of the rights over rows of a type."""
    names = {was.name: now.name for was, now in pairs(old.attributes, new.attributes).kept}
    asked = [*_asked(old, new, before, after, names)]
    lost, gained = ({(each.name, who): 0 for each in asked for who in PEOPLE} for _ in range(2))
    defaults = {each.name: each.default for each in new.attributes.values()}
    for row in rows.of(old) if asked else ():
        as_new = {**defaults, **{names.get(name, name): value for name, value in row.items()}}
        for each in asked:
            for who in PEOPLE:
                user = _person(who, old, row)
                could, can = _hold(each.before, old, row, user, rows), _hold(each.after, new, as_new, user, rows)
                lost[each.name, who] += could and not can
                gained[each.name, who] += can and not could
    for each in asked:
        yield from _told("AC101", "gain", each.name, new, gained)
        yield from _told("AC102", "lose", each.name, new, lost)


def _told(code: str, verb: str, right: str, new: ResourceType, counts: Mapping[tuple[str, str], int]) -> Iterator[Change]:
    """Who else has a right that everybody has need not be said."""
    of_right = {who: counts[right, who] for who in PEOPLE if counts[right, who]}
    if of_right:
        most = max(of_right.values())
        told = {who: count for who, count in of_right.items() if who == "everybody" or count > of_right.get("everybody", 0)}
        people = ", ".join(f"{who} ({count})" for who, count in told.items())
        yield Change(code=code, where=f"{new.name}.{right}", text=f"{people} {verb} {right} of {new.name}", rows=most)


def _asked(
    old: ResourceType, new: ResourceType, before: Definitions, after: Definitions, names: Mapping[str, str]
) -> Iterator[_Asked]:
    """Rights that there were and that there are to be, by other rules. What is new nobody could do anything with."""
    was, now = _rights(old), _rights(new)
    former = {f"{verb} {name}": f"{verb} {old_name}" for old_name, name in names.items() for verb in ("reading", "setting")}
    for right, rules in now.items():
        earlier = was.get(former.get(right, right))
        if earlier is not None and _text(earlier[-1]) != _text(rules[-1]):
            yield _Asked(right, _compiled(earlier, before, old), _compiled(rules, after, new))


def _rights(resource: ResourceType) -> dict[str, Rules]:
    """Every right over a row, with what must hold for it; its own rule last, which decides whether it changes."""
    access = resource.access
    found: dict[str, Rules] = {
        "reading": (access.read,), "creating": (access.create,), "changing": (access.update,), "deleting": (access.delete,),
    }  # fmt: skip
    for name, transition in (resource.lifecycle.transitions if resource.lifecycle else {}).items():
        if transition.by != "system":
            found[name] = (access.read, transition.by)
    for each in resource.attributes.values():
        found[f"reading {each.name}"] = (access.read, each.read)
        found[f"setting {each.name}"] = (access.update, each.write)
    return found


def _text(rule: RuleText | None) -> str | None:
    return None if rule is None else rule.text


def _compiled(rules: Rules, definitions: Definitions, resource: ResourceType) -> tuple[Rule, ...]:
    scope = row_scope(definitions, resource)
    return tuple(compile_rule(rule.text, scope) for rule in rules if rule is not None)


def _hold(rules: tuple[Rule, ...], resource: ResourceType, row: Mapping[str, Any], user: Mapping[str, Any], rows: Rows) -> bool:
    return all(
        rule.evaluate(row, user=user, related=rows.related(resource, row, rule.relationships & resource.relationships.keys()))
        for rule in rules
    )


def _person(who: str, resource: ResourceType, row: Mapping[str, Any]) -> Mapping[str, Any]:
    owner = str(row["id"] if resource.identity else row.get(resource.owner or "") or "")
    name = owner if who == "owners" else "" if who == "everybody" else "somebody else"
    facts = {"id": name, "known": who != "everybody", "operator": who == "operators", "principals": [name] if name else []}
    return {**facts, "email": None, "plan": None, "limits": {}}
