"""The checkers that attributes of templates and deployments use: compose text, variables, config files. No I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.commands.registry import Problem
from handlers.docker.compose import ComposeInvalid, read_compose
from handlers.docker.config_files import read_config_files
from handlers.docker.planner import make_plan
from handlers.docker.variables import read_variables, stand_ins


def check_compose(value: Any, row: Mapping[str, Any]) -> Sequence[Problem]:
    """Everything wrong with a compose text, as far as it shows before the variables have values."""
    if not isinstance(value, str):
        return [Problem("The compose file is text")]
    definitions, _ = read_variables(row.get("variables"))
    files, _ = read_config_files(row.get("config_files"))
    try:
        make_plan("check", read_compose(value, stand_ins(definitions)).compose, files=files)
    except ComposeInvalid as error:
        return error.problems
    return []


def check_variables(value: Any, row: Mapping[str, Any]) -> Sequence[Problem]:
    """Everything wrong with a template's definitions of variables."""
    return read_variables(value)[1]


def check_config_files(value: Any, row: Mapping[str, Any]) -> Sequence[Problem]:
    """Everything wrong with a template's config files."""
    return read_config_files(value)[1]
