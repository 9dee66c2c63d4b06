"""Registers what this package does, under the names that definitions use.

Each function imports its module when it is first called: a process that starts should not wait for parsers and patterns
that it may never need.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.commands.job import Job
from engine.commands.registry import Problem, ReadContext, checks, handles, reads
from engine.model import JSON


@handles("docker.start")
async def start(job: Job) -> Mapping[str, JSON]:
    """Bring a deployment up."""
    from handlers.docker import start

    return await start.start(job)


@handles("docker.stop")
async def stop(job: Job) -> Mapping[str, JSON]:
    """Take a deployment down; its containers and data stay."""
    from handlers.docker import stop

    return await stop.stop(job)


@handles("docker.remove")
async def remove(job: Job) -> Mapping[str, JSON]:
    """Leave nothing of a deployment in the engine; the input `keep_volumes` leaves its data."""
    from handlers.docker import remove

    return await remove.remove(job)


@reads("docker.health")
async def health(context: ReadContext) -> Mapping[str, JSON]:
    """How a deployment is."""
    from handlers.docker import reads

    return await reads.health(context)


@reads("docker.logs")
async def logs(context: ReadContext) -> Sequence[Mapping[str, JSON]]:
    """What a deployment printed last."""
    from handlers.docker import reads

    return await reads.logs(context)


@checks("docker.compose")
def compose(value: Any, row: Mapping[str, Any]) -> Sequence[Problem]:
    """What is wrong with a compose text."""
    from handlers.docker import checks

    return checks.check_compose(value, row)


@checks("docker.variables")
def variables(value: Any, row: Mapping[str, Any]) -> Sequence[Problem]:
    """What is wrong with a template's definitions of variables."""
    from handlers.docker import checks

    return checks.check_variables(value, row)


@checks("docker.values", related=("template",))
def values(value: Any, row: Mapping[str, Any], related: Mapping[str, Mapping[str, Any] | None]) -> Sequence[Problem]:
    """What is wrong with the values that a deployment gives where everybody who sees it sees them."""
    from handlers.docker import checks

    return checks.check_values(value, row, related["template"])


@checks("docker.secrets", related=("template",))
def secrets(value: Any, row: Mapping[str, Any], related: Mapping[str, Mapping[str, Any] | None]) -> Sequence[Problem]:
    """What is wrong with the passwords that a deployment gives."""
    from handlers.docker import checks

    return checks.check_secrets(value, row, related["template"])


@checks("docker.config_files")
def config_files(value: Any, row: Mapping[str, Any]) -> Sequence[Problem]:
    """What is wrong with a template's config files."""
    from handlers.docker import checks

    return checks.check_config_files(value, row)
