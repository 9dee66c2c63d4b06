"""Reads one service of a compose file into the model."""

from __future__ import annotations

import re

from handlers.docker.document import Scalar, Table
from handlers.docker.fields import Fields, octal, whole
from handlers.docker.images import parse_reference
from handlers.docker.interpolation import Values
from handlers.docker.model import Condition, ConfigUse, Dependency, Resources, Restart, Service, Ulimit
from handlers.docker.quantities import MIB, SECOND, byte_count, nano_cpus, nanoseconds
from handlers.docker.read_health import read_health
from handlers.docker.read_mounts import read_mounts
from handlers.docker.read_ports import read_expose, read_ports

CAPABILITIES = ("CHOWN", "DAC_OVERRIDE", "FOWNER", "KILL", "NET_BIND_SERVICE", "SETGID", "SETUID")
MIN_MEMORY = 6 * MIB
MAX_MEMORY = 1024 * 1024 * MIB
MAX_PIDS = 32_768
MAX_GRACE = 120 * SECOND
MAX_NOFILE = 65_536

_ENVIRONMENT_NAME = re.compile(r"[^=\s\x00]+")
_USER = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9_.-]*(:[a-zA-Z0-9_][a-zA-Z0-9_.-]*)?")
_SIGNAL = re.compile(r"(SIG)?[A-Z][A-Z0-9+-]{1,12}|[0-9]{1,2}")
_PLATFORM = re.compile(r"linux(/[a-z0-9]+(/[a-z0-9]+)?)?")
_ALIAS = re.compile(r"[a-zA-Z0-9]([a-zA-Z0-9_.-]{0,62})")
_RESTART = re.compile(r"(no|always|unless-stopped|on-failure)(?::([0-9]{1,5}))?")
#: Labels that steer the platform itself, reverse proxies, compose or updaters on the node.
_STEERING = re.compile(r"^(hoster|traefik|caddy|com\.docker|coolify|com\.centurylinklabs\.watchtower)(\.|_|$)", re.IGNORECASE)
_CONDITIONS: dict[str, Condition] = {
    "service_started": "service_started",
    "service_healthy": "service_healthy",
    "service_completed_successfully": "service_completed_successfully",
}


def read_service(name: str, fields: Fields, values: Values) -> Service | None:
    """The service, None when it lacks what no service can do without. Problems go to the findings of `fields`."""
    image = _image(fields)
    service = Service(
        name=name,
        image=image or "",
        command=fields.command("command"),
        entrypoint=fields.command("entrypoint"),
        environment=_environment(fields, values),
        ports=read_ports(fields),
        expose=read_expose(fields),
        mounts=read_mounts(fields),
        configs=_configs(fields),
        aliases=_aliases(fields),
        networked=fields.one_of("network_mode", "none") is None,
        depends_on=_depends_on(fields),
        restart=_restart(fields),
        health=read_health(fields),
        labels=_labels(fields),
        resources=_resources(fields),
        user=_matching(fields, "user", _USER, "Write a name or number, or both as `user:group`"),
        working_dir=_absolute(fields, "working_dir"),
        stop_signal=_matching(fields, "stop_signal", _SIGNAL, "Write for example SIGTERM"),
        stop_grace=fields.number("stop_grace_period", nanoseconds, high=MAX_GRACE, high_text="2m"),
        init=fields.choice_flag("init"),
        read_only=fields.flag("read_only"),
        shm_size=fields.number("shm_size", byte_count, low=1, high=MAX_MEMORY),
        ulimits=_ulimits(fields),
        cap_add=_capabilities(fields, "cap_add", confined=True),
        cap_drop=_capabilities(fields, "cap_drop", confined=False),
        stdin_open=fields.flag("stdin_open"),
        tty=fields.flag("tty"),
        platform=_matching(fields, "platform", _PLATFORM, "Write for example linux/amd64"),
    )
    _hold_to_one_container(fields)
    _check_words(fields)
    return service if image else None


def is_active(fields: Fields) -> bool:
    """Whether the service runs when no profile is asked for, which is always the case here."""
    return not fields.scalars("profiles")


