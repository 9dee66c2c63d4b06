"""An image with config files inside, for containers whose root is read-only.

The engine refuses to put files into such a container, even before it starts, and a mount from the host would not work
on a distant node. So the files go into a writable container that never runs, which is then kept as an image. It carries
the deployment's labels and is removed with it.
"""

from __future__ import annotations

import hashlib

from handlers.docker.config_files import archive
from handlers.docker.create_request import Body
from handlers.docker.engine import EngineLink
from handlers.docker.labels import image_name, owned
from handlers.docker.plan import ContainerPlan, ImageFacts, Plan

PHASE = "create"


async def derived_image(link: EngineLink, plan: Plan, container: ContainerPlan, image: ImageFacts) -> str:
    """The name of the image for one container, made unless it is there. The name holds a fingerprint of its content."""
    content = "\n".join([image.id, container.service.name, *(file.digest for file in container.files)])
    name = image_name(plan.deployment, hashlib.sha256(content.encode()).hexdigest())
    if any(name in (each.get("RepoTags") or ()) for each in await link.owned(PHASE, "images")):
        return name
    service = container.service
    body: Body = {
        "Image": image.id,
        "Cmd": None if service.command is None else list(service.command),
        "Entrypoint": None if service.entrypoint is None else list(service.entrypoint),
        "Labels": owned(plan.deployment),
    }
    made = await link.call(PHASE, service.name, link.api.create_container_from_config, body)
    await link.call(PHASE, service.name, link.api.put_archive, made["Id"], "/", archive(container.files))
    repository, _, tag = name.rpartition(":")
    await link.call(PHASE, service.name, link.api.commit, made["Id"], repository=repository, tag=tag, pause=False)
    await link.call(PHASE, service.name, link.api.remove_container, made["Id"], force=True, v=True)
    return name
