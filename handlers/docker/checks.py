"""The checkers that attributes of templates and deployments use: compose text, variables, config files. No I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.commands.registry import Problem
from handlers.docker.compose import ComposeInvalid, read_compose
from handlers.docker.config_files import read_config_files
from handlers.docker.limits import total
from handlers.docker.planner import make_plan
from handlers.docker.variables import Variable, read_variables, stand_ins

RESOURCES = ("resources_memory_mb", "resources_cpu_cores")


def check_compose(value: Any, row: Mapping[str, Any]) -> Sequence[Problem]:
    """Everything wrong with a compose text, as far as it shows before the variables have values."""
    if not isinstance(value, str):
        return [Problem("The compose file is text")]
    definitions, _ = read_variables(row.get("variables"))
    files, _ = read_config_files(row.get("config_files"))
    try:
        compose, limits = read_compose(value, stand_ins(definitions)).compose, total(*map(row.get, RESOURCES))
        make_plan("check", compose, files=files, limits=limits)
    except ComposeInvalid as error:
        return error.problems
    return []


def check_variables(value: Any, row: Mapping[str, Any]) -> Sequence[Problem]:
    """Everything wrong with a template's definitions of variables."""
    return read_variables(value)[1]


def check_values(value: Any, row: Mapping[str, Any], template: Mapping[str, Any] | None) -> Sequence[Problem]:
    """Passwords among the values that are shown: they would lie open."""
    return [
        Problem(f"{variable.title} is a password: set it under secrets", (name,))
        for name, variable in _given(value, row, template)
        if variable.type == "password"
    ]


def check_secrets(value: Any, row: Mapping[str, Any], template: Mapping[str, Any] | None) -> Sequence[Problem]:
    """What is no password among the values that are never shown: nobody could look up what was given."""
    return [
        Problem(f"{variable.title} is no password: set it under variables", (name,))
        for name, variable in _given(value, row, template)
        if variable.type != "password"
    ]


def _given(value: Any, row: Mapping[str, Any], template: Mapping[str, Any] | None) -> list[tuple[str, Variable]]:
    """The names that values are given for, with their definitions; those of the template until the deployment has its own."""
    known = row.get("template_variables")
    definitions, _ = read_variables((template or {}).get("variables") if known is None else known)
    by_name = {variable.name: variable for variable in definitions}
    return [(name, by_name[name]) for name in value if name in by_name] if isinstance(value, dict) else []


def check_config_files(value: Any, row: Mapping[str, Any]) -> Sequence[Problem]:
    """Everything wrong with a template's config files."""
    return read_config_files(value)[1]
