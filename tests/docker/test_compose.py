"""Compose text into the model: every key that is supported, and problems with their places."""

from __future__ import annotations

from typing import Any

import pytest

from engine.commands.registry import Problem
from handlers.docker.compose import ComposeInvalid, Reading, read_compose
from handlers.docker.interpolation import Values
from handlers.docker.model import (
    ConfigUse,
    Dependency,
    HealthCheck,
    Mount,
    Port,
    Resources,
    Restart,
    Service,
    Ulimit,
)
from handlers.docker.quantities import MIB, SECOND

FULL = """
name: shop
version: "3.9"
x-note: {anything: [goes]}
services:
  web:
    image: registry.example.org:5000/team/web:${TAG}
    command: serve --name 'my shop'
    entrypoint: ["/bin/entry", "-v"]
    environment:
      PASSWORD: ${PASSWORD}
      COUNT: 1.10
      GIVEN:
    ports: ["8080:80", "127.0.0.1::443/tcp", {target: 9000, published: 9000, protocol: udp}, "7000-7001:6000-6001"]
    expose: [9100, "53/udp"]
    volumes:
      - data:/var/lib/data:ro
      - /scratch
      - {type: volume, source: data, target: /more, read_only: true, volume: {nocopy: true}}
      - {type: tmpfs, target: /fast, tmpfs: {size: 16m, mode: 0700}}
      - /etc/localtime:/etc/localtime:ro
    tmpfs: [/run, "/cache:size=8m,mode=1777"]
    configs:
      - plain
      - {source: plain, target: /etc/app.conf, mode: 0440, uid: "33", gid: "33"}
    networks: {front: {aliases: [shop]}, default: }
    depends_on:
      db: {condition: service_healthy}
      job: {condition: service_completed_successfully}
      extra: {condition: service_started, required: false}
    restart: always
    healthcheck: {test: curl -f localhost, interval: 1m30s, timeout: 5s, retries: 2, start_period: 10s, start_interval: 2s}
    labels: [a=b, traefik.enable=true]
    deploy: {resources: {limits: {cpus: "0.5", memory: 256M, pids: 99}, reservations: {memory: 64M}}, replicas: 1}
    user: "1000:1000"
    working_dir: /srv
    stop_signal: SIGQUIT
    stop_grace_period: 1m
    init: true
    read_only: true
    shm_size: 64m
    ulimits: {nofile: {soft: 1024, hard: 2048}, nproc: 64}
    cap_add: [NET_BIND_SERVICE]
    cap_drop: [ALL]
    stdin_open: true
    tty: "true"
    hostname: shop
    container_name: shop-web
    platform: linux/amd64
    security_opt: ["no-new-privileges:true"]
    scale: 1
    logging: {driver: syslog}
  db:
    image: postgres
    restart: on-failure:3
    healthcheck: {test: [CMD, pg_isready]}
    mem_limit: 1g
    cpus: 1
    pids_limit: 50
    environment: [POSTGRES_PASSWORD=x=y, GIVEN]
    network_mode: none
  job: {image: "migrate:1", restart: "no", healthcheck: {disable: true}, command: [], entrypoint: ""}
  debug: {image: shell, profiles: [debug]}
volumes: {data: , other: {driver: local}}
networks: {front: {driver: bridge}}
configs: {plain: {content: "tag=${TAG}"}}
"""


@pytest.fixture(scope="module")
def full() -> Reading:
    return read_compose(FULL, Values({"TAG": "1.2", "PASSWORD": "p$w", "GIVEN": "g"}))


