"""The causes that a failed deployment can have: one table of stable codes, each with what it means and what to do.

Programs match on the code, people read the hint; a cause that is released is never renamed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from engine.commands.job import Fail, Retry
from engine.model import JSON


@dataclass(frozen=True, slots=True)
class Cause:
    """One cause: `description` for the documentation, `hint` for whoever meets it. `passing` ones are tried again."""

    code: str
    description: str
    hint: str
    passing: bool = False


CAUSES: Mapping[str, Cause] = MappingProxyType(
    {
        cause.code: cause
        for cause in (
            Cause(
                "variable_missing", "A required variable has no value", "Set the variable on the deployment and start it again"
            ),
            Cause("variable_invalid", "A variable's value does not fit its definition", "Correct the value and start again"),
            Cause("compose_invalid", "The compose file cannot be deployed", "Correct the template's compose file"),
            Cause(
                "config_file_invalid", "A config file of the template cannot be placed", "Correct the template's config files"
            ),
            Cause(
                "image_not_found", "The registry has no such image or tag", "Check the image's name and tag in the compose file"
            ),
            Cause(
                "image_pull_denied", "The registry refuses to hand out the image", "Use a public image, or give access to it"
            ),
            Cause(
                "registry_unreachable",
                "The node cannot reach the image's registry",
                "Check the node's network, its DNS and the registry, then start again",
                passing=True,
            ),
            Cause(
                "registry_limit",
                "The registry limits how often images are pulled",
                "Wait a while, then start again",
                passing=True,
            ),
            Cause(
                "platform_mismatch", "The image is made for another kind of processor", "Use an image for the node's platform"
            ),
            Cause("port_taken", "Another program on the node holds the port", "Free the port on the node, or use another node"),
            Cause("name_taken", "Something that is not ours has the name on the node", "Remove or rename it on the node"),
            Cause("crash_loop", "The program ends again and again", "Read the log: the program itself says why it ends"),
            Cause("exited", "The program ended although it should run", "Read the log: the program itself says why it ended"),
            Cause("out_of_memory", "The program used more memory than its limit", "Give the service a larger memory limit"),
            Cause(
                "health_check_failing",
                "The health check says that the program does not work",
                "Read the check's output and the log",
            ),
            Cause(
                "dependency_failed", "A service that another waits for did not get there", "Look at the service it waits for"
            ),
            Cause(
                "command_not_found", "The container's command does not exist in the image", "Correct `command` or `entrypoint`"
            ),
            Cause(
                "command_not_executable",
                "The container's command cannot be run",
                "Make the file executable, or correct `command`",
            ),
            Cause("user_unknown", "The image has no such user", "Correct `user`, or write it as a number"),
            Cause(
                "mount_failed", "A volume or file could not be placed in the container", "Check the paths of volumes and files"
            ),
            Cause("no_space", "The node's disk is full", "Free space on the node, for example by removing unused images"),
            Cause(
                "node_too_small",
                "The node has fewer processors or less memory than asked for",
                "Lower the limits, or use a larger node",
            ),
            Cause(
                "no_network_address",
                "The engine has no address range left for another network",
                "Remove unused networks on the node",
            ),
            Cause(
                "engine_unreachable",
                "The node's Docker engine does not answer",
                "Check that Docker runs on the node",
                passing=True,
            ),
            Cause(
                "engine_error",
                "The Docker engine refused or failed for another reason",
                "Read the engine's message",
                passing=True,
            ),
            Cause("node_offline", "The chosen node is not online", "Wait until the node is online, or choose another"),
            Cause("no_node", "No node is online that may be used", "Add a node, or wait until one is online"),
            Cause(
                "no_free_port",
                "Every port for deployments is taken on the node",
                "Delete deployments on the node, or use another",
            ),
            Cause("timeout", "It took longer than allowed", "Start it again; if it stays slow, look at the log"),
        )
    }
)


def fail(cause: str, message: str, *, hint: str | None = None, **evidence: JSON) -> Fail:
    """The failure of a known cause, with the table's hint unless a better one is at hand."""
    return Fail(cause, message, hint=hint or CAUSES[cause].hint, **evidence)


def fail_or_retry(cause: str, message: str, *, hint: str | None = None, **evidence: JSON) -> Fail | Retry:
    """The same, as a retry where the cause may pass by itself."""
    if CAUSES[cause].passing:
        return Retry(message, after=None, cause=cause, hint=hint or CAUSES[cause].hint, **evidence)
    return fail(cause, message, hint=hint, **evidence)
