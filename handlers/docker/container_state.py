"""What an engine's answer to an inspect means: one frozen value in place of a deep mapping. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.model import JSON
from handlers.docker.labels import RANK, SERVICE, SOURCE, SPEC

MAX_HEALTH_OUTPUT = 500
#: Seconds that the engine gives a program to end where the file says nothing.
DEFAULT_GRACE = 10


@dataclass(frozen=True, slots=True)
class ContainerState:
    """One container as it is now. `health` is None where nothing checks it, or nothing runs."""

    id: str
    service: str
    status: str
    exit_code: int = 0
    oom_killed: bool = False
    error: str = ""
    restarts: int = 0
    started_at: str = ""
    health: str | None = None
    health_output: str = ""
    image: str = ""
    ports: tuple[tuple[int, int, str], ...] = ()
    spec: str = ""
    rank: int = 0
    restart_policy: str = "no"
    stop_grace: int = DEFAULT_GRACE
    networks: tuple[str, ...] = ()

    @property
    def is_up(self) -> bool:
        """Whether its program runs, or will by the engine's own doing."""
        return self.status in {"running", "restarting", "paused"}

    @property
    def has_finished(self) -> bool:
        """Whether it did its work and ended well, as a migration or another job does."""
        return self.status == "exited" and self.exit_code == 0 and not self.error and self.restart_policy != "unless-stopped"

    def document(self) -> dict[str, JSON]:
        """As it is kept on the deployment's row."""
        ports: list[JSON] = [
            {"container_port": inner, "host_port": outer, "protocol": kind} for inner, outer, kind in self.ports
        ]
        return {
            "id": self.id,
            "service": self.service,
            "image": self.image,
            "state": self.status,
            "health": self.health,
            "ports": ports,
        }


def container_state(answer: Mapping[str, Any]) -> ContainerState:
    """The state behind the answer to an inspect."""
    state, config = answer["State"], answer["Config"]
    labels = config.get("Labels") or {}
    health = state.get("Health") or {}
    status = health.get("Status")
    networks = (answer.get("NetworkSettings") or {}).get("Networks") or {}
    return ContainerState(
        id=answer["Id"],
        service=labels.get(SERVICE, ""),
        status=state["Status"],
        exit_code=state.get("ExitCode", 0),
        oom_killed=bool(state.get("OOMKilled")),
        error=state.get("Error", ""),
        restarts=answer.get("RestartCount", 0),
        started_at=state.get("StartedAt", ""),
        health=status if status not in {None, "none"} and state["Status"] == "running" else None,
        health_output=_last_output(health),
        image=labels.get(SOURCE) or config.get("Image", ""),
        ports=_ports((answer.get("NetworkSettings") or {}).get("Ports") or {}),
        spec=labels.get(SPEC, ""),
        rank=int(rank) if (rank := labels.get(RANK, "0")).isdigit() else 0,
        restart_policy=((answer.get("HostConfig") or {}).get("RestartPolicy") or {}).get("Name") or "no",
        stop_grace=DEFAULT_GRACE if (grace := config.get("StopTimeout")) is None else int(grace),
        networks=tuple(each["NetworkID"] for each in networks.values() if each.get("NetworkID")),
    )


def _last_output(health: Mapping[str, Any]) -> str:
    log = health.get("Log") or []
    return str(log[-1].get("Output", "")).strip()[:MAX_HEALTH_OUTPUT] if log else ""


def _ports(ports: Mapping[str, Any]) -> tuple[tuple[int, int, str], ...]:
    """Container port, host port and protocol, once for each, though an engine lists IPv4 and IPv6 apart."""
    found = set()
    for key, bindings in ports.items():
        number, _, protocol = key.partition("/")
        for binding in bindings or ():
            found.add((int(number), int(binding["HostPort"]), protocol or "tcp"))
    return tuple(sorted(found))
