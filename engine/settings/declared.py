"""Every setting of this server: its default, why it is there, and what to beware of.

The names are those that scripts and packages already use. After a change, write the page anew with `just docs`.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from engine.secrets import Secret
from engine.settings import values
from engine.settings.declaration import declare

SHIPPED_RESOURCES = Path(__file__).resolve().parents[2] / "resources"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of one running process. `warnings` are sentences to log once logging is set up."""

    data_dir: Path = declare(
        "data_dir",
        values.path,
        default="./data",
        reason="Everything that must be kept lies here: the database and its encryption key. Back it up as a whole.",
        trap="The default depends on where the server is started; services should set an absolute path.",
    )
    server_host: str = declare(
        "server.host",
        values.host,
        default="127.0.0.1",
        reason="The address to listen on. By default nothing outside this machine can reach the server.",
        trap="0.0.0.0 or :: opens it to every network of the machine, in clear text: put TLS in front of it first.",
    )
    server_port: int = declare(
        "server.port",
        values.whole(0, 65535),
        default="8080",
        reason="The TCP port to listen on.",
        trap="Below 1024 the server needs rights that it should not have. 0 takes any free port.",
    )
    server_shutdown_timeout: float = declare(
        "server.shutdown_timeout",
        values.duration("0", "1h"),
        default="30s",
        reason="How long requests and commands may go on after the server was told to stop. What is cut off runs again.",
        trap="Make it shorter than the time after which a service manager kills the process.",
    )
    server_max_body: int = declare(
        "server.max_body",
        values.size("1KiB", "64MiB"),
        default="1MiB",
        reason="The largest request body. A larger one is refused with 413 before it is read.",
        trap="A body is held in memory while it is handled, once for every request at the same time.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = declare(
        "log.level",
        values.one_of("debug", "info", "warning", "error", warn="warning"),
        default="info",
        reason="The least important messages that are still written.",
        trap="debug writes several lines for each request and command.",
    )
    log_format: Literal["auto", "json", "text"] = declare(
        "log.format",
        values.one_of("auto", "json", "text"),
        default="auto",
        reason="auto writes text for people on a terminal, and JSON, one object a line, everywhere else.",
        trap="The text form is for reading and may change; let programs read the JSON form.",
    )
    resources_path: tuple[Path, ...] = declare(
        "resources_path",
        values.paths,
        default="",
        shown="none besides the shipped `resources/`",
        reason="More directories of definition files, separated as in PATH. A file adds a type, or replaces one of its name.",
        trap="A file that replaces a shipped one replaces all of it: begin with a copy.",
        list_separator=os.pathsep,
    )
    extensions: tuple[str, ...] = declare(
        "extensions",
        values.modules,
        default="",
        shown="none",
        reason="Further Python modules to import, separated by commas, for handlers and checks of your own.",
        trap="They run with all rights of the server.",
        list_separator=",",
    )
    admin_token: Secret | None = declare(
        "admin_token",
        values.admin_token,
        shown="one is generated at the first start",
        reason="The token of the first operator, for installs that nobody attends.",
        trap="Whoever has it may do everything. At least 32 characters: openssl rand -hex 32",
        secret=True,
    )
    database_dsn: Path | None = declare(
        "database.dsn",
        values.database,
        shown="`hoster.db` in the data directory",
        reason="The database: the path of an SQLite file, plain or as sqlite:///PATH.",
        trap="Never on a network file system: SQLite's locks do not hold there. The key file lies beside it.",
    )
    database_synchronous: Literal["full", "normal"] = declare(
        "database.synchronous",
        values.one_of("full", "normal"),
        default="full",
        reason="full: an answered write survives the loss of power. Writes that wait at the same time share one sync.",
        trap="normal is faster and survives a crash of the server, but a loss of power may take back answered writes.",
    )
    nodes_encryption_key: Secret | None = declare(
        "nodes.encryption_key",
        values.encryption_key,
        shown="one is generated into a file beside the database",
        reason="Encrypts stored secrets: 64 hexadecimal digits, base64 of 32 bytes, or 32 characters; several with commas "
        "between them. The first encrypts, all of them and the key file decrypt.",
        trap="Without the key the stored secrets are lost: keep a copy apart from the database's backups.",
        secret=True,
        list_separator=",",
    )
    nodes_local_socket: Path | None = declare(
        "nodes.local_socket",
        values.socket_path,
        default="/var/run/docker.sock",
        reason="The container engine of this machine, registered as the first node. Empty registers none.",
        trap="Whoever can use this socket is root on this machine, and so is the server.",
        empty_is_value=True,
    )
    commands_lease: float = declare(
        "commands.lease",
        values.duration("1s", "1h"),
        default="30s",
        reason="How long a process holds a command without a sign of life before another may take it over.",
        trap="Shorter than a stall of the disk or the machine, and commands run twice; longer, and a crash is felt longer.",
    )
    commands_concurrency: int = declare(
        "commands.concurrency",
        values.whole(1, 1024),
        default="32",
        reason="How many commands one process runs at the same time.",
        trap="Each may hold a connection, a thread and memory.",
    )
    retention_events: float = declare(
        "retention.events",
        values.duration("1h", "36500d"),
        default="30d",
        reason="How long the event log is kept. A client that was away for longer has to read everything anew.",
        trap="The log is the larger part of the database; what is gone is gone for audits too.",
    )
    retention_commands: float = declare(
        "retention.commands",
        values.duration("1h", "36500d"),
        default="7d",
        reason="How long finished commands, with their attempts and errors, can be looked up.",
        trap="It does not bound commands that wait or run.",
    )
    domain_base_domain: str = declare(
        "domain.base_domain",
        values.domain,
        default="apps.localhost",
        reason="Names for what is published are made below this domain.",
        trap="A wildcard record for it must point here. Names below localhost work on this machine only.",
    )
    warnings: tuple[str, ...] = ()

    @property
    def resource_directories(self) -> tuple[Path, ...]:
        """Where definition files are read from, the shipped ones first."""
        return tuple(dict.fromkeys((SHIPPED_RESOURCES, *self.resources_path)))

    @property
    def database_path(self) -> Path:
        """The database file."""
        return self.database_dsn or self.data_dir / "hoster.db"
