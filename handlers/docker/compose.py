"""Compose text → `Compose`, or every problem in it with its place.

The way in is `read_compose`. It works from the text alone: no other file, no environment, no engine. The steps are those
of the policy: bounds, one file, declared variables only, allow-list, typed model, and the rules between services.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import NoneType

from engine.commands.registry import Problem
from handlers.docker.dependencies import Cycle, ranks
from handlers.docker.document import Listing, Scalar, Table, Tree, Unreadable, read
from handlers.docker.fields import Fields, Findings
from handlers.docker.interpolation import Interpolation, Values
from handlers.docker.model import Compose, Service
from handlers.docker.policy import dotted, examine
from handlers.docker.read_mounts import VOLUME_NAME
from handlers.docker.read_service import is_active, read_service

MAX_SERVICES = 50
MAX_CONFIG_BYTES = 512 * 1024
SERVICE_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}")


class ComposeInvalid(Exception):
    """The text cannot be deployed; `problems` says why, `missing` which variables only lack a value."""

    def __init__(self, problems: Sequence[Problem], missing: Sequence[str] = ()) -> None:
        super().__init__("; ".join(problem.message for problem in problems))
        self.problems, self.missing = tuple(problems), tuple(missing)


@dataclass(frozen=True, slots=True)
class Reading:
    """A file that was read: what to run, and what in it has no effect."""

    compose: Compose
    notices: tuple[Problem, ...] = ()


def read_compose(text: str, values: Values) -> Reading:
    """Read and check a compose file; raises `ComposeInvalid`."""
    try:
        tree = read(text)
    except Unreadable as error:
        raise ComposeInvalid(error.problems) from None
    if not isinstance(tree, Table):
        raise ComposeInvalid([tree.place.problem("A compose file is a mapping", "Begin with `services:`")])
    interpolation = Interpolation(values)
    replaced = interpolation.tree(tree)
    examination = examine(replaced)
    findings = Findings(examination.problems, examination.notices)
    missing = []
    for scalar, wrong in interpolation.errors:
        findings.problems.append(scalar.place.problem(f"{dotted(scalar.place)}: {wrong.message}"))
        if wrong.missing and wrong.variable:
            missing.append(wrong.variable)
    compose = _File(Fields(_table(replaced), findings), values).read()
    if findings.problems:
        raise ComposeInvalid(_in_text_order(findings.problems), tuple(dict.fromkeys(missing)))
    return Reading(compose, tuple(findings.notices))


def _table(tree: Tree) -> Table:
    if not isinstance(tree, Table):
        raise TypeError("the root of a compose file is a mapping")
    return tree


def _in_text_order(problems: Iterable[Problem]) -> list[Problem]:
    unique = {(problem.message, problem.path): problem for problem in problems}
    return sorted(unique.values(), key=lambda problem: (problem.line or 0, problem.column or 0))


class _File:
    def __init__(self, root: Fields, values: Values) -> None:
        self.root, self.findings, self.values = root, root.findings, values

    def read(self) -> Compose:
        volumes = self._names("volumes", driver="local")
        networks = self._names("networks", driver="bridge")
        configs = self._configs()
        declared = self._tables("services")
        self._check_names(declared)
        fields = {name: Fields(table, self.findings) for name, table in declared.items()}
        active = [name for name, each in fields.items() if is_active(each)]
        read = {name: read_service(name, each, self.values) for name, each in fields.items()}
        services = tuple(service for name in active if (service := read[name]) is not None)
        for service in services:
            self._check_references(service, fields[service.name], set(active), set(fields))
            self._check_uses(service, fields[service.name], set(volumes), set(networks) | {"default"}, configs)
        self._check_cycles(services, fields)
        if fields and not active:
            self.findings.wrong(self.root.table.keys["services"], "every service has a profile, so none would run")
        return Compose(services, tuple(volumes), configs)

    def _check_names(self, services: Mapping[str, Table]) -> None:
        root = self.root.table
        if not isinstance(self.root.get("services"), Table | NoneType):
            return  # reported already: it is no mapping
        if not services:
            at = root.keys.get("services", root.place)
            self.findings.wrong(at, "there are no services", "Add one below `services:`, with an `image:`")
        elif len(services) > MAX_SERVICES:
            self.findings.wrong(root.keys["services"], f"more than {MAX_SERVICES} services")
        for name, table in services.items():
            if not SERVICE_NAME.fullmatch(name):
                self.findings.wrong(table, "a service's name is made of letters, digits, `_`, `.` and `-`")

    def _tables(self, key: str) -> dict[str, Table]:
        group = self.root.sub(key)
        found = {}
        for name, value in (group.table.entries if group else {}).items():
            if isinstance(value, Table):
                found[name] = value
            else:
                self.findings.wrong(value, "a mapping is expected here")
        return found

    def _names(self, key: str, driver: str) -> list[str]:
        """The names below `volumes:` or `networks:`; an entry may be empty."""
        group = self.root.sub(key)
        names = []
        for name, value in (group.table.entries if group else {}).items():
            names.append(name)
            if key == "volumes" and not VOLUME_NAME.fullmatch(name):
                self.findings.wrong(value, "a volume's name is made of letters, digits, `_`, `.` and `-`")
            if isinstance(value, Table):
                Fields(value, self.findings).one_of("driver", driver)
            elif isinstance(value, Listing) or not value.is_null:
                self.findings.wrong(value, "a mapping is expected here")
        return names

    def _configs(self) -> dict[str, str]:
        found = {}
        for name, table in self._tables("configs").items():
            fields = Fields(table, self.findings)
            content, variable = fields.text("content", empty=True), fields.scalar("environment")
            if content is None and variable is not None:
                content = self.values.get(variable.text)
                if content is None:
                    self.findings.wrong(variable, f"the variable {variable.text} has no value", "Declare it in the template")
            if content is None and not set(table.entries) & {"file", "external", "environment"}:
                self.findings.wrong(table, "`content:` is missing", "Write the text of the file under `content: |`")
            if content is not None and len(content.encode(errors="replace")) > MAX_CONFIG_BYTES:
                self.findings.wrong(table, f"the content is larger than {MAX_CONFIG_BYTES // 1024} KiB")
            found[name] = content or ""
        return found

    def _check_references(self, service: Service, fields: Fields, active: set[str], known: set[str]) -> None:
        for dependency in service.depends_on:
            at = fields.table.entries["depends_on"]
            if dependency.service not in known and dependency.required:
                self.findings.wrong(at, f"there is no service {dependency.service!r}", f"Known: {', '.join(sorted(known))}")
            elif dependency.service not in active and dependency.required:
                self.findings.wrong(
                    at,
                    f"{dependency.service!r} has a profile and is never started",
                    "Remove its `profiles:`, or write `required: false`",
                )

    def _check_uses(
        self, service: Service, fields: Fields, volumes: set[str], networks: set[str], configs: Mapping[str, str]
    ) -> None:
        for mount in service.mounts:
            if mount.source is not None and mount.source not in volumes:
                at = fields.table.entries["volumes"]
                self.findings.wrong(
                    at, f"the volume {mount.source!r} is not declared", f"Add `{mount.source}:` below `volumes:`"
                )
        for use in service.configs:
            at = fields.table.entries["configs"]
            if use.source not in configs:
                self.findings.wrong(at, f"the config {use.source!r} is not declared", "Add it below the file's `configs:`")
            if not use.target.startswith("/") or ".." in use.target.split("/"):
                self.findings.wrong(at, f"{use.target!r} is not an absolute path", "Write for example /etc/app/settings.yaml")
        for name, place in _network_names(fields):
            if name not in networks:
                self.findings.wrong(place, f"the network {name!r} is not declared", f"Add `{name}:` below `networks:`")

    def _check_cycles(self, services: tuple[Service, ...], fields: Mapping[str, Fields]) -> None:
        try:
            ranks(services)
        except Cycle as cycle:
            at = fields[cycle.path[0]].table.entries["depends_on"]
            self.findings.wrong(at, f"the services wait for each other: {' → '.join(cycle.path)}", "Remove one of these")


def _network_names(fields: Fields) -> list[tuple[str, Tree]]:
    value = fields.get("networks")
    if isinstance(value, Table):
        return [(name, value) for name in value.entries]
    if isinstance(value, Listing):
        return [(item.text, item) for item in value.items if isinstance(item, Scalar)]
    return []
