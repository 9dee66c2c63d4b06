"""Makes what a plan needs in the engine: network, volumes, containers. What is already right is adopted.

Everything is found by label and made under a fixed name, so that a run which was cut off anywhere can be run again. A
container whose fingerprint differs is replaced, one whose service is gone is removed; volumes are never removed here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from engine.commands.job import Retry
from handlers.docker.causes import fail
from handlers.docker.config_files import archive
from handlers.docker.container_state import ContainerState
from handlers.docker.create_request import Body, create_request, image_volumes
from handlers.docker.derived_image import derived_image
from handlers.docker.engine import EngineFault, EngineLink
from handlers.docker.labels import SPEC, is_owned, owned
from handlers.docker.plan import ContainerPlan, ImageFacts, Plan, VolumePlan
from handlers.docker.stopping import inspect_all, remove_container, stop_container

PHASE = "create"
Images = Mapping[tuple[str, str | None], ImageFacts]


async def provision(link: EngineLink, plan: Plan, images: Images) -> dict[str, str]:
    """Have everything of the plan in the engine; the ids of the containers by service."""
    network = await _network(link, plan)
    facts = {each.service.name: images[each.service.image, each.service.platform] for each in plan.containers}
    wanted = list(plan.volumes)
    for container in plan.containers:
        wanted.extend(image_volumes(plan, container, facts[container.service.name]))
    await _volumes(link, wanted)
    requests = {each.service.name: create_request(plan, each, facts[each.service.name]) for each in plan.containers}
    kept = await _clear(link, plan, requests, network)
    ids = {}
    for container in plan.containers:
        name = container.service.name
        present = kept.get(name)
        if present is None:
            ids[name] = await _create(link, plan, container, requests[name], facts[name])
        else:
            ids[name] = present.id
        if present is None or present.status == "created":
            await _place_files(link, container, ids[name])
    return ids


async def _network(link: EngineLink, plan: Plan) -> str:
    """The id of the deployment's network; an engine allows several of one name, so extra ones go."""
    ours = [each for each in await link.owned(PHASE, "networks") if each["Name"] == plan.network]
    for extra in ours[1:]:
        await link.call(PHASE, None, link.api.remove_network, extra["Id"])
    if ours:
        return str(ours[0]["Id"])
    named = await link.call(PHASE, None, link.api.networks, names=[plan.network])
    if any(each["Name"] == plan.network for each in named):
        raise fail("name_taken", f"A network named {plan.network} is on the node and is not ours", phase=PHASE)
    labels = owned(plan.deployment)
    create = partial(link.api.create_network, driver="bridge", labels=labels, check_duplicate=True)
    return str((await _make(link, None, "networks", plan.network, create, plan.network))["Id"])


async def _volumes(link: EngineLink, wanted: Sequence[VolumePlan]) -> None:
    present = {each["Name"] for each in await link.owned(PHASE, "volumes")}
    for volume in wanted:
        if volume.name in present:
            continue
        labels = owned(link.job.row_id, volume=volume.label)
        made = await link.call(PHASE, None, link.api.create_volume, volume.name, driver="local", labels=labels)
        if not is_owned(made.get("Labels"), link.job.row_id):
            raise fail("name_taken", f"A volume named {volume.name} is on the node and is not ours", phase=PHASE)


async def _clear(link: EngineLink, plan: Plan, requests: Mapping[str, Body], network: str) -> dict[str, ContainerState]:
    """Remove containers that the plan no longer has or has differently; those that stay, by service."""
    kept: dict[str, ContainerState] = {}
    for state in sorted(await inspect_all(link, PHASE), key=lambda each: -each.rank):
        request = requests.get(state.service)
        same = request is not None and request["Labels"][SPEC] == state.spec and state.status not in {"dead", "removing"}
        if same and state.service not in kept and set(state.networks) <= {network, *_no_network(state, plan)}:
            kept[state.service] = state
            continue
        await stop_container(link, PHASE, state)
        await remove_container(link, PHASE, state)
        if state.service:
            await link.job.event("container_removed", f"Removed the former container of {state.service}", service=state.service)
    return kept


def _no_network(state: ContainerState, plan: Plan) -> tuple[str, ...]:
    """A container without a network is listed under the engine's network `none`, whose id is its own."""
    return () if plan.container(state.service).service.networked else state.networks


async def _create(link: EngineLink, plan: Plan, container: ContainerPlan, request: Body, image: ImageFacts) -> str:
    service = container.service
    body = request
    if service.read_only and container.files:
        body = {**request, "Image": await derived_image(link, plan, container, image)}
    create = link.api.create_container_from_config
    made = await _make(link, service.name, "containers", container.name, create, body, container.name)
    await link.job.event("container_created", f"Created the container of {service.name}", service=service.name)
    return str(made["Id"])


async def _make(
    link: EngineLink, service: str | None, kind: str, name: str, function: Callable[..., Any], *arguments: Any
) -> dict[str, Any]:
    """Make a container or network. An engine finishes a call whose caller was killed, so what an earlier attempt asked for
    may appear after this one has looked: then the name is taken, but by ours, and the next attempt adopts it."""
    try:
        made: dict[str, Any] = await link.attempt(function, *arguments)
    except EngineFault as fault:
        if fault.explanation.cause == "name_taken" and name in await _names(link, kind):
            message = f"{name} was still being made by an earlier attempt"
            raise Retry(message, after=1.0, cause="engine_error", phase=PHASE) from fault
        raise fault.verdict(PHASE, service) from fault
    return made


async def _names(link: EngineLink, kind: str) -> set[str]:
    """The names of our containers or networks."""
    return {str(name).lstrip("/") for each in await link.owned(PHASE, kind) for name in each.get("Names") or [each["Name"]]}


async def _place_files(link: EngineLink, container: ContainerPlan, container_id: str) -> None:
    """Put the files into a container that has never run. Doing it twice changes nothing."""
    service = container.service
    if not container.files or service.read_only:
        return
    try:
        await link.attempt(link.api.put_archive, container_id, "/", archive(container.files))
    except EngineFault as fault:
        if fault.explanation.cause != "engine_error":
            raise fault.verdict(PHASE, service.name) from fault
        message = f"{service.name}: the config files could not be placed: {fault.explanation.message}"
        raise fail("mount_failed", message, phase=PHASE, service=service.name) from fault