def _image(fields: Fields) -> str | None:
    image = fields.scalar("image")
    if image is None:
        if "image" not in fields.table.entries or fields.get("image") is None:
            fields.findings.wrong(fields.table, "`image:` is missing", "Name the image to run, for example `image: nginx:1.27`")
        return None
    try:
        parse_reference(image.text)
    except ValueError as error:
        fields.findings.wrong(image, str(error))
        return image.text if image.guessed else None
    return image.text


def _environment(fields: Fields, values: Values) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in fields.pairs("environment").items():
        place = fields.table.entries["environment"]
        if not _ENVIRONMENT_NAME.fullmatch(name):
            fields.findings.wrong(place, f"{name!r} is not the name of a variable")
        elif value is not None:
            found[name] = value.text
        elif (inherited := values.get(name)) is not None:
            found[name] = inherited
        else:
            fields.findings.wrong(
                place, f"{name} has no value, and the template declares no variable of that name", "Give it a value"
            )
    if any("\0" in value for value in found.values()):
        fields.findings.wrong(fields.table.entries["environment"], "a value holds a null character")
    return found


def _configs(fields: Fields) -> tuple[ConfigUse, ...]:
    found = []
    for item in fields.items("configs"):
        if isinstance(item, Scalar):
            found.append(ConfigUse(item.text, f"/{item.text}"))
        elif isinstance(item, Table):
            config = Fields(item, fields.findings)
            source = config.text("source")
            if source is None:
                fields.findings.wrong(item, "`source` is missing", "Name one of the file's `configs:`")
                continue
            mode = config.number("mode", octal, high=0o777, high_text="0777")
            user, group = config.number("uid", whole, high=2**31), config.number("gid", whole, high=2**31)
            target = config.text("target") or f"/{source}"
            found.append(ConfigUse(source, target, 0o444 if mode is None else mode, user or 0, group or 0))
        else:
            fields.findings.wrong(item, "a config is a name or a mapping")
    return tuple(found)


def _aliases(fields: Fields) -> tuple[str, ...]:
    networks = fields.get("networks")
    names: list[Scalar] = []
    if isinstance(networks, Table):
        for key, value in networks.entries.items():
            if isinstance(value, Table):
                names.extend(Fields(value, fields.findings).scalars("aliases"))
            elif not (isinstance(value, Scalar) and value.is_null):
                fields.findings.wrong(networks.keys[key], "a mapping is expected here")
    elif networks is not None:
        fields.scalars("networks")
    container = fields.scalar("container_name")
    for name in names:
        if not _ALIAS.fullmatch(name.text):
            fields.findings.wrong(name, f"{name.text!r} cannot be the name of a host")
    extra = [container.text] if container is not None and _ALIAS.fullmatch(container.text) else []
    return tuple(dict.fromkeys([each.text for each in names] + extra))


def _depends_on(fields: Fields) -> tuple[Dependency, ...]:
    value = fields.get("depends_on")
    if not isinstance(value, Table):
        return tuple(Dependency(each.text) for each in fields.scalars("depends_on"))
    found = []
    for name, entry in value.entries.items():
        if not isinstance(entry, Table):
            fields.findings.wrong(entry, "a mapping is expected here", "Write `condition: service_started`")
            continue
        each = Fields(entry, fields.findings)
        condition = each.one_of("condition", *_CONDITIONS)
        required = each.choice_flag("required")
        found.append(Dependency(name, _CONDITIONS[condition or "service_started"], required is not False))
    return tuple(found)


def _restart(fields: Fields) -> Restart:
    value = fields.scalar("restart")
    if value is None:
        return Restart()
    match = _RESTART.fullmatch(value.text)
    if match is None or (match[2] is not None and match[1] != "on-failure"):
        hint = 'Write "no", always, on-failure, on-failure:3 or unless-stopped'
        fields.findings.wrong(value, f"{value.text!r} is not a restart policy", hint)
        return Restart()
    if match[1] == "on-failure":
        return Restart("on-failure", int(match[2] or 0))
    # `always` would start the container again after an operator has stopped it by hand and the engine restarts.
    return Restart("no") if match[1] == "no" else Restart("unless-stopped")


