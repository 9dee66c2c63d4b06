"""A plan: everything a deployment needs in an engine, decided before anything is done."""

from __future__ import annotations

from dataclasses import dataclass

from handlers.docker.config_files import ConfigFile
from handlers.docker.model import Port, Service


@dataclass(frozen=True, slots=True)
class Publication:
    """The one port of the deployment that is reachable from outside its network."""

    port: Port
    address: str
    host_port: int


@dataclass(frozen=True, slots=True)
class VolumePlan:
    """A volume: its name in the engine and its name in the file, or the path it is mounted at."""

    name: str
    label: str


@dataclass(frozen=True, slots=True)
class PlannedMount:
    """Storage at a path: a volume by its name in the engine, or tmpfs where `volume` is None."""

    target: str
    volume: str | None = None
    read_only: bool = False
    copy_image_content: bool = True
    size: int | None = None
    mode: int | None = None


@dataclass(frozen=True, slots=True)
class ContainerPlan:
    """One service's container. Memory in bytes, processors in billionths, None where there is no bound."""

    service: Service
    name: str
    rank: int
    mounts: tuple[PlannedMount, ...]
    files: tuple[ConfigFile, ...]
    capabilities: tuple[str, ...]
    aliases: tuple[str, ...]
    memory: int
    pids: int
    cpus: int | None = None
    publication: Publication | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What to have: one network, volumes, and containers in the order they start."""

    deployment: str
    network: str
    volumes: tuple[VolumePlan, ...]
    containers: tuple[ContainerPlan, ...]
    primary: str | None = None

    @property
    def images(self) -> tuple[tuple[str, str | None], ...]:
        """The images needed, each with the platform asked for, without repetition."""
        return tuple(dict.fromkeys((each.service.image, each.service.platform) for each in self.containers))

    def container(self, service: str) -> ContainerPlan:
        """The container of a service."""
        return next(each for each in self.containers if each.service.name == service)

    def awaited_to_end(self, service: str) -> bool:
        """Whether another service waits for this one to finish its work."""
        return any(
            dependency.service == service and dependency.condition == "service_completed_successfully"
            for each in self.containers
            for dependency in each.service.depends_on
        )


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """What an image brings along that the plan has to answer for."""

    id: str
    volumes: tuple[str, ...] = ()
    has_health_check: bool = False
    os: str = "linux"
    architecture: str = ""
