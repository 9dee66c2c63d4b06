"""Rows that a tighter definition would no longer let be written as they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import jsonschema_rs

from engine.model import Attribute, Definitions, ResourceType, Validation
from engine.rules import RuleError, compile_rule, row_scope
from engine.schema.plan.change import SHOWN_IDS, Change
from engine.schema.plan.pairs import pairs
from engine.schema.plan.rows import Rows
from engine.types import TYPES


def tightened(old: ResourceType, new: ResourceType, definitions: Definitions, rows: Rows) -> Iterator[Change]:
    """What is in the way of attributes and conditions as they are to be."""
    matched = pairs(old.attributes, new.attributes)
    names = {before.name: after.name for before, after in matched.kept}
    suspects = [(before, after) for before, after in matched.kept if _tighter(before, after)]
    yield from _values(old, new, suspects, rows)
    for before, after in matched.kept:
        yield from _unique(old, new, before, after, {now: was for was, now in names.items()}, rows)
    known = {each.rule.text for each in old.validations}
    for validation in new.validations:
        if validation.rule.text not in known or names.keys() != old.attributes.keys():
            yield from _condition(old, new, validation, names, definitions, rows)


def _tighter(before: Attribute, after: Attribute) -> bool:
    """Whether what may be sent is described otherwise; what is concealed cannot be looked at."""
    if before.concealed or after.concealed:
        return False
    return before.type != after.type or TYPES[before.type].schema(before) != TYPES[after.type].schema(after)


def _values(old: ResourceType, new: ResourceType, suspects: list[tuple[Attribute, Attribute]], rows: Rows) -> Iterator[Change]:
    validators = {after.name: jsonschema_rs.validator_for(TYPES[after.type].schema(after)) for _, after in suspects}
    found: dict[str, list[str]] = {after.name: [] for _, after in suspects}
    for row in rows.of(old) if suspects else ():
        for before, after in suspects:
            value = row[before.name]
            if value is not None and not validators[after.name].is_valid(value):
                found[after.name].append(str(row["id"]))
    for name, ids in found.items():
        if ids:
            where = f"{new.name}.{name}"
            text = f"these rows have values that {where} no longer allows; they can still be changed elsewhere"
            yield Change(code="BF103", where=where, text=text, rows=len(ids), ids=tuple(sorted(ids)[:SHOWN_IDS]))


def _unique(
    old: ResourceType, new: ResourceType, before: Attribute, after: Attribute, former: Mapping[str, str], rows: Rows
) -> Iterator[Change]:
    if after.unique is None or (before.unique is not None and set(before.unique) <= set(after.unique)):
        return
    columns = [former.get(name, name) for name in after.unique]
    there = {*old.attributes, *old.relationships}
    if before.concealed or not set(columns) <= there or old.name not in rows:
        return
    where = f'"{before.name}" IS NOT NULL'
    if old.lifecycle is not None and old.lifecycle.gone:
        gone = ", ".join(f"'{state}'" for state in old.lifecycle.gone)
        where += f' AND "{old.lifecycle.attribute}" NOT IN ({gone})'
    same = rows.duplicates(old.name, [before.name, *columns], where)
    if same.number:
        text = f"values of {new.name}.{after.name} must be unique now, and these rows share theirs"
        yield Change(code="BF104", where=f"{new.name}.{after.name}", text=text, rows=same.number, ids=same.ids)


def _condition(
    old: ResourceType,
    new: ResourceType,
    validation: Validation,
    names: Mapping[str, str],
    definitions: Definitions,
    rows: Rows,
) -> Iterator[Change]:
    """A condition over the row, asked as if each row were written as it is."""
    try:
        rule = compile_rule(validation.rule.text, row_scope(definitions, new, with_old=True))
    except RuleError:
        return
    broken: list[str] = []
    for row in rows.of(old):
        as_new = _renamed(row, names, new)
        related = rows.related(old, row, frozenset(name for name in rule.relationships if name in old.relationships))
        if not rule.evaluate(as_new, related=related, old=as_new, user=NOBODY):
            broken.append(str(row["id"]))
    if broken:
        text = f"these rows break a condition: {validation.message}"
        yield Change(code="BF105", where=new.name, text=text, rows=len(broken), ids=tuple(sorted(broken)[:SHOWN_IDS]))


NOBODY: Mapping[str, Any] = {
    "id": "", "known": False, "operator": False, "principals": [], "email": None, "plan": None, "limits": {},
}  # fmt: skip


def _renamed(row: Mapping[str, Any], names: Mapping[str, str], new: ResourceType) -> dict[str, Any]:
    """A row under the names it is to have, with the defaults of what is new."""
    defaults = {each.name: each.default for each in new.attributes.values()}
    return {**defaults, **{names.get(name, name): value for name, value in row.items()}}
