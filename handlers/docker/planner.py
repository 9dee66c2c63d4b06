"""Decides what a deployment needs: names, limits, mounts, files, the published port, and the order of the services.

Pure: the same compose file, files and port always give the same plan.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.commands.registry import Problem
from handlers.docker.compose import ComposeInvalid
from handlers.docker.config_files import ConfigFile, clean_path, path_problem
from handlers.docker.dependencies import ranks, start_order
from handlers.docker.labels import container_name, network_name, unnamed_volume_name, volume_name
from handlers.docker.limits import DEFAULT_LIMITS, Limits
from handlers.docker.model import Compose, Mount, Port, Service
from handlers.docker.plan import ContainerPlan, Plan, PlannedMount, Publication, VolumePlan
from handlers.docker.read_service import CAPABILITIES
from handlers.docker.shares import share

EVERYWHERE = "0.0.0.0"  # noqa: S104 - the proxy may run on another machine; a narrower address is a parameter


def make_plan(
    deployment: str,
    compose: Compose,
    *,
    files: Sequence[ConfigFile] = (),
    limits: Limits = DEFAULT_LIMITS,
    host_port: int | None = None,
    address: str = EVERYWHERE,
) -> Plan:
    """The plan of a deployment; raises `ComposeInvalid` where the file asks for what the limits do not give."""
    problems: list[Problem] = []
    shared = share(compose, limits, problems)
    primary = primary_port(compose)
    rank = ranks(compose.services)
    containers = []
    for service in start_order(compose.services):
        publication = None
        if primary is not None and host_port is not None and primary[0] == service.name:
            publication = Publication(primary[1], address, host_port)
        own_files = _files(service, compose, files, problems)
        problems.extend(_excess(service, limits))
        containers.append(
            ContainerPlan(
                service=service,
                name=container_name(deployment, service.name),
                rank=rank[service.name],
                mounts=tuple(_mount(deployment, service, mount) for mount in service.mounts),
                files=own_files,
                capabilities=_capabilities(service),
                aliases=_aliases(service, compose),
                memory=service.resources.memory or shared.memory,
                pids=service.resources.pids or limits.pids,
                cpus=service.resources.cpus or shared.cpus,
                publication=publication,
            )
        )
    if problems:
        raise ComposeInvalid(problems)
    volumes = _volumes(deployment, compose)
    return Plan(deployment, network_name(deployment), volumes, tuple(containers), primary[0] if primary else None)


def primary_port(compose: Compose) -> tuple[str, Port] | None:
    """The service that visitors reach, and its port: the first that declares ports, else the first that exposes one."""
    reachable = [service for service in compose.services if service.networked]
    candidates = [(each.name, each.ports) for each in reachable] + [(each.name, each.expose) for each in reachable]
    for name, ports in candidates:
        if ports:
            return name, next((port for port in ports if port.protocol == "tcp"), ports[0])
    return None


def _volumes(deployment: str, compose: Compose) -> tuple[VolumePlan, ...]:
    named = [VolumePlan(volume_name(deployment, name), name) for name in compose.volumes]
    unnamed = [
        VolumePlan(unnamed_volume_name(deployment, service.name, mount.target), f"{service.name}:{mount.target}")
        for service in compose.services
        for mount in service.mounts
        if mount.kind == "anonymous"
    ]
    return (*named, *unnamed)


def _mount(deployment: str, service: Service, mount: Mount) -> PlannedMount:
    if mount.kind == "tmpfs":
        return PlannedMount(mount.target, size=mount.size, mode=mount.mode)
    if mount.source is not None:
        name = volume_name(deployment, mount.source)
    else:
        name = unnamed_volume_name(deployment, service.name, mount.target)
    return PlannedMount(mount.target, name, mount.read_only, mount.copy_image_content)


def _files(
    service: Service, compose: Compose, everywhere: Sequence[ConfigFile], problems: list[Problem]
) -> tuple[ConfigFile, ...]:
    """The template's files, and over them the service's configs."""
    found = {file.path: file for file in everywhere}
    for use in service.configs:
        path = clean_path(use.target)
        found[path] = ConfigFile(path, compose.configs[use.source].encode(errors="replace"), use.mode, use.user, use.group)
    for path in found:
        wrong = path_problem(path) or _unplaceable(path, service)
        if wrong:
            problems.append(
                Problem(f"services.{service.name}: {wrong}", ("services", service.name), hint="Choose another path")
            )
    return tuple(found[path] for path in sorted(found))


def _unplaceable(path: str, service: Service) -> str | None:
    for mount in service.mounts:
        if path != mount.target and not path.startswith(mount.target.rstrip("/") + "/"):
            continue
        if mount.kind == "tmpfs":
            return f"the file {path} would be hidden by the tmpfs at {mount.target}"
        if mount.read_only or service.read_only or path == mount.target:
            return f"the file {path} cannot be written into the volume at {mount.target}"
    return None


def _excess(service: Service, limits: Limits) -> list[Problem]:
    asked = service.resources
    bounds = (
        ("memory", asked.memory, limits.max_memory),
        ("cpus", asked.cpus, limits.max_cpus),
        ("pids", asked.pids, limits.max_pids),
    )
    return [
        Problem(
            f"services.{service.name}: {kind} is more than the plan allows",
            ("services", service.name),
            hint="Ask for less, or choose a larger plan",
        )
        for kind, wanted, most in bounds
        if wanted is not None and most is not None and wanted > most
    ]


def _capabilities(service: Service) -> tuple[str, ...]:
    if "ALL" in service.cap_drop:
        return tuple(sorted(set(service.cap_add)))
    return tuple(sorted((set(CAPABILITIES) - set(service.cap_drop)) | set(service.cap_add)))


def _aliases(service: Service, compose: Compose) -> tuple[str, ...]:
    """The names the service answers to: its own first; no alias may pass itself off as another service."""
    others = {each.name for each in compose.services} - {service.name}
    return tuple(dict.fromkeys([service.name, *(alias for alias in service.aliases if alias not in others)]))
