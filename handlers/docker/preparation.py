"""A deployment's row → the plan to carry out, or the reason why there is none. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.commands.registry import Problem
from engine.model import JSON
from handlers.docker.causes import fail
from handlers.docker.compose import ComposeInvalid, read_compose
from handlers.docker.config_files import read_config_files
from handlers.docker.interpolation import Values
from handlers.docker.plan import Plan
from handlers.docker.planner import make_plan
from handlers.docker.variables import read_variables, resolve

MAX_REPORTED = 20


@dataclass(frozen=True, slots=True)
class Prepared:
    """A plan, what of the compose file has no effect, and the passwords that must not show in a message."""

    plan: Plan
    notices: tuple[Problem, ...] = ()
    secrets: tuple[str, ...] = ()


def prepare(deployment: str, row: Mapping[str, Any], template: Mapping[str, Any] | None) -> Prepared:
    """Validate everything that can be validated without an engine; raises `Fail` with phase `validate`."""
    template = template or {}
    definitions, problems = read_variables(template.get("variables"))
    if problems:
        raise _invalid("compose_invalid", "The template's variables are not valid", problems)
    resolved = resolve(definitions, row.get("variables") or {})
    if resolved.missing:
        names = ", ".join(resolved.missing)
        raise _invalid("variable_missing", f"These variables need a value: {names}", resolved.problems, variables=names)
    if resolved.problems:
        raise _invalid("variable_invalid", resolved.problems[0].message, resolved.problems)
    files, problems = read_config_files(row.get("config_files"))
    if problems:
        raise _invalid("config_file_invalid", problems[0].message, problems)
    try:
        reading = read_compose(str(row.get("compose_spec") or ""), Values(resolved.values))
        plan = make_plan(deployment, reading.compose, files=files, host_port=row.get("proxy_port"))
    except ComposeInvalid as error:
        if error.missing:
            names = ", ".join(error.missing)
            raise _invalid("variable_missing", f"These variables need a value: {names}", error.problems, variables=names) from None
        raise _invalid("compose_invalid", error.problems[0].message, error.problems) from None
    return Prepared(plan, reading.notices)


def _invalid(cause: str, message: str, problems: Sequence[Problem], **evidence: JSON) -> Exception:
    listed: list[JSON] = [
        {"message": each.message, "line": each.line, "column": each.column, "hint": each.hint} for each in problems[:MAX_REPORTED]
    ]
    return fail(cause, message, hint=problems[0].hint, phase="validate", problems=listed, **evidence)
