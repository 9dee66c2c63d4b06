"""Reads `volumes` and `tmpfs` of a service: named volumes, anonymous volumes and tmpfs; folders of the host are refused.

The two most common harmless binds, the host's clock settings, are dropped with a notice. Everything else that names a
path of the host is a problem that says what to write instead.
"""

from __future__ import annotations

import posixpath
import re

from handlers.docker.config_files import CONTROL
from handlers.docker.document import Scalar, Table, Tree
from handlers.docker.fields import Fields, Findings, octal
from handlers.docker.model import Mount
from handlers.docker.quantities import MIB, byte_count

DEFAULT_TMPFS = 64 * MIB
MAX_TMPFS = 1024 * MIB
VOLUME_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}")
_CLOCK_FILES = {"/etc/localtime", "/etc/timezone"}
_SOCKETS = re.compile(r"(docker|podman|containerd)\.sock$|^(/var)?/run/?$")
_OPTIONS = {"ro", "rw", "z", "Z", "nocopy", "consistent", "cached", "delegated"}
#: Places that belong to the kernel or the engine; a volume there breaks the container or shows more than it should.
_RESERVED = ("/proc", "/sys", "/dev")


def read_mounts(service: Fields) -> tuple[Mount, ...]:
    """The mounts of `volumes` and `tmpfs`, in file order, one for each target."""
    found: dict[str, Mount] = {}
    for item in service.items("volumes"):
        mount = _long(Fields(item, service.findings)) if isinstance(item, Table) else _short(item, service.findings)
        _add(found, mount, item, service.findings)
    for item in service.scalars("tmpfs", single=True):
        _add(found, _tmpfs(item, service), item, service.findings)
    return tuple(found.values())


def _add(found: dict[str, Mount], mount: Mount | None, item: Tree, findings: Findings) -> None:
    if mount is None:
        return
    if mount.target in found:
        findings.wrong(item, f"two mounts at {mount.target}", "Keep one of the two")
    found[mount.target] = mount


def _short(item: Tree, findings: Findings) -> Mount | None:
    if not isinstance(item, Scalar):
        findings.wrong(item, "a volume is text or a mapping")
        return None
    parts = item.text.split(":")
    if len(parts) == 1:
        target = _target(item, parts[0], findings)
        return None if target is None else Mount("anonymous", target)
    if len(parts) > 3:
        findings.wrong(item, f"{item.text!r} is not a volume", "Write `name:/path` or `name:/path:ro`")
        return None
    options = set(parts[2].split(",")) if len(parts) == 3 else set()
    if options - _OPTIONS:
        findings.wrong(item, f"unknown option {min(options - _OPTIONS)!r}", "Use `ro` or `rw`")
    if not _is_named(item, parts[0], parts[1], findings):
        return None
    target = _target(item, parts[1], findings)
    if target is None:
        return None
    return Mount("volume", target, parts[0], read_only="ro" in options, copy_image_content="nocopy" not in options)


def _long(mount: Fields) -> Mount | None:
    kind = mount.one_of("type", "volume", "tmpfs", "bind")
    source, target = mount.scalar("source"), mount.scalar("target")
    if kind is None or target is None:
        if "type" not in mount.table.entries or "target" not in mount.table.entries:
            mount.findings.wrong(mount.table, "a volume needs `type` and `target`")
        return None
    if kind == "bind":
        _refuse_bind(source or target, source.text if source else "", target.text, mount.findings)
        return None
    path = _target(target, target.text, mount.findings)
    if path is None:
        return None
    if kind == "tmpfs":
        options = mount.sub("tmpfs")
        size = options.number("size", byte_count, low=1, high=MAX_TMPFS, high_text="1gb") if options else None
        return Mount("tmpfs", path, size=size or DEFAULT_TMPFS, mode=options.number("mode", octal) if options else None)
    if source is not None and not _is_named(source, source.text, path, mount.findings):
        return None
    nocopy = (volume := mount.sub("volume")) is not None and volume.flag("nocopy")
    named = None if source is None else source.text
    return Mount("volume" if named else "anonymous", path, named, mount.flag("read_only"), not nocopy)


def _tmpfs(item: Scalar, service: Fields) -> Mount | None:
    path, _, options = item.text.partition(":")
    target = _target(item, path, service.findings)
    if target is None:
        return None
    size, mode = DEFAULT_TMPFS, None
    for option in filter(None, options.split(",")):
        name, _, value = option.partition("=")
        part = Scalar(item.place, value, guessed=item.guessed)
        if name == "size":
            size = service.converted(part, byte_count, low=1, high=MAX_TMPFS, high_text="1gb") or size
        elif name == "mode":
            mode = service.converted(part, octal)
        elif name not in {"rw", "noexec", "nosuid", "nodev", "uid", "gid", "exec"}:
            service.findings.wrong(item, f"unknown option {name!r}", "Use `size=` and `mode=`")
    return Mount("tmpfs", target, size=size, mode=mode)


def _target(item: Scalar, path: str, findings: Findings) -> str | None:
    clean = posixpath.normpath(path) if path else ""
    if not path.startswith("/") or ".." in path.split("/") or CONTROL.search(path) or clean.strip("/") == "":
        findings.wrong(item, f"{path!r} is not an absolute path inside the container", "Write for example /var/lib/data")
        return None
    clean = "/" + clean.lstrip("/")
    if clean != "/dev/shm" and any(clean == root or clean.startswith(root + "/") for root in _RESERVED):  # noqa: S108 - inside a container
        findings.wrong(item, f"{clean} belongs to the kernel", "Mount it elsewhere")
        return None
    return clean


def _is_named(item: Scalar, source: str, target: str, findings: Findings) -> bool:
    if VOLUME_NAME.fullmatch(source):
        return True
    _refuse_bind(item, source, target, findings)
    return False


def _refuse_bind(item: Scalar, source: str, target: str, findings: Findings) -> None:
    if source in _CLOCK_FILES and source == target:
        findings.notice(item, "the host's clock settings are not mounted; set the variable TZ instead")
    elif _SOCKETS.search(source):
        findings.wrong(item, "the engine's socket is not handed to containers", "Remove it; whoever has it owns the node")
    elif source.startswith("/") and posixpath.normpath(source).strip("/") == "":
        findings.wrong(
            item,
            "the root directory of the host is not handed to containers",
            "Remove it; whoever has it owns the node. Use a named volume (`data:/path`) for data",
        )
    elif not source:
        findings.wrong(item, "the name of the volume is missing", "Write `name:/path`")
    elif source[0] in "/.~$\\" or "/" in source or "\\" in source:
        findings.wrong(
            item,
            f"the folder {source!r} of the host is not mounted",
            "Use a named volume (`data:/path`) for data, and a config with `content:` for files",
        )
    else:
        findings.wrong(item, f"{source!r} cannot name a volume", "Use letters, digits, `_`, `.` and `-`")
