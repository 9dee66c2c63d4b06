"""The verdict table: every key a compose file may hold, and what becomes of it.

An allow-list. A key that is not in the table is refused as unknown, because the compose language grows and yesterday's
list of dangers would not know tomorrow's. Paths are written with `*` for names that the author chooses and `[]` for the
items of a list. A key of a table without rows below it is read as a whole by its reader.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, TypeAlias

Decision: TypeAlias = Literal["allow", "confine", "ignore", "forbid"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of one key: `reason` says why, `instead` what to write; both are for the template's author."""

    path: str
    decision: Decision
    reason: str = ""
    instead: str | None = None


def _allow(base: str, keys: str) -> Iterator[Verdict]:
    return (Verdict(f"{base}{key}", "allow") for key in keys.split())


def _confine(base: str, **keys: str) -> Iterator[Verdict]:
    return (Verdict(f"{base}{key}", "confine", reason) for key, reason in keys.items())


def _ignore(base: str, reason: str, keys: str) -> Iterator[Verdict]:
    return (Verdict(f"{base}{key}", "ignore", reason) for key in keys.split())


def _forbid(base: str, keys: str, reason: str, instead: str | None = None) -> Iterator[Verdict]:
    return (Verdict(f"{base}{key}", "forbid", reason, instead) for key in keys.split())


_ONE_FILE = "it reads other files, and a template is one file"
_NAMESPACE = "it shares a namespace of the host or of another container"
_SHARED = "it takes resources from the other deployments on the node"
_S = "services.*."

