"""Images that are not on the node: pulled with progress, or refused with a cause."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from docker import DockerClient
from docker.errors import ImageNotFound

from engine.commands.job import Fail, Retry
from handlers.docker.pulling import PullProgress
from tests.docker.registry import serve
from tests.docker.support import Deployment


@pytest.fixture
def registry(engine: DockerClient) -> Iterator[str]:
    with serve() as address:
        yield address
        for name in ("good", "arm", "broken"):
            try:
                engine.images.remove(f"{address}/{name}:1", force=True)
            except ImageNotFound:
                continue


def compose(image: str) -> str:
    return f"services: {{a: {{image: '{image}', init: true}}}}"


async def test_a_missing_image_is_pulled_once_and_its_volumes_get_names(deployment: Deployment, registry: str) -> None:
    await deployment.start(compose(f"{registry}/good:1"))
    kinds = deployment.reporter.kinds()
    assert kinds.count("image_pulling") == kinds.count("image_pulled") == 1
    assert any("Pulling" in message and "%" in message for kind, message, _ in deployment.reporter.events if kind == "progress")
    assert [volume.name.startswith(f"hoster_{deployment.id}__a_") for volume in deployment.found("volumes")] == [True]
    deployment.reporter.events.clear()
    await deployment.start()
    assert "image_pulling" not in deployment.reporter.kinds()
    await deployment.remove()
    assert deployment.names() == {"containers": [], "networks": [], "volumes": []}


@pytest.mark.parametrize(
    ("image", "cause", "error"),
    [
        ("good:nosuchtag", "image_not_found", Fail),
        ("nosuchimage:1", "image_not_found", Fail),
        ("denied:1", "image_pull_denied", Fail),
        ("arm:1", "platform_mismatch", Fail),
        ("broken:1", "engine_error", Retry),
    ],
)
async def test_an_image_that_cannot_be_had(
    deployment: Deployment, registry: str, image: str, cause: str, error: type[Fail | Retry]
) -> None:
    with pytest.raises(error) as caught:
        await deployment.start(compose(f"{registry}/{image}"))
    assert (caught.value.cause, caught.value.evidence["phase"], caught.value.evidence["service"]) == (cause, "pull", "a")
    assert f"{registry}/{image}" in caught.value.message
    assert deployment.names() == {"containers": [], "networks": [], "volumes": []}
    assert "image_pulled" not in deployment.reporter.kinds() or cause == "platform_mismatch"


async def test_a_registry_that_is_not_there(deployment: Deployment, free_port: int) -> None:
    with pytest.raises(Retry) as caught:
        await deployment.start(compose(f"127.0.0.1:{free_port}/x:1"))
    assert caught.value.cause == "registry_unreachable"
    assert f"127.0.0.1:{free_port}" in caught.value.message
    assert caught.value.hint


def test_progress_adds_up_over_the_layers() -> None:
    progress = PullProgress()
    assert progress.percent == 0
    progress.add({"id": "a", "status": "Downloading", "progressDetail": {"current": 25, "total": 100}})
    progress.add({"id": "b", "status": "Downloading", "progressDetail": {"current": 75, "total": 100}})
    progress.add({"id": "c", "status": "Downloading", "progressDetail": {}})
    assert progress.percent == 50
    progress.add({"id": "a", "status": "Download complete"})
    assert progress.percent == 87
