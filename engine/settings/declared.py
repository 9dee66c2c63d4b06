"""Every setting of this server: its default, why it is there, and what to beware of.

The names are those that scripts and packages already use. After a change, write the page anew with `just docs`.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Literal

from engine.rates import Rate
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
    server_max_header: int = declare(
        "server.max_header",
        values.size("4KiB", "256KiB"),
        default="32KiB",
        reason="The largest address and headers together. Larger ones are refused with 431, and the connection ends.",
        trap="Cookies and tokens are headers: what a proxy in front lets through should fit.",
    )
    server_header_timeout: float = declare(
        "server.header_timeout",
        values.duration("1s", "5m"),
        default="10s",
        reason="How long a client may take to send the headers of a request, and to begin with the first.",
        trap="Without such a bound a few slow clients hold all connections; much longer is no bound.",
    )
    server_body_timeout: float = declare(
        "server.body_timeout",
        values.duration("1s", "10m"),
        default="30s",
        reason="How long a body may stand still while it is sent; one slower than 1 KiB/s ends after this time too.",
        trap="Time that the server itself takes does not count.",
    )
    server_max_connections: int = declare(
        "server.max_connections",
        values.whole(1, 1_000_000),
        default="10000",
        reason="How many connections there may be at a time; further ones are answered 503. Each event stream is one.",
        trap="The system limits open files too, which the server raises as far as it may: see LimitNOFILE of systemd.",
    )
    log_requests: Literal["debug", "info"] = declare(
        "log.requests",
        values.one_of("debug", "info"),
        default="debug",
        reason="The level of the one line that each answered request writes. info shows them without all other details.",
        trap="A busy server writes as many lines as it answers; the lines name who asked for what.",
    )
    metrics_access: Literal["loopback", "token", "public"] = declare(
        "metrics.access",
        values.one_of("loopback", "token", "public"),
        default="loopback",
        reason="Who may read /metrics and the details of /ready: programs of this machine, operators by token, or anybody.",
        trap="A request that a proxy hands on does not count as from this machine; for others choose token.",
    )
    rates_writes: Rate | None = declare(
        "rates.writes",
        values.rate,
        default="600/m",
        reason="How often one user, or one address without a user, may write: times in a second, minute, hour or day; off for "
        "no limit.",
        trap="Counted in each process by itself, and forgotten when it ends.",
    )
    rates_sign_in: Rate | None = declare(
        "rates.sign_in",
        values.rate,
        default="10/m",
        reason="How often one address may try to sign in, and how often one account may be tried.",
        trap="off lets passwords be guessed as fast as the server can check them.",
    )
    auth_gateway: bool | None = declare(
        "auth.gateway",
        values.switch,
        shown="on when a shared secret or trusted proxies are set",
        reason="Whether the identity headers of a gateway (X-User-ID, X-Plan-Limits, …) say who is asking.",
        trap="They count only with the gateway's secret or from a trusted proxy. The gateway must take away those that its own "
        "clients send, also on routes where it asks nobody who they are.",
    )
    auth_shared_secret: Secret | None = declare(
        "auth.shared_secret",
        values.secret_text,
        reason="What the gateway sends as X-APIGate-Secret to prove that its identity headers are its own.",
        trap="Whoever has it can be anybody. At least 32 characters: openssl rand -hex 32",
        secret=True,
    )
    auth_trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = declare(
        "auth.trusted_proxies",
        values.networks,
        default="",
        shown="none",
        reason="Addresses and networks, separated by commas, whose identity headers count without a secret, and whose "
        "X-Forwarded-For says where a request came from.",
        trap="It is the address of the connection that counts. Everything that runs there can be anybody.",
        list_separator=",",
    )
    auth_jwt_secret: Secret | None = declare(
        "auth.jwt_secret",
        values.secret_text,
        reason="The secret with which bearer tokens are signed that somebody else issues (HS256).",
        trap="Whoever has it can be anybody. Only one of the secret, the public key and the key set may be given.",
        secret=True,
    )
    auth_jwt_public_key: Path | None = declare(
        "auth.jwt_public_key",
        values.path,
        reason="A file with the public key, in PEM form, of whoever issues signed bearer tokens: RSA, an elliptic curve or "
        "Ed25519.",
        trap="It is read when the server starts. The key decides which algorithms are accepted.",
    )
    auth_jwt_key_set: str | None = declare(
        "auth.jwt_key_set",
        values.key_set,
        reason="The key set (JWKS) of whoever issues signed bearer tokens: an https address, or a file.",
        trap="It is fetched when it is first needed, and at most once a minute when a token names a key that is not in it.",
    )
    auth_jwt_issuer: str | None = declare(
        "auth.jwt_issuer",
        values.line,
        reason="The issuer (`iss`) that signed tokens must name.",
        trap="Without it, every token counts that the key has signed, for whatever purpose.",
    )
    auth_jwt_audience: str | None = declare(
        "auth.jwt_audience",
        values.line,
        reason="The audience (`aud`) that signed tokens must be for.",
        trap="Without it, tokens that name any audience are refused: they are meant for somebody else.",
    )
    auth_jwt_claim: str = declare(
        "auth.jwt_claim",
        values.line,
        default="sub",
        reason="The claim that names the user.",
        trap="It must never change its meaning, and never be one that people can set themselves, such as an e-mail address.",
    )
    auth_jwt_source: str = declare(
        "auth.jwt_source",
        values.word,
        default="jwt",
        reason="Under which name users of signed tokens are kept. `gateway` makes them the users of the gateway's headers.",
        trap="Another name means other users. Share one only where both name the same people the same way.",
    )
    auth_tokens: bool = declare(
        "auth.tokens",
        values.switch,
        default="on",
        reason="Whether API tokens of this installation are accepted.",
        trap="off shuts out the command line's tokens and that of the first operator too.",
    )
    auth_local: bool = declare(
        "auth.local",
        values.switch,
        default="on",
        reason="Whether people can sign in with an e-mail address and a password.",
        trap="off ends every session at once; the accounts stay.",
    )
    auth_sign_up: Literal["closed", "open"] = declare(
        "auth.sign_up",
        values.one_of("closed", "open"),
        default="closed",
        reason="Whether anybody may make an account. While it is closed, operators make users and pass on a one-time link.",
        trap="open lets every stranger run containers here, as far as the default plan goes; nothing verifies addresses.",
    )
    auth_session_lifetime: float = declare(
        "auth.session_lifetime",
        values.duration("5m", "3650d"),
        default="30d",
        reason="After how long a session ends, however much it is used.",
        trap="It holds for sessions that begin after the change.",
    )
    auth_session_idle: float = declare(
        "auth.session_idle",
        values.duration("5m", "3650d"),
        default="7d",
        reason="After how long without use a session ends.",
        trap="Use is noted once a minute. An open page that asks for news is use.",
    )
    auth_cookie_secure: Literal["auto", "always"] = declare(
        "auth.cookie_secure",
        values.one_of("auto", "always"),
        default="auto",
        reason="Session cookies are sent encrypted only. auto makes one exception: a browser on this machine that asks for "
        "localhost in clear.",
        trap="A proxy on this machine that hides both the host name and that it forwards looks like such a browser to a GET; "
        "choose always there.",
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
    retention_answers: float = declare(
        "retention.answers",
        values.duration("1m", "36500d"),
        default="1d",
        reason="How long the answer to a write with an Idempotency-Key is kept, so that the same write is not made twice.",
        trap="Shorter than clients go on trying, and a late try is a second write; longer, and the database grows.",
    )
    events_heartbeat: float = declare(
        "events.heartbeat",
        values.duration("1s", "5m"),
        default="15s",
        reason="How often an idle event stream shows that it is alive, and that whoever listens is still let in.",
        trap="Longer than a proxy waits for a sign of life, and the proxy cuts the stream.",
    )
    events_streams: int = declare(
        "events.streams",
        values.whole(0, 1_000_000),
        default="10000",
        reason="How many event streams one process holds open. Further ones are refused with 503.",
        trap="Each holds a connection, a file descriptor and some tens of kilobytes.",
    )
    events_streams_per_client: int = declare(
        "events.streams_per_client",
        values.whole(1, 1_000_000),
        default="100",
        reason="How many of them one user may hold open, or one network address where nobody is signed in.",
        trap="Behind a proxy that is not among HOSTER_AUTH_TRUSTED_PROXIES everybody who is not signed in is one client.",
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
