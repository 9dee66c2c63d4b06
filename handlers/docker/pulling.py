"""Gets the images a plan needs onto the node: what is there stays, what is missing is pulled with progress."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.commands.job import Fail, Retry
from handlers.docker.causes import fail, fail_or_retry
from handlers.docker.engine import EngineFault, EngineLink, translated
from handlers.docker.explain import explain_message
from handlers.docker.images import ImageReference, parse_reference
from handlers.docker.plan import ImageFacts, Plan
from handlers.docker.streaming import in_background

log = logging.getLogger("hoster.docker")

MAX_LOGGED = 1000
#: Causes whose message tells how the engine dials, and other messages that do.
_PRIVATE = {"registry_unreachable"}
_ADDRESS = re.compile(r"\bdial\b|\blookup\b|\d+\.\d+\.\d+\.\d+|\[[0-9a-fA-F:]+\]:\d")
REPORT_SECONDS = 1.0
#: Architectures that a processor runs besides its own.
_ALSO = {"amd64": {"386"}, "arm64": {"arm"}}


@dataclass(slots=True)
class PullProgress:
    """How much of an image has arrived, added up over its layers."""

    layers: dict[str, tuple[int, int]] = field(default_factory=dict)

    def add(self, event: Mapping[str, Any]) -> None:
        """Take in one event of the pull."""
        layer, status = str(event.get("id", "")), str(event.get("status", ""))
        detail = event.get("progressDetail") or {}
        if status == "Downloading" and detail.get("total"):
            self.layers[layer] = (int(detail.get("current", 0)), int(detail["total"]))
        elif status in {"Download complete", "Pull complete"} and layer in self.layers:
            self.layers[layer] = (self.layers[layer][1], self.layers[layer][1])

    @property
    def percent(self) -> int:
        """Of the layers whose size is known."""
        total = sum(size for _, size in self.layers.values())
        return 100 * sum(here for here, _ in self.layers.values()) // total if total else 0


async def ensure_images(link: EngineLink, plan: Plan) -> dict[tuple[str, str | None], ImageFacts]:
    """The facts of every image of the plan, by reference and platform; raises `Fail` or `Retry` with phase `pull`."""
    architecture = str((await link.call("pull", None, link.api.version)).get("Arch", ""))
    facts = {}
    for number, (image, platform) in enumerate(plan.images):
        service = next(each.service.name for each in plan.containers if each.service.image == image)
        found = await _local(link, image, service)
        if found is None or not _fits(found, platform):
            await _pull(link, image, platform, service, number / len(plan.images))
            found = await _local(link, image, service)
        if found is None:
            raise fail("image_not_found", f"{image} is not there after it was pulled", phase="pull", service=service)
        _check_architecture(found, architecture, image, service)
        facts[image, platform] = found
    return facts


async def _local(link: EngineLink, image: str, service: str) -> ImageFacts | None:
    try:
        answer = await link.attempt(link.api.inspect_image, image)
    except EngineFault as fault:
        if fault.status == 404:
            return None
        raise fault.verdict("pull", service) from fault
    config = answer.get("Config") or {}
    test = (config.get("Healthcheck") or {}).get("Test") or ["NONE"]
    return ImageFacts(
        id=answer["Id"],
        volumes=tuple(sorted(config.get("Volumes") or ())),
        has_health_check=test[0] != "NONE",
        os=answer.get("Os", "linux"),
        architecture=answer.get("Architecture", ""),
    )


def _fits(image: ImageFacts, platform: str | None) -> bool:
    parts = (platform or "").split("/")
    return len(parts) < 2 or parts[1] == image.architecture


def _check_architecture(image: ImageFacts, architecture: str, name: str, service: str) -> None:
    if image.architecture in {architecture, ""} | _ALSO.get(architecture, set()) or not architecture:
        return
    message = f"{name} is made for {image.os}/{image.architecture}, the node is linux/{architecture}"
    raise fail("platform_mismatch", message, phase="pull", service=service)


async def _pull(link: EngineLink, image: str, platform: str | None, service: str, begun: float) -> None:
    reference = parse_reference(image)
    await link.job.event("image_pulling", f"Pulling {image}", service=service, image=image)
    progress, reported = PullProgress(), 0.0

    def stream() -> Iterable[dict[str, Any]]:
        # An empty login, or the SDK would send those that it finds in the home directory of this process.
        pulled = translated(
            lambda: link.api.pull(
                reference.repository, reference.version, stream=True, decode=True, auth_config={}, platform=platform
            )
        )
        while (event := translated(lambda: next(pulled, None))) is not None:
            yield event

    link.job.checkpoint()
    try:
        async for event in in_background(stream):
            link.job.checkpoint()
            if event is None:
                continue
            if "error" in event:
                raise _refused(str(event["error"]), reference, image, service)
            progress.add(event)
            if time.monotonic() - reported >= REPORT_SECONDS:
                reported = time.monotonic()
                await link.job.progress(f"Pulling {image}: {progress.percent} %", round(begun * 0.6, 3))
    except EngineFault as fault:
        if fault.status is None:
            raise fault.verdict("pull", service) from fault
        raise _refused(fault.explanation.message, reference, image, service) from fault
    await link.job.event("image_pulled", f"Pulled {image}", service=service, image=image)


def _refused(message: str, reference: ImageReference, image: str, service: str) -> Fail | Retry:
    found = explain_message(message, pulling=True)
    words = {
        "image_not_found": f"{reference.registry} has no image {image}",
        "image_pull_denied": f"{reference.registry} has no image {image}, or does not hand it out",
        "registry_unreachable": f"{reference.registry} could not be reached for {image}",
    }
    text = words.get(found.cause, f"{image} could not be pulled")
    # What the engine says of its own way to a registry names addresses of the node's network: that is not for everybody.
    log.info(
        "An image could not be pulled", extra={"image": image, "cause": found.cause, "engine_message": message[:MAX_LOGGED]}
    )
    told = {} if found.cause in _PRIVATE or _ADDRESS.search(found.message) else {"engine_message": found.message}
    return fail_or_retry(found.cause, text, phase="pull", service=service, image=image, **told)
