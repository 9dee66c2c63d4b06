"""A planned container → the body of the engine's create call, with the fingerprint that tells it from a changed one.

Everything a tenant's container must have is set here, whatever the file says: no new privileges, a short list of
capabilities, bounds on memory, processes and logs. Pure.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any, TypeAlias

from handlers.docker.labels import SPEC, owned, unnamed_volume_name
from handlers.docker.model import HealthCheck
from handlers.docker.plan import ContainerPlan, ImageFacts, Plan, PlannedMount, VolumePlan
from handlers.docker.quantities import SECOND

Body: TypeAlias = dict[str, Any]

LOGS = {"Type": "json-file", "Config": {"max-size": "10m", "max-file": "3"}}


def create_request(plan: Plan, container: ContainerPlan, image: ImageFacts) -> Body:
    """The body of `POST /containers/create`; its label `hoster.spec` changes whenever anything in it does."""
    service = container.service
    labels = {**service.labels, **owned(plan.deployment, service=service.name, rank=str(container.rank), source=service.image)}
    body: Body = {
        "Image": service.image,
        "Cmd": None if service.command is None else list(service.command),
        "Entrypoint": None if service.entrypoint is None else list(service.entrypoint),
        "Env": [f"{name}={value}" for name, value in service.environment.items()],
        "ExposedPorts": {f"{port.number}/{port.protocol}": {} for port in (*service.ports, *service.expose)},
        "Labels": labels,
        "User": service.user or "",
        "WorkingDir": service.working_dir or "",
        "Tty": service.tty,
        "OpenStdin": service.stdin_open,
        "StopSignal": service.stop_signal,
        "StopTimeout": None if service.stop_grace is None else -(-service.stop_grace // SECOND),
        "Healthcheck": _health(service.health),
        "HostConfig": _host_config(plan, container, image),
        "NetworkingConfig": _networking(plan, container),
    }
    labels[SPEC] = fingerprint(body, image.id, [file.digest for file in container.files])
    return body


def fingerprint(body: Body, image_id: str, digests: Sequence[str]) -> str:
    """A hash of all that makes the container what it is."""
    text = json.dumps([body, image_id, list(digests)], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def image_volumes(plan: Plan, container: ContainerPlan, image: ImageFacts) -> tuple[VolumePlan, ...]:
    """Volumes that the image asks for and the file does not mention.

    The engine would make one without a name for each new container, and the data would be lost with every change.
    """
    service = container.service
    return tuple(
        VolumePlan(unnamed_volume_name(plan.deployment, service.name, target), f"{service.name}:{target}")
        for target in _unmounted(container, image)
    )


def _unmounted(container: ContainerPlan, image: ImageFacts) -> list[str]:
    taken = {mount.target.rstrip("/") for mount in container.mounts}
    return sorted(target for target in image.volumes if target.rstrip("/") not in taken)


def _host_config(plan: Plan, container: ContainerPlan, image: ImageFacts) -> Body:
    service = container.service
    mounts = [_volume(mount) for mount in container.mounts if mount.volume is not None]
    for target in _unmounted(container, image):
        name = unnamed_volume_name(plan.deployment, service.name, target)
        mounts.append(_volume(PlannedMount(target, name)))
    return {
        "CapAdd": list(container.capabilities),
        "CapDrop": ["ALL"],
        "CgroupnsMode": "private",
        "Init": service.init,
        "IpcMode": "private",
        "LogConfig": LOGS,
        "Memory": container.memory,
        "MemoryReservation": min(service.resources.memory_reservation or 0, container.memory),
        "MemorySwap": container.memory,
        "Mounts": mounts,
        "NanoCpus": container.cpus or 0,
        "NetworkMode": plan.network if service.networked else "none",
        "PidsLimit": container.pids,
        "PortBindings": _port_bindings(container),
        "ReadonlyRootfs": service.read_only,
        "RestartPolicy": {"Name": service.restart.policy, "MaximumRetryCount": service.restart.attempts},
        "SecurityOpt": ["no-new-privileges:true"],
        "ShmSize": min(service.shm_size, container.memory) if service.shm_size else 0,
        "Tmpfs": {mount.target: _tmpfs(mount) for mount in container.mounts if mount.volume is None},
        "Ulimits": [{"Name": each.name, "Soft": each.soft, "Hard": each.hard} for each in service.ulimits],
    }


def _volume(mount: PlannedMount) -> Body:
    return {
        "Type": "volume",
        "Source": mount.volume,
        "Target": mount.target,
        "ReadOnly": mount.read_only,
        "VolumeOptions": {"NoCopy": not mount.copy_image_content},
    }


def _tmpfs(mount: PlannedMount) -> str:
    mode = f",mode={mount.mode:o}" if mount.mode is not None else ""
    return f"rw,nosuid,nodev,size={mount.size}{mode}"


def _port_bindings(container: ContainerPlan) -> Body:
    published = container.publication
    if published is None:
        return {}
    key = f"{published.port.number}/{published.port.protocol}"
    return {key: [{"HostIp": published.address, "HostPort": str(published.host_port)}]}


def _health(check: HealthCheck | None) -> Body | None:
    if check is None:
        return None
    return {
        "Test": list(check.test or ()),
        "Interval": check.interval or 0,
        "Timeout": check.timeout or 0,
        "StartPeriod": check.start_period or 0,
        "StartInterval": check.start_interval or 0,
        "Retries": check.retries or 0,
    }


def _networking(plan: Plan, container: ContainerPlan) -> Body:
    if not container.service.networked:
        return {"EndpointsConfig": {}}
    return {"EndpointsConfig": {plan.network: {"Aliases": list(container.aliases)}}}
