"""What the engine says → a cause from the table. Pure: text and numbers in, a cause and a sentence out.

The engine's messages are prose, and differ a little between versions; the first pattern that fits wins, so the narrow
ones come first.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

MAX_MESSAGE = 400


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a call or a container failed."""

    cause: str
    message: str


_MESSAGES: tuple[tuple[str, str], ...] = (
    (r"no space left on device|disk quota exceeded", "no_space"),
    (r"port is already allocated|address already in use|bind for .* failed", "port_taken"),
    (r"toomanyrequests|too many requests|rate limit", "registry_limit"),
    (r"no matching manifest for|does not match the (specified|detected) .*platform|exec format error", "platform_mismatch"),
    (r"x509|certificate|tls:|server gave http response to https", "registry_unreachable"),
    (r"no such host|server misbehaving|temporary failure in name resolution", "registry_unreachable"),
    (r"i/o timeout|connection refused", "registry_unreachable"),
    (r"network is unreachable|no route to host|connection reset|awaiting headers|unexpected eof", "registry_unreachable"),
    (r"pull access denied|repository does not exist or may require|insufficient_scope", "image_pull_denied"),
    (r"unauthorized|authentication required|denied|forbidden|no basic auth", "image_pull_denied"),
    (r"manifest unknown|manifest for .* not found|not found: manifest", "image_not_found"),
    (r"name unknown|no such image|repository .* not found", "image_not_found"),
    (r"invalid reference format", "compose_invalid"),
    (r"executable file not found|exec: .*no such file or directory|stat .*: no such file or directory", "command_not_found"),
    (r"exec: .*permission denied|container process caused.*permission denied", "command_not_executable"),
    (r": is a directory: unknown", "command_not_executable"),
    (r"no command specified", "command_not_found"),
    (r"uids and gids must be in range", "user_unknown"),
    (r"is a reserved name", "compose_invalid"),
    (r"unable to find user|no matching entries in passwd|unable to find group", "user_unknown"),
    (r"could not find an available.*address pool|all predefined address pools have been fully subnetted", "no_network_address"),
    (r"range of cpus is from|minimum memory limit|only \d+ cpus available", "node_too_small"),
    (r"the container name .* is already in use|network with name .* already exists", "name_taken"),
    (r"error mounting|invalid mount|not a directory|is not directory|cannot mkdir", "mount_failed"),
    (r"read-?only file ?system|marked read-only|extraction point is not a directory", "mount_failed"),
    (r"invalid (?:signal|hostname|environment|volume|port)|invalid .* specification", "compose_invalid"),
)  # fmt: skip
_COMPILED = tuple((re.compile(pattern, re.IGNORECASE | re.DOTALL), cause) for pattern, cause in _MESSAGES)
#: Where the engine keeps a container's files on the node; for the reader, the path inside the container is the point.
_ON_THE_NODE = re.compile(r"/\S*/overlay2/[0-9a-f]+/(?:merged|diff)(?=/)")
_PULL_CAUSES = {"registry_unreachable", "registry_limit", "image_pull_denied", "image_not_found"}


def explain_message(message: str, *, pulling: bool = False) -> Explanation:
    """The cause behind a message of the engine. Words of a registry only count while `pulling`."""
    text = _ON_THE_NODE.sub("", " ".join(message.split()))[:MAX_MESSAGE]
    for pattern, cause in _COMPILED:
        if pattern.search(message) and (pulling or cause not in _PULL_CAUSES):
            return Explanation(cause, text)
    if not pulling and re.search(r"no such image", message, re.IGNORECASE):
        return Explanation("image_not_found", text)
    return Explanation("engine_error", text or "The engine gave no reason")


def explain_exit(service: str, exit_code: int, *, oom_killed: bool = False, error: str = "", restarts: int = 0) -> Explanation:
    """The cause behind the end of a container's program."""
    if oom_killed:
        return Explanation("out_of_memory", f"{service} was ended by the kernel: it used more memory than its limit")
    if error:
        found = explain_message(error)
        if found.cause != "engine_error":
            return Explanation(found.cause, f"{service} could not be started: {found.message}")
    if exit_code == 127:
        return Explanation("command_not_found", f"{service} ended with code 127: a command was not found")
    if exit_code == 126:
        return Explanation("command_not_executable", f"{service} ended with code 126: a command cannot be executed")
    times = f" and was restarted {restarts} times" if restarts else ""
    return Explanation("crash_loop" if restarts else "exited", f"{service} ended with {describe_exit(exit_code)}{times}")


def describe_exit(exit_code: int) -> str:
    """An exit code in words where it has a common meaning."""
    meanings = {
        125: "the engine could not run it",
        134: "it aborted",
        137: "it was killed",
        139: "it crashed: segmentation fault",
    }
    meanings[143] = "it was asked to end"
    return f"code {exit_code}" + (f" ({meanings[exit_code]})" if exit_code in meanings else "")
