"""What tests of the Docker handlers hold in their hands: jobs without a bus, and a deployment with its engine."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from docker import DockerClient

from engine.commands.job import Job
from handlers.docker.engine_setup import DEFAULT_SOCKET
from handlers.docker.remove import remove
from handlers.docker.start import start_deployment
from handlers.docker.stop import stop
from handlers.docker.watch import Timing

#: Shorter than in life, so that a test which starts ten deployments takes seconds.
FAST = Timing(poll=0.05, grace=0.3, restarts=3)


class Reporter:
    """Keeps the events of its jobs, and finds among the rows it was given."""

    def __init__(self, rows: Mapping[str, list[dict[str, Any]]] | None = None) -> None:
        self.rows = rows or {}
        self.events: list[tuple[str, str, Mapping[str, Any]]] = []

    async def event(self, job: Job, kind: str, message: str, data: Mapping[str, Any]) -> None:
        self.events.append((kind, message, data))

    async def find(self, type_name: str, where: Mapping[str, Any]) -> list[dict[str, Any]]:
        return [row for row in self.rows.get(type_name, []) if all(row.get(key) == value for key, value in where.items())]

    async def write(self, job: Job, work: Any) -> Any:
        raise NotImplementedError("the Docker handlers write nothing")

    def kinds(self) -> list[str]:
        """The kinds of the events but progress, in order."""
        return [kind for kind, _, _ in self.events if kind != "progress"]


class Killed(BaseException):
    """Stands for the end of the process."""


@dataclass(slots=True)
class FragileJob(Job):
    """A job whose process ends at its n-th checkpoint."""

    lives: int | None = None
    seen: int = 0

    def checkpoint(self) -> None:
        self.seen += 1
        if self.lives is not None and self.seen >= self.lives:
            raise Killed
        Job.checkpoint(self)


def make_job(
    row: Mapping[str, Any],
    reporter: Reporter | None = None,
    *,
    node: Mapping[str, Any] | None = None,
    template: Mapping[str, Any] | None = None,
    inputs: Mapping[str, Any] | None = None,
    seconds: float = 60,
    attempt: int = 1,
    lives: int | None = None,
) -> FragileJob:
    """One attempt at a command of the deployment `row`."""
    return FragileJob(
        id=1,
        name="test",
        type="deployments",
        row_id=row["id"],
        row=row,
        related={"node": node, "template": template, "customer": None},
        inputs=inputs or {},
        attempt=attempt,
        deadline=time.monotonic() + seconds,
        reporter=reporter or Reporter(),
        monotonic=time.monotonic,
        lives=lives,
    )


@dataclass
class Deployment:
    """A deployment on the real engine, driven as the bus would."""

    id: str
    client: DockerClient
    row: dict[str, Any] = field(default_factory=dict)
    template: dict[str, Any] = field(default_factory=dict)
    socket: str = DEFAULT_SOCKET
    reporter: Reporter = field(default_factory=Reporter)

    def job(self, **more: Any) -> FragileJob:
        """An attempt at a command."""
        row = {"id": self.id, "node": "node_1", "variables": {}, "config_files": [], "proxy_port": None, **self.row}
        return make_job(row, self.reporter, node={"id": "node_1", "docker_socket": self.socket}, template=self.template, **more)

    async def start(self, compose: str | None = None, timing: Timing = FAST, **more: Any) -> dict[str, Any]:
        """Run `docker.start`."""
        if compose is not None:
            self.row["compose_spec"] = compose
        return await start_deployment(self.job(**more), timing)

    async def stop(self, **more: Any) -> Mapping[str, Any]:
        """Run `docker.stop`."""
        return await stop(self.job(**more))

    async def remove(self, **more: Any) -> Mapping[str, Any]:
        """Run `docker.remove`."""
        return await remove(self.job(**more))

    def found(self, kind: str) -> list[Any]:
        """What the engine has under this deployment's label."""
        filters = {"label": f"hoster.deployment={self.id}"}
        if kind == "containers":
            return list(self.client.containers.list(all=True, filters=filters))
        return list(getattr(self.client, kind).list(filters=filters))

    def names(self) -> dict[str, list[str]]:
        """Names of everything the engine has of it."""
        return {kind: sorted(each.name for each in self.found(kind)) for kind in ("containers", "networks", "volumes")}

    def running(self) -> list[str]:
        """Services whose containers run."""
        return sorted(each.labels["hoster.service"] for each in self.found("containers") if each.status == "running")

    def execute(self, service: str, *command: str) -> str:
        """The output of a command in a service's container."""
        container = self.client.containers.get(f"hoster_{self.id}_{service}")
        code, output = container.exec_run(list(command))
        assert code == 0, output
        return output.decode()
