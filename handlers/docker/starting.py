"""Starts the containers of a plan in order, and waits until each has come up or one has failed."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from engine.commands.job import Fail
from engine.model import JSON
from handlers.docker.causes import fail
from handlers.docker.container_state import ContainerState
from handlers.docker.engine import EngineFault, EngineLink
from handlers.docker.evidence import collect, redact
from handlers.docker.explain import Explanation
from handlers.docker.model import Dependency, Service
from handlers.docker.plan import ContainerPlan, ImageFacts, Plan
from handlers.docker.stopping import inspect_each
from handlers.docker.watch import Timing, Verdict, Watch

#: What is kept of the time a command has, to look at what failed and to stop the rest.
RESERVE = 15.0
_EVENTS = {"out_of_memory": "container_oom", "health_check_failing": "health_unhealthy"}


class Starting:
    """The start of one plan's containers."""

    def __init__(
        self, link: EngineLink, plan: Plan, ids: Mapping[str, str], *, timing: Timing, secrets: Sequence[str] = ()
    ) -> None:
        self.link, self.plan, self.ids, self.secrets = link, plan, ids, secrets
        self._watch, self._timing = Watch(timing), timing
        self._services = {container_id: name for name, container_id in ids.items()}
        self._started: set[str] = set()
        self._told: set[str] = set()
        self._reserve = min(RESERVE, link.job.time_left / 4)

    async def run(self) -> list[ContainerState]:
        """Start everything; the states of the containers once all are up. Raises `Fail`."""
        waiting = list(self.plan.containers)
        while True:
            states = await self._look()
            verdicts = {name: await self._verdict(name, states) for name in self._started}
            await self._tell(states, verdicts)
            startable = [each for each in waiting if self._may_start(each, verdicts)]
            for container in startable:
                await self._start(container, states)
                waiting.remove(container)
            if not waiting and not startable and "waiting" not in verdicts.values():
                return await self._settled(states, verdicts)
            self._watch_the_clock(waiting, verdicts)
            if not startable:
                await asyncio.sleep(self._timing.poll)

    async def _look(self) -> dict[str, ContainerState]:
        states = await self.link.call("health", None, inspect_each, self.link.api, list(self.ids.values()))
        return {self._services[state.id]: state for state in states}

    async def _verdict(self, name: str, states: Mapping[str, ContainerState]) -> Verdict:
        state = states.get(name)
        if state is None:
            raise fail("exited", f"The container of {name} was removed while it started", phase="health", service=name)
        judged = self._watch.judge(self.plan.container(name).service, state, self.link.job.monotonic())
        if isinstance(judged, Explanation):
            raise await self._failure(judged, state)
        return judged

    def _may_start(self, container: ContainerPlan, verdicts: Mapping[str, Verdict]) -> bool:
        return all(
            self._is_met(dependency, verdicts) for dependency in container.service.depends_on if dependency.service in self.ids
        )

    def _is_met(self, dependency: Dependency, verdicts: Mapping[str, Verdict]) -> bool:
        verdict = verdicts.get(dependency.service)
        if dependency.condition == "service_started":
            return verdict is not None
        wanted = "ready" if dependency.condition == "service_healthy" else "finished"
        return verdict == wanted

    async def _start(self, container: ContainerPlan, states: Mapping[str, ContainerState]) -> None:
        name = container.service.name
        state = states.get(name)
        if state is not None and not state.is_up and not self._has_finished(container, state):
            try:
                await self.link.attempt(self.link.api.start, state.id)
            except EngineFault as fault:
                raise self._refused(fault, container) from fault
            await self.link.job.event("container_started", f"Started {name}", service=name)
        self._started.add(name)

    def _has_finished(self, container: ContainerPlan, state: ContainerState) -> bool:
        """Whether an earlier attempt at this start has already run a service that others wait for to end."""
        return (
            state.status == "exited"
            and state.exit_code == 0
            and self.link.job.attempt > 1
            and self.plan.awaited_to_end(container.service.name)
        )

    def _refused(self, fault: EngineFault, container: ContainerPlan) -> Exception:
        name, cause = container.service.name, fault.explanation.cause
        if cause == "port_taken" and container.publication is not None:
            port = container.publication.host_port
            return fail(cause, f"Port {port} of the node is taken by something else", phase="start", service=name, port=port)
        return fault.verdict("start", name)

    async def _settled(self, states: Mapping[str, ContainerState], verdicts: Mapping[str, Verdict]) -> list[ContainerState]:
        """All have come up or finished: something must be left that runs, above all what visitors reach."""
        must_run = [self.plan.primary] if self.plan.primary else []
        if "ready" not in verdicts.values():
            must_run = must_run or [self.plan.containers[-1].service.name]
        for name in must_run:
            if verdicts[name] == "finished":
                message = f"{name} ended with code 0, although it should keep running"
                raise await self._failure(Explanation("exited", message), states[name])
        return [states[each.service.name] for each in self.plan.containers]

    async def _failure(self, explanation: Explanation, state: ContainerState) -> Fail:
        waiting: list[JSON] = [
            each.service.name
            for each in self.plan.containers
            if each.service.name not in self._started
            and any(dependency.service == state.service for dependency in each.service.depends_on)
        ]
        cause, message = explanation.cause, redact(explanation.message, self.secrets)
        evidence = await collect(self.link, state, self.secrets)
        await self.link.job.event(_EVENTS.get(cause, "container_died"), message, service=state.service)
        if waiting:
            evidence["waiting"] = waiting
            if cause == "exited":
                cause, message = "dependency_failed", f"{message}; {', '.join(map(str, waiting))} waited for it"
        phase = "health" if cause == "health_check_failing" else "start"
        return fail(cause, message, hint=None, phase=phase, **evidence)

    async def _tell(self, states: Mapping[str, ContainerState], verdicts: Mapping[str, Verdict]) -> None:
        for name, verdict in verdicts.items():
            if verdict == "ready" and name not in self._told and states[name].health is not None:
                await self.link.job.event("health_healthy", f"{name} is healthy", service=name)
                self._told.add(name)
        up = sum(verdict != "waiting" for verdict in verdicts.values())
        total = len(self.plan.containers)
        await self.link.job.progress(f"{up} of {total} services are up", round(0.7 + 0.3 * up / total, 3))

    def _watch_the_clock(self, waiting: Sequence[ContainerPlan], verdicts: Mapping[str, Verdict]) -> None:
        if self.link.job.time_left > self._reserve:
            return
        late = [name for name, verdict in verdicts.items() if verdict == "waiting"] or [each.service.name for each in waiting]
        raise fail("timeout", f"{', '.join(late)} did not come up in time", phase="health", service=late[0])


def check_conditions(plan: Plan, images: Mapping[tuple[str, str | None], ImageFacts]) -> None:
    """Refuse to wait for the health of a service that nothing checks: it would be for ever. Raises `Fail`."""
    services = {each.service.name: each.service for each in plan.containers}
    for waiting in services.values():
        for dependency in waiting.depends_on:
            other = services.get(dependency.service)
            if other is None or dependency.condition != "service_healthy" or _is_checked(other, images):
                continue
            message = f"{waiting.name} waits until {other.name} is healthy, but {other.name} has no health check"
            hint = f"Give {other.name} a `healthcheck:`, or write `condition: service_started`"
            raise fail("compose_invalid", message, hint=hint, phase="validate", service=other.name)


def _is_checked(service: Service, images: Mapping[tuple[str, str | None], ImageFacts]) -> bool:
    if service.health is not None and service.health.test is not None:
        return not service.health.disabled
    return images[service.image, service.platform].has_health_check