def _labels(fields: Fields) -> dict[str, str]:
    found = {}
    for name, value in fields.pairs("labels").items():
        if _STEERING.match(name):
            fields.findings.notice(fields.table.entries["labels"], f"the label {name} is dropped: it steers the platform")
        else:
            found[name] = value.text if value is not None else ""
    return found


def _resources(fields: Fields) -> Resources:
    deploy = fields.sub("deploy")
    resources = deploy.sub("resources") if deploy else None
    limits = resources.sub("limits") if resources else None
    reserved = resources.sub("reservations") if resources else None

    def first(plain: str, nested: str, read: str, group: Fields | None) -> int | None:
        for source, key in ((group, nested), (fields, plain)):
            found = None if source is None else _amount(source, key, read)
            if found is not None:
                return found
        return None

    return Resources(
        memory=first("mem_limit", "memory", "memory", limits),
        cpus=first("cpus", "cpus", "cpus", limits),
        pids=first("pids_limit", "pids", "pids", limits),
        memory_reservation=first("mem_reservation", "memory", "reservation", reserved),
    )


def _amount(source: Fields, key: str, kind: str) -> int | None:
    if kind == "cpus":
        return source.number(key, nano_cpus, low=SECOND // 100, high=1024 * SECOND, high_text="1024")
    if kind == "pids":
        return source.number(key, whole, low=1, high=MAX_PIDS)
    return source.number(key, byte_count, low=MIN_MEMORY if kind == "memory" else 0, high=MAX_MEMORY, high_text="1tb")


def _ulimits(fields: Fields) -> tuple[Ulimit, ...]:
    limits = fields.sub("ulimits")
    if limits is None:
        return ()
    found = []
    for name, value in limits.table.entries.items():
        most = {"nofile": MAX_NOFILE, "nproc": MAX_PIDS, "core": 0, "memlock": 64 * MIB}.get(name)
        if most is None:
            limits.findings.wrong(
                limits.table.keys[name], "this limit cannot be changed", "nofile, nproc, core and memlock can"
            )
            continue
        pair = Fields(value, fields.findings) if isinstance(value, Table) else None
        soft = pair.number("soft", whole, high=most) if pair else limits.number(name, whole, high=most)
        hard = pair.number("hard", whole, high=most) if pair else soft
        if soft is not None and hard is not None:
            found.append(Ulimit(name, min(soft, hard), hard))
    return tuple(found)


def _capabilities(fields: Fields, key: str, *, confined: bool) -> tuple[str, ...]:
    found = []
    for item in fields.scalars(key):
        name = item.text.upper().removeprefix("CAP_")
        if confined and name not in CAPABILITIES:
            fields.findings.wrong(
                item, f"the capability {name} is not given to containers", f"Possible: {', '.join(CAPABILITIES)}"
            )
        else:
            found.append(name)
    return tuple(found)


def _matching(fields: Fields, key: str, pattern: re.Pattern[str], hint: str) -> str | None:
    value = fields.scalar(key)
    if value is None:
        return None
    if not pattern.fullmatch(value.text):
        fields.findings.wrong(value, f"{value.text!r} is not possible here", hint)
        return None
    return value.text


def _absolute(fields: Fields, key: str) -> str | None:
    return _matching(fields, key, re.compile(r"/[^\0]*"), "Write an absolute path")


def _hold_to_one_container(fields: Fields) -> None:
    deploy = fields.sub("deploy")
    for owner, key in ((fields, "scale"), (deploy, "replicas")):
        value = owner.scalar(key) if owner is not None else None
        if value is not None and value.text != "1":
            fields.findings.wrong(value, "one container runs for each service", "Write 1, or remove it")


def _check_words(fields: Fields) -> None:
    """Keys that may only say what is the case anyway."""
    fields.one_of("ipc", "private", "shareable")
    for option in fields.scalars("security_opt"):
        if option.text not in {"no-new-privileges:true", "no-new-privileges"}:
            fields.findings.wrong(option, f"{option.text!r} weakens the container's walls", "Remove it")