def test_a_file_with_every_supported_key_is_read_whole(full: Reading) -> None:
    compose = full.compose
    assert [service.name for service in compose.services] == ["web", "db", "job"]
    assert compose.volumes == ("data", "other")
    assert compose.configs == {"plain": "tag=1.2"}
    assert compose.service("web") == Service(
        name="web",
        image="registry.example.org:5000/team/web:1.2",
        command=("serve", "--name", "my shop"),
        entrypoint=("/bin/entry", "-v"),
        environment={"PASSWORD": "p$w", "COUNT": "1.10", "GIVEN": "g"},
        ports=(Port(80), Port(443), Port(9000, "udp"), Port(6000), Port(6001)),
        expose=(Port(9100), Port(53, "udp")),
        mounts=(
            Mount("volume", "/var/lib/data", "data", read_only=True),
            Mount("anonymous", "/scratch"),
            Mount("volume", "/more", "data", read_only=True, copy_image_content=False),
            Mount("tmpfs", "/fast", size=16 * MIB, mode=0o700),
            Mount("tmpfs", "/run", size=64 * MIB),
            Mount("tmpfs", "/cache", size=8 * MIB, mode=0o1777),
        ),
        configs=(ConfigUse("plain", "/plain"), ConfigUse("plain", "/etc/app.conf", 0o440, 33, 33)),
        aliases=("shop", "shop-web"),
        depends_on=(
            Dependency("db", "service_healthy"),
            Dependency("job", "service_completed_successfully"),
            Dependency("extra", required=False),
        ),
        restart=Restart("unless-stopped"),
        health=HealthCheck(("CMD-SHELL", "curl -f localhost"), 90 * SECOND, 5 * SECOND, 10 * SECOND, 2 * SECOND, 2),
        labels={"a": "b"},
        resources=Resources(256 * MIB, SECOND // 2, 99, 64 * MIB),
        user="1000:1000",
        working_dir="/srv",
        stop_signal="SIGQUIT",
        stop_grace=60 * SECOND,
        init=True,
        read_only=True,
        shm_size=64 * MIB,
        ulimits=(Ulimit("nofile", 1024, 2048), Ulimit("nproc", 64, 64)),
        cap_add=("NET_BIND_SERVICE",),
        cap_drop=("ALL",),
        stdin_open=True,
        tty=True,
        platform="linux/amd64",
    )


def test_short_forms_mean_what_the_long_ones_do(full: Reading) -> None:
    db, job = full.compose.service("db"), full.compose.service("job")
    assert db.restart == Restart("on-failure", 3)
    assert db.resources == Resources(1024 * MIB, SECOND, 50)
    assert db.environment == {"POSTGRES_PASSWORD": "x=y", "GIVEN": "g"}
    assert db.networked is False
    assert (job.restart, job.health, job.command, job.entrypoint) == (Restart(), HealthCheck(("NONE",)), (), ())


def test_what_has_no_effect_is_told(full: Reading) -> None:
    told = " ".join(notice.message for notice in full.notices)
    for key in ("container_name", "hostname", "logging", "traefik.enable", "clock", "name", "version", "published"):
        assert key in told
    assert "x-note" not in told


def problems(text: str, values: Values | None = None) -> list[Problem]:
    with pytest.raises(ComposeInvalid) as caught:
        read_compose(text, values or Values())
    return list(caught.value.problems)


def test_all_problems_are_found_at_once_in_the_order_of_the_text() -> None:
    found = problems(
        "services:\n  web:\n    image: UPPER CASE\n    ports: [99999]\n    restart: sometimes\n    mem_limit: lots\n  db: {}\n"
    )
    assert [(each.path, each.line) for each in found] == [
        (("services", "web", "image"), 3),
        (("services", "web", "ports", 0), 4),
        (("services", "web", "restart"), 5),
        (("services", "web", "mem_limit"), 6),
        (("services", "db"), 7),
    ]


@pytest.mark.parametrize(
    ("fragment", "words", "column"),
    [
        ("healthcheck: {test: [curl, x]}", "must begin with NONE, CMD or CMD-SHELL", 25),
        ("healthcheck: {test: x, interval: 100ms}", "100ms is too small", 38),
        ("healthcheck: {test: x, timeout: 2m}", "2m is too much", 37),
        ("depends_on: {db: {condition: ready}}", "'ready' is not possible here", 34),
        ("depends_on: [nothing]", "there is no service 'nothing'", 17),
        ("depends_on: [web]", "wait for each other: web → web", 17),
        ("depends_on: [debug]", "has a profile and is never started", 17),
        ("volumes: [undeclared:/x]", "volume 'undeclared' is not declared", 14),
        ("volumes: [/a, '/a']", "two mounts at /a", 19),
        ("networks: [undeclared]", "network 'undeclared' is not declared", 16),
        ("configs: [undeclared]", "config 'undeclared' is not declared", 14),
        ('command: "it\'s"', "a quotation is never closed", 14),
        ("environment: {NOTHING: }", "NOTHING has no value", 18),
        ("environment: [[x]]", "a single value is expected", 19),
        ("ports: ['80-90:80-81']", "differ in length", 13),
        ("ports: ['80/sctp']", "'sctp' is not supported", 13),
        ("ports: 80", "a list is expected", 12),
        ("stop_grace_period: 5m", "5m is too much", 24),
        ("scale: 2", "one container runs for each service", 12),
        ("deploy: {replicas: 3}", "one container runs for each service", 24),
        ("ulimits: {nofile: 1000000}", "1000000 is too much", 23),
        ("ulimits: {rtprio: 1}", "cannot be changed", 15),
        ("platform: windows/amd64", "'windows/amd64' is not possible", 15),
        ("user: 'a b'", "'a b' is not possible", 11),
        ("init: maybe", "true or false is expected", 11),
        ("tmpfs: ['/x:size=9g']", "9g is too much", 13),
        ("image: 5", "stands here twice", 5),
    ],
)
def test_a_value_that_cannot_be_is_told_with_its_place(fragment: str, words: str, column: int) -> None:
    text = f"services:\n  web:\n    image: nginx\n    {fragment}\n  db: {{image: x}}\n  debug: {{image: x, profiles: [d]}}\n"
    found = problems(text)
    assert words in found[0].message
    assert (found[0].line, found[0].column) == (4, column)


@pytest.mark.parametrize(
    "image", ["", "Nginx", "nginx:", "nginx:a b", "a//b", "-x", "nginx@sha256:12", "x" * 500, "http://x/y"]
)
def test_what_is_no_image_is_refused(image: str) -> None:
    assert problems(f"services: {{web: {{image: '{image}'}}}}")[0].path[:2] == ("services", "web")


@pytest.mark.parametrize(
    "image", ["nginx", "nginx:1.27", "a/b/c:x_1", "localhost/x", "h:5000/x@sha256:" + "a" * 64, "ghcr.io/a/b-c.d_e"]
)
def test_what_is_an_image_is_accepted(image: str) -> None:
    assert read_compose(f"services: {{web: {{image: '{image}'}}}}", Values()).compose.services[0].image == image


def test_a_variable_without_a_value_is_named() -> None:
    with pytest.raises(ComposeInvalid) as caught:
        read_compose("services: {web: {image: '$A', user: '${B:?b is needed}', tty: '${C:-true}'}}", Values())
    assert caught.value.missing == ("A", "B")
    assert "b is needed" in str(caught.value)


def test_stand_ins_hide_problems_of_values_but_not_of_shape() -> None:
    guesses = Values({}, {"M": "text"})
    read_compose("services: {web: {image: 'a:$M', mem_limit: $M, ports: ['$M:80'], restart: $M, user: 1$M}}", guesses)
    assert problems("services: {web: {image: $M, mem_limit: [$M, 1], privileged: $M}}", guesses)


def test_values_of_variables_are_cast_to_the_type_of_the_key() -> None:
    values = Values({"PORT": "8080", "YES": "true", "MEM": "64m"})
    text = "services: {web: {image: x, ports: ['$PORT'], expose: [$PORT], init: $YES, mem_limit: $MEM}}"
    service = read_compose(text, values).compose.services[0]
    assert (service.ports, service.init, service.resources.memory) == ((Port(8080),), True, 64 * MIB)


def test_more_than_fifty_services_are_refused() -> None:
    text = "services:\n" + "".join(f"  s{number}: {{image: x}}\n" for number in range(51))
    assert "more than 50 services" in problems(text)[0].message


@pytest.mark.parametrize(
    "text", ["[]", "text", "services:", "services: []", "services: {}", "services: {web: nginx}", "volumes: {}"]
)
def test_a_file_of_another_shape_is_refused(text: str) -> None:
    assert problems(text)


def test_a_cycle_is_told_with_its_path() -> None:
    services: dict[str, Any] = {"a": "b", "b": "c", "c": "a", "d": "a"}
    text = "services:\n" + "".join(f"  {name}: {{image: x, depends_on: [{on}]}}\n" for name, on in services.items())
    assert "a → b → c → a" in problems(text)[0].message
