"""Reads `ports` and `expose`: which ports a container listens on.

Host ports and host addresses of the file are read, so that a slip in them is found, and then dropped: the platform
chooses where the primary port is published, and publishes no other.
"""

from __future__ import annotations

import re

from handlers.docker.document import Scalar, Table, Tree
from handlers.docker.fields import Fields, Findings, whole
from handlers.docker.model import Port, Protocol

MAX_PORTS = 100
_RANGE = r"[0-9]{1,5}(?:-[0-9]{1,5})?"
_SHORT = re.compile(
    rf"(?:(?P<address>\[[0-9a-fA-F:.]+\]|[0-9.]+):)?(?:(?P<host>{_RANGE})?:)?(?P<target>{_RANGE})(?:/(?P<protocol>[a-z]+))?"
)
_EXPOSE = re.compile(rf"(?P<target>{_RANGE})(?:/(?P<protocol>[a-z]+))?")


def read_ports(service: Fields) -> tuple[Port, ...]:
    """The ports of `ports`, in file order."""
    found: list[Port] = []
    for item in service.items("ports"):
        if isinstance(item, Table):
            found.extend(_long(Fields(item, service.findings)))
        else:
            found.extend(_short(item, service.findings))
    if len(found) > MAX_PORTS:
        service.findings.wrong(service.table.keys["ports"], f"more than {MAX_PORTS} ports")
    return _unique(found)


def read_expose(service: Fields) -> tuple[Port, ...]:
    """The ports of `expose`, in file order."""
    found: list[Port] = []
    for item in service.scalars("expose"):
        match = _EXPOSE.fullmatch(item.text)
        if match is None:
            service.findings.wrong(item, f"{item.text!r} is not a port", 'Write for example "8080" or "53/udp"')
        else:
            found.extend(_numbers(item, match["target"], match["protocol"], service.findings))
    return _unique(found[:MAX_PORTS])


def _short(item: Tree, findings: Findings) -> tuple[Port, ...]:
    match = _SHORT.fullmatch(item.text) if isinstance(item, Scalar) else None
    if not isinstance(item, Scalar) or match is None:
        shown = f"{item.text!r} is" if isinstance(item, Scalar) else "this is"
        findings.wrong(item, f"{shown} not a port mapping", 'Write for example "8080", "80:8080" or "53:53/udp"')
        return ()
    host = match["host"]
    ports = _numbers(item, match["target"], match["protocol"], findings)
    if host is not None and "-" in host:
        low, high = _bounds(host)
        if ports and high - low + 1 != len(ports) and len(ports) != 1:
            findings.wrong(item, "the two ranges differ in length")
    elif host is not None and not 0 <= int(host) <= 65535:
        findings.wrong(item, f"{host} is not a port", "Ports run from 1 to 65535")
    return ports


def _long(port: Fields) -> tuple[Port, ...]:
    port.one_of("mode", "ingress")
    target = port.scalar("target")
    if target is None:
        if "target" not in port.table.entries:
            port.findings.wrong(port.table, "the port of the container is missing", "Add `target: 8080`")
        return ()
    protocol = port.text("protocol")
    if port.converted(target, whole, low=1, high=65535) is None:
        return ()
    return _numbers(target, target.text, protocol, port.findings)


def _numbers(item: Scalar, target: str, protocol: str | None, findings: Findings) -> tuple[Port, ...]:
    if protocol not in {None, "tcp", "udp"}:
        findings.wrong(item, f"the protocol {protocol!r} is not supported", "Use tcp or udp")
        return ()
    kind: Protocol = "udp" if protocol == "udp" else "tcp"
    low, high = _bounds(target)
    if not 1 <= low <= high <= 65535:
        findings.wrong(item, f"{target} is not a port", "Ports run from 1 to 65535")
        return ()
    if high - low >= MAX_PORTS:
        findings.wrong(item, f"more than {MAX_PORTS} ports")
        return ()
    return tuple(Port(number, kind) for number in range(low, high + 1))


def _bounds(text: str) -> tuple[int, int]:
    low, _, high = text.partition("-")
    return int(low), int(high or low)


def _unique(ports: list[Port]) -> tuple[Port, ...]:
    return tuple(dict.fromkeys(ports))
