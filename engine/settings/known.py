"""Names that are no settings and yet no mistakes, and what a mistaken name was probably meant to be."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

#: Settings that scripts and packages of this product already set, for parts that this version does not have.
_LATER = (
    "HOSTER_BILLING_",
    "HOSTER_DOMAIN_CONFIG_DIR",
    "HOSTER_NODES_HEALTH_CHECK_",
    "HOSTER_PROXY_",
    "HOSTER_SERVER_READ_TIMEOUT",
    "HOSTER_SERVER_WRITE_TIMEOUT",
)

#: Kubernetes describes every service of a namespace to every container; a service named "hoster" yields these.
_INJECTED = re.compile(r"HOSTER_SERVICE_(HOST|PORT(_[A-Z0-9_]+)?)|HOSTER_PORT_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?")


#: What tells the commands for resources which server to ask, and who asks. A server has no use for them.
_OF_CLIENTS = ("HOSTER_URL", "HOSTER_TOKEN")


def is_of_clients(variable: str) -> bool:
    """Whether the variable is for commands that talk to a server, and so no setting."""
    return variable in _OF_CLIENTS


def is_later(variable: str) -> bool:
    """Whether the name belongs to a part that this version does not have."""
    return variable.startswith(_LATER)


def is_injected(variable: str, text: str) -> bool:
    """Whether an orchestrator set the variable to describe a service, which has nothing to do with settings."""
    return _INJECTED.fullmatch(variable) is not None or (variable == "HOSTER_PORT" and "://" in text)


def closest(name: str, known: Iterable[str]) -> str:
    """The end of a sentence about a wrong name: `; did you mean …?`, or a full stop."""
    found = difflib.get_close_matches(name, list(known), 1, 0.6)
    return f"; did you mean {found[0]}?" if found else "."
