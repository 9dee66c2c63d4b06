"""Names and labels of everything made in an engine: how it is found again, and whose it is.

The labels are a promise to scripts: `hoster.managed`, `hoster.deployment` and `hoster.service` do not change. Look-ups go
by label; names only have to be different, and to tell a person at the node what they see.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

MANAGED = "hoster.managed"
DEPLOYMENT = "hoster.deployment"
SERVICE = "hoster.service"
VOLUME = "hoster.volume"
SPEC = "hoster.spec"
RANK = "hoster.rank"
#: The image as the compose file names it; the container may run one that was derived from it.
SOURCE = "hoster.source"


def owned(deployment: str, **more: str) -> dict[str, str]:
    """The labels of something that belongs to a deployment; `more` by the part of the label after `hoster.`."""
    return {MANAGED: "true", DEPLOYMENT: deployment, **{f"hoster.{key}": value for key, value in more.items()}}


def is_owned(labels: Mapping[str, str] | None, deployment: str) -> bool:
    """Whether the labels say that the thing belongs to the deployment."""
    return (labels or {}).get(DEPLOYMENT) == deployment and (labels or {}).get(MANAGED) == "true"


def network_name(deployment: str) -> str:
    """The deployment's own network."""
    return f"hoster_{deployment}"


def container_name(deployment: str, service: str) -> str:
    """The container of a service."""
    return f"hoster_{deployment}_{service}"


def volume_name(deployment: str, volume: str) -> str:
    """A volume that the compose file names."""
    return f"hoster_{deployment}_{volume}"


def unnamed_volume_name(deployment: str, service: str, target: str) -> str:
    """A volume that has no name in the file, or that the image asks for: the same one each time, so its data stay.

    No volume of a file begins with `_`, so the doubled one keeps the two kinds apart.
    """
    return f"hoster_{deployment}__{service}_{hashlib.sha256(target.encode()).hexdigest()[:12]}"


def image_name(deployment: str, fingerprint: str) -> str:
    """An image that was derived for the deployment, with config files inside."""
    return f"hoster/{deployment.lower()}:{fingerprint[:24]}"
