"""Decides from what is seen of a container whether it has come up, is on its way, or has failed. Pure.

Without a health check, running for a little while without a restart counts as up: most programs that cannot work end at
once. A program may end a few times before that, because many wait for a database in this way.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from handlers.docker.container_state import ContainerState
from handlers.docker.explain import Explanation, explain_exit
from handlers.docker.model import Service

Verdict: TypeAlias = Literal["waiting", "ready", "finished"]


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds between looks, seconds a program must run to count as up, and the restarts after which it never will."""

    poll: float = 0.2
    grace: float = 2.0
    restarts: int = 5


@dataclass(slots=True)
class Watch:
    """Remembers since when each container has been running without a restart, on our own clock."""

    timing: Timing
    _since: dict[str, tuple[str, float]] = field(default_factory=dict)

    def judge(self, service: Service, state: ContainerState, now: float) -> Verdict | Explanation:
        """Where the container stands; an explanation when it has failed."""
        if state.restarts >= self.timing.restarts or (state.oom_killed and not state.is_up):
            return _ended(service, state)
        if state.status == "running":
            return self._running(service, state, now)
        if state.status in {"exited", "dead"}:
            return "finished" if state.has_finished else _ended(service, state)
        return "waiting"

    def _running(self, service: Service, state: ContainerState, now: float) -> Verdict | Explanation:
        if state.health == "unhealthy":
            output = f": {state.health_output}" if state.health_output else ""
            return Explanation("health_check_failing", f"{service.name} runs, but its health check fails{output}")
        if state.health is not None:
            return "ready" if state.health == "healthy" else "waiting"
        started_at, since = self._since.get(service.name, ("", now))
        if started_at != state.started_at:
            self._since[service.name] = (state.started_at, now)
            since = now
        return "ready" if now - since >= self.timing.grace else "waiting"


def _ended(service: Service, state: ContainerState) -> Explanation:
    return explain_exit(service.name, state.exit_code, oom_killed=state.oom_killed, error=state.error, restarts=state.restarts)
