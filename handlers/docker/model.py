"""What a compose file says once it is read: services and what they need, typed, in plain units.

Sizes are bytes, times nanoseconds, processors billionths of one. Nothing here knows YAML or Docker.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Condition: TypeAlias = Literal["service_started", "service_healthy", "service_completed_successfully"]
Protocol: TypeAlias = Literal["tcp", "udp"]
MountKind: TypeAlias = Literal["volume", "anonymous", "tmpfs"]


@dataclass(frozen=True, slots=True)
class Port:
    """A port the container listens on."""

    number: int
    protocol: Protocol = "tcp"


@dataclass(frozen=True, slots=True)
class Mount:
    """Storage at a path inside the container. `source` names a volume of the file; anonymous and tmpfs have none."""

    kind: MountKind
    target: str
    source: str | None = None
    read_only: bool = False
    copy_image_content: bool = True
    size: int | None = None
    mode: int | None = None


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """How the engine finds out whether the program works. Times left out take the engine's defaults."""

    test: tuple[str, ...] | None = None
    interval: int | None = None
    timeout: int | None = None
    start_period: int | None = None
    start_interval: int | None = None
    retries: int | None = None

    @property
    def disabled(self) -> bool:
        """Whether the image's own check is switched off."""
        return self.test == ("NONE",)


@dataclass(frozen=True, slots=True)
class Restart:
    """What the engine does when the program ends; `attempts` bounds on-failure, 0 means no bound."""

    policy: Literal["no", "always", "on-failure", "unless-stopped"] = "no"
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class Dependency:
    """What must be true of another service before this one is started."""

    service: str
    condition: Condition = "service_started"
    required: bool = True


@dataclass(frozen=True, slots=True)
class Resources:
    """Limits of one service; None takes the default of the deployment's plan."""

    memory: int | None = None
    cpus: int | None = None
    pids: int | None = None
    memory_reservation: int | None = None


@dataclass(frozen=True, slots=True)
class Ulimit:
    """One limit of the kernel on a process."""

    name: str
    soft: int
    hard: int


@dataclass(frozen=True, slots=True)
class ConfigUse:
    """A config of the file, placed in one service's container."""

    source: str
    target: str
    mode: int = 0o444
    user: int = 0
    group: int = 0


@dataclass(frozen=True, slots=True)
class Service:
    """One service of a compose file. None means: as the image has it."""

    name: str
    image: str
    command: tuple[str, ...] | None = None
    entrypoint: tuple[str, ...] | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    ports: tuple[Port, ...] = ()
    expose: tuple[Port, ...] = ()
    mounts: tuple[Mount, ...] = ()
    configs: tuple[ConfigUse, ...] = ()
    aliases: tuple[str, ...] = ()
    networked: bool = True
    depends_on: tuple[Dependency, ...] = ()
    restart: Restart = field(default_factory=Restart)
    health: HealthCheck | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    resources: Resources = field(default_factory=Resources)
    user: str | None = None
    working_dir: str | None = None
    stop_signal: str | None = None
    stop_grace: int | None = None
    init: bool | None = None
    read_only: bool = False
    shm_size: int | None = None
    ulimits: tuple[Ulimit, ...] = ()
    cap_add: tuple[str, ...] = ()
    cap_drop: tuple[str, ...] = ()
    stdin_open: bool = False
    tty: bool = False
    platform: str | None = None


@dataclass(frozen=True, slots=True)
class Compose:
    """A whole file: the active services in file order, the volumes, and the content of its configs."""

    services: tuple[Service, ...]
    volumes: tuple[str, ...] = ()
    configs: Mapping[str, str] = field(default_factory=dict)

    def service(self, name: str) -> Service:
        """The service of that name."""
        return next(each for each in self.services if each.name == name)
