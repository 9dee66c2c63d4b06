"""What `hoster doctor` says of the engine of this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.settings import Settings


def look(settings: Settings) -> tuple[str, bool, str]:
    """A name, whether it is well, and a sentence."""
    from handlers.docker.probe import probe

    socket = settings.nodes_local_socket
    if not socket:
        return "docker", True, "no engine on this machine is used: HOSTER_NODES_LOCAL_SOCKET is empty"
    found = probe(str(socket))
    if found.error is not None:
        return "docker", False, f"{found.error}, at {socket}; start Docker, or name its socket in HOSTER_NODES_LOCAL_SOCKET"
    offers = f"{found.cpu_cores:g} processors, {found.memory_mb} MB of memory, {found.disk_mb} MB of disk"
    return "docker", True, f"Docker {found.version} answers at {socket}: {offers}"