_ROWS: tuple[Iterator[Verdict], ...] = (
    # The file as a whole
    _allow("", "services services.* volumes volumes.* networks networks.* configs configs.*"),
    _ignore("", "the platform names what it creates", "name version"),
    _forbid("", "include", _ONE_FILE, "Copy the included services into this file"),
    _forbid("", "secrets", "secrets are read from files or the environment of the host", "Use a variable of type password"),
    _forbid("", "models", "models run outside the containers", "Run the model as a service"),
    # A service: as the author says
    _allow(_S, "image command entrypoint environment expose depends_on healthcheck user working_dir stop_signal init"),
    _allow(_S, "read_only stdin_open tty cap_drop profiles configs platform"),
    _confine(
        _S,
        ports="Host ports are chosen by the platform; the first port of the first service that has one is published",
        volumes="Named volumes, anonymous volumes and tmpfs only",
        tmpfs="Bounded in size, and counted as memory",
        networks="Every deployment has one network of its own; aliases are kept",
        network_mode="Only `none`",
        restart="`always` becomes `unless-stopped`",
        labels="Labels that steer the platform, proxies or updaters are dropped",
        deploy="Limits and reservations; one replica",
        mem_limit="At most what the plan allows",
        mem_reservation="At most the memory limit",
        cpus="At most what the plan allows",
        pids_limit="At most what the plan allows",
        stop_grace_period="At most two minutes",
        shm_size="At most the memory limit",
        ulimits="nofile up to 65536, nproc, core and memlock",
        cap_add="From a short list",
        security_opt="Only `no-new-privileges:true`, which is always on",
        scale="One container for each service",
        ipc="Only `private` and `shareable`",
    ),
    # A service: ignored, because the platform decides
    _ignore(_S, "containers are named by the platform; the name keeps working as a network alias", "container_name"),
    _ignore(_S, "services reach each other by their service name", "hostname domainname"),
    _ignore(_S, "logs are kept by the platform, rotated at 10 MB, three files", "logging attach"),
    _ignore(_S, "images that are missing on the node are pulled", "pull_policy pull_refresh_after"),
    _ignore(_S, "addresses are assigned by the engine", "mac_address"),
    _ignore(_S, "it only matters while developing", "develop annotations"),
    # A service: refused
    _forbid(_S, "build", "code is not built on the nodes", "Publish the image to a registry and write `image:`"),
    _forbid(_S, "extends", _ONE_FILE, "Write the keys out, or use a YAML anchor"),
    _forbid(_S, "env_file", _ONE_FILE, "Write the variables under `environment:`"),
    _forbid(_S, "label_file", _ONE_FILE, "Write the labels under `labels:`"),
    _forbid(_S, "secrets", "secrets are read from files of the host", "Use a variable of type password under `environment:`"),
    _forbid(_S, "privileged", "it hands the whole host to the container", "Remove it; `cap_add` can add a few capabilities"),
    _forbid(_S, "pid uts userns_mode cgroup", _NAMESPACE, "Remove it"),
    _forbid(_S, "cgroup_parent", "it escapes the limits", "Use `mem_limit`, `cpus` and `pids_limit`"),
    _forbid(_S, "use_api_socket", "it hands the engine and its registry passwords to the container", "Remove it"),
    _forbid(_S, "external_links", "it reaches into another deployment", "Add the service to this file"),
    _forbid(_S, "links", "services of one file reach each other by name without it", "Use `depends_on:` and network aliases"),
    _forbid(_S, "volumes_from", "volumes are shared by naming them", "Name the volume in both services"),
    _forbid(_S, "devices device_cgroup_rules gpus", "it reaches the hardware of the host", "Run this on a node of your own"),
    _forbid(_S, "sysctls", "it changes settings of the kernel", "Remove it"),
    _forbid(_S, "oom_kill_disable oom_score_adj", "it survives at the neighbours' cost", "Set `mem_limit`"),
    _forbid(_S, "mem_swappiness memswap_limit cpu_rt_period cpu_rt_runtime", _SHARED, "Remove it"),
    _forbid(_S, "cpuset blkio_config storage_opt", _SHARED, "Remove it"),
    _forbid(_S, "cpu_count cpu_percent cpu_shares cpu_period cpu_quota", _SHARED, "Use `cpus:`"),
    _forbid(_S, "isolation credential_spec", "it is for Windows hosts, and reads their files", "Remove it"),
    _forbid(_S, "runtime", "the node chooses its runtime", "Remove it"),
    _forbid(_S, "provider", "it runs a program outside the containers", "Run it as a service"),
    _forbid(_S, "post_start pre_stop", "hooks can run as root in a container that does not", "Do it in the entrypoint"),
    _forbid(_S, "models", "models run outside the containers", "Run the model as a service"),
    _forbid(_S, "dns dns_opt dns_search", "it goes round the node's rules for outgoing traffic", "Remove it"),
    _forbid(_S, "extra_hosts", "it can point at the host and its neighbours", "Use the service name, or the real host name"),
    _forbid(_S, "group_add", "a numeric group can own devices of the host", "Use `user: \"uid:gid\"`"),
    # Inside a service
    _allow(_S + "healthcheck.", "test interval timeout retries start_period start_interval disable"),
    _allow(_S + "depends_on.", "* *.condition *.required"),
    _ignore(_S + "depends_on.", "dependants are not restarted", "*.restart"),
    _allow(_S + "networks.", "* *.aliases"),
    _ignore(_S + "networks.", "addresses are assigned by the engine", "*.ipv4_address *.ipv6_address *.mac_address *.priority"),
    _ignore(_S + "networks.", "there is one network", "*.gw_priority *.link_local_ips *.interface_name"),
    _forbid(_S + "networks.*.", "driver_opts", "it changes the network of the host", "Remove it"),
    _allow(_S + "ports.[].", "target protocol"),
    _ignore(_S + "ports.[].", "host ports are chosen by the platform", "published host_ip name app_protocol"),
    _confine(_S + "ports.[].", mode="Only `ingress`"),
    _allow(_S + "volumes.[].", "type source target read_only volume volume.nocopy tmpfs tmpfs.size tmpfs.mode"),
    _ignore(_S + "volumes.[].", "it has no effect on Linux", "consistency"),
    _ignore(_S + "volumes.[].", "volumes are labelled by the platform", "volume.labels"),
    _forbid(_S + "volumes.[].", "volume.subpath", "not every engine can mount part of a volume", "Use a volume of its own"),
    _forbid(_S + "volumes.[].", "bind", "it mounts a folder of the host", "Use a named volume"),
    _forbid(_S + "volumes.[].", "image", "it mounts another image", "Use a named volume"),
    _allow(_S + "configs.[].", "source target uid gid mode"),
    _allow(_S + "deploy.", "resources resources.limits resources.limits.cpus resources.limits.memory resources.limits.pids"),
    _allow(_S + "deploy.", "resources.reservations resources.reservations.cpus resources.reservations.memory"),
    _forbid(
        _S + "deploy.resources.reservations.",
        "devices generic_resources",
        "it reaches the hardware of the host",
        "Run this on a node of your own",
    ),
    _confine(_S + "deploy.", replicas="One container for each service"),
    _ignore(_S + "deploy.", "it is for clusters", "mode placement endpoint_mode update_config rollback_config labels"),
    _ignore(_S + "deploy.", "`restart:` is what counts", "restart_policy"),
    # Volumes, networks and configs of the file
    _confine("volumes.*.", driver="Only `local`"),
    _ignore("volumes.*.", "volumes are labelled by the platform", "labels"),
    _forbid("volumes.*.", "driver_opts", "it can mount any folder of the host", "Remove it; volumes are local"),
    _forbid("volumes.*.", "external name", "it could be the volume of another deployment", "Remove it; the platform names it"),
    _confine("networks.*.", driver="Only `bridge`"),
    _ignore("networks.*.", "every deployment has one network of its own", "internal labels attachable enable_ipv6 enable_ipv4"),
    _forbid(
        "networks.*.",
        "external name",
        "it could be the network of another deployment, or of the proxy",
        "Remove it; the services of this file reach each other without it",
    ),
    _forbid("networks.*.", "driver_opts ipam", "it changes the network of the host", "Remove it; addresses are assigned"),
    _allow("configs.*.", "content environment"),
    _forbid("configs.*.", "file", "it reads a file of the host", "Write the text under `content:`"),
    _forbid("configs.*.", "external template_driver", "it is kept outside this file", "Write the text under `content:`"),
    _ignore("configs.*.", "the platform names what it creates", "name labels"),
)  # fmt: skip

VERDICTS: Mapping[str, Verdict] = MappingProxyType({verdict.path: verdict for row in _ROWS for verdict in row})

#: Paths that have rows below them: their keys are checked, those of all other mappings are the author's own.
CLOSED: frozenset[str] = frozenset(path.rpartition(".")[0] for path in VERDICTS)
