"""A deployment's row → the plan to carry out, or the reason why there is none. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.commands.job import Fail
from engine.commands.registry import Problem
from engine.model import JSON
from engine.store import Sealed
from handlers.docker.causes import fail
from handlers.docker.compose import ComposeInvalid, read_compose
from handlers.docker.config_files import ConfigFile, read_config_files
from handlers.docker.evidence import redact
from handlers.docker.interpolation import Values
from handlers.docker.limits import total
from handlers.docker.plan import Plan
from handlers.docker.planner import make_plan
from handlers.docker.variables import Variable, read_variables, resolve

MAX_REPORTED = 20
_MARK = "passwordmark8d1f0c"


@dataclass(frozen=True, slots=True)
class Prepared:
    """A plan, what of the compose file has no effect, and the passwords that must not show in a message."""

    plan: Plan
    notices: tuple[Problem, ...] = ()
    secrets: tuple[str, ...] = ()


def prepare(deployment: str, row: Mapping[str, Any], template: Mapping[str, Any] | None) -> Prepared:
    """Validate everything that can be validated without an engine; raises `Fail` with phase `validate`."""
    template = template or {}
    known = row.get("template_variables")
    definitions = _definitions(template.get("variables") if known is None else known)
    given = passwords(row)
    values = _values(definitions, {**(row.get("variables") or {}), **given})
    named = (values[each.name] for each in definitions if each.type == "password")
    secrets = tuple(dict.fromkeys(filter(None, (*named, *given.values()))))
    files = _files(row)
    try:
        reading = read_compose(str(row.get("compose_spec") or ""), Values(values))
        plan = make_plan(
            deployment,
            reading.compose,
            files=files,
            limits=total(row.get("memory_mb"), row.get("cpu_cores")),
            host_port=row.get("proxy_port"),
        )
    except ComposeInvalid as error:
        if error.missing:
            raise _missing(error.missing, error.problems) from None
        raise _invalid("compose_invalid", error.problems[0].message, error.problems, secrets) from None
    if problems := exposed(str(row.get("compose_spec") or ""), definitions, values):
        raise _invalid("compose_invalid", problems[0].message, problems, secrets)
    return Prepared(plan, reading.notices, secrets)


def passwords(row: Mapping[str, Any]) -> Mapping[str, str]:
    """The values that a deployment keeps secret, in clear."""
    secrets = row.get("secrets")
    opened: Mapping[str, str] | None = secrets.value() if isinstance(secrets, Sealed) else secrets
    return opened or {}


def exposed(spec: str, definitions: Sequence[Variable], values: Mapping[str, str]) -> list[Problem]:
    """Passwords of a compose file that everybody who looks at the node or the event log would read.

    It is read once more with marks in their place: a password may be a word that stands there for another reason.
    """
    marked = {each.name: _MARK for each in definitions if each.type == "password"}
    if not marked:
        return []
    try:
        services = read_compose(spec, Values({**values, **marked})).compose.services
    except ComposeInvalid:
        return []  # where a mark does not fit, such as a number, no label and no name of an image is made
    return [
        Problem(
            f"services.{service.name}: a password stands in its {where}",
            ("services", service.name, where),
            hint="Use passwords under environment, command or configs",
        )
        for service in services
        for where, texts in (("image", (service.image,)), ("labels", (*service.labels, *service.labels.values())))
        if any(_MARK in text for text in texts)
    ]


def _definitions(known: Any) -> tuple[Variable, ...]:
    definitions, problems = read_variables(known)
    if problems:
        raise _invalid("variable_invalid", f"The template's variables: {problems[0].message}", problems)
    return definitions


def _values(definitions: Sequence[Variable], given: Mapping[str, Any]) -> Mapping[str, str]:
    resolved = resolve(definitions, given)
    if resolved.missing:
        raise _missing(resolved.missing, resolved.problems)
    if resolved.problems:
        raise _invalid("variable_invalid", resolved.problems[0].message, resolved.problems)
    return resolved.values


def _files(row: Mapping[str, Any]) -> tuple[ConfigFile, ...]:
    files, problems = read_config_files(row.get("config_files"))
    if problems:
        raise _invalid("config_file_invalid", problems[0].message, problems)
    return files


def _missing(names: Sequence[str], problems: Sequence[Problem]) -> Fail:
    listed: list[JSON] = list(names)
    message = f"{'This variable needs' if len(names) == 1 else 'These variables need'} a value: {', '.join(names)}"
    return _invalid("variable_missing", message, problems, variables=listed)


def _invalid(cause: str, message: str, problems: Sequence[Problem], secrets: Sequence[str] = (), **evidence: JSON) -> Fail:
    listed: list[JSON] = [
        {"message": redact(each.message, secrets), "line": each.line, "column": each.column, "hint": each.hint}
        for each in problems[:MAX_REPORTED]
    ]
    return fail(cause, redact(message, secrets), hint=problems[0].hint, phase="validate", problems=listed, **evidence)
