"""What a compose file may not say: each refused key with its reason, and what to write instead."""

from __future__ import annotations

import pytest

from engine.commands.registry import Problem
from handlers.docker.compose import ComposeInvalid, read_compose
from handlers.docker.interpolation import Values
from handlers.docker.verdicts import VERDICTS

FORBIDDEN_IN_A_SERVICE = sorted(
    path.removeprefix("services.*.")
    for path, verdict in VERDICTS.items()
    if verdict.decision == "forbid" and path.startswith("services.*.") and path.count(".") == 2
)


def problems(text: str) -> list[Problem]:
    with pytest.raises(ComposeInvalid) as caught:
        read_compose(text, Values())
    return list(caught.value.problems)


def test_the_table_forbids_what_reaches_the_host() -> None:
    expected = """
        privileged pid userns_mode cgroup_parent devices volumes_from use_api_socket build extends env_file label_file
        secrets sysctls runtime provider extra_hosts dns post_start gpus group_add oom_kill_disable credential_spec
    """
    assert set(expected.split()) <= set(FORBIDDEN_IN_A_SERVICE)


@pytest.mark.parametrize("key", FORBIDDEN_IN_A_SERVICE)
def test_a_forbidden_key_is_refused_with_reason_and_hint(key: str) -> None:
    found = problems(f"services:\n  web:\n    image: nginx\n    {key}: x\n")
    assert found[0].message.startswith(f"services.web.{key} is not allowed: ")
    assert found[0].hint
    assert (found[0].path, found[0].line, found[0].column) == (("services", "web", key), 4, 5)


@pytest.mark.parametrize(
    "text",
    [
        "include: [x.yaml]\nservices: {web: {image: x}}",
        "secrets: {a: {file: /etc/shadow}}\nservices: {web: {image: x}}",
        "services: {web: {image: x}}\nvolumes: {a: {external: true}}",
        "services: {web: {image: x}}\nvolumes: {a: {name: other}}",
        "services: {web: {image: x}}\nvolumes: {a: {driver_opts: {type: none, o: bind, device: /}}}",
        "services: {web: {image: x}}\nvolumes: {a: {driver: nfs}}",
        "services: {web: {image: x}}\nnetworks: {a: {external: true}}",
        "services: {web: {image: x}}\nnetworks: {a: {driver: macvlan}}",
        "services: {web: {image: x}}\nnetworks: {a: {ipam: {config: []}}}",
        "services: {web: {image: x}}\nconfigs: {a: {file: /etc/shadow}}",
        "services: {web: {image: x}}\nconfigs: {a: {environment: PATH}}",
        "services: {web: {image: x}}\nconfigs: {a: {external: true}}",
        "services: {web: {image: x, network_mode: host}}",
        "services: {web: {image: x, network_mode: 'container:other'}}",
        "services: {web: {image: x, ipc: host}}",
        "services: {web: {image: x, cap_add: [SYS_ADMIN]}}",
        "services: {web: {image: x, cap_add: [ALL]}}",
        "services: {web: {image: x, cap_add: [cap_net_admin]}}",
        "services: {web: {image: x, security_opt: ['seccomp=unconfined']}}",
        "services: {web: {image: x, deploy: {resources: {reservations: {devices: []}}}}}",
        "services: {web: {image: x, ports: [{target: 80, mode: host}]}}",
    ],
)
def test_ways_out_of_the_container_are_refused(text: str) -> None:
    assert problems(text)


@pytest.mark.parametrize(
    "volume",
    [
        "/:/host",
        "/etc:/etc",
        "/var/run/docker.sock:/var/run/docker.sock",
        "/run/docker.sock:/x:ro",
        "/var/run:/x",
        "./data:/data",
        "../x:/x",
        "~/x:/x",
        "..:/x",
        "a/b:/x",
        "C:\\data:/x",
        "data:/proc/self",
        "data:/sys",
        "data:/dev",
        "data:relative",
        "data:/a/../../etc",
        "data:/",
        "{type: bind, source: /etc, target: /x}",
        "{type: bind, source: /etc/localtime, target: /x}",
        "{type: npipe, source: x, target: /x}",
        "{type: volume, source: /etc, target: /x}",
        "{type: volume, source: data, target: /x, bind: {propagation: shared}}",
    ],
)
def test_folders_of_the_host_are_never_mounted(volume: str) -> None:
    item = volume if volume.startswith("{") else f"'{volume}'"
    found = problems(f"services: {{web: {{image: x, volumes: [{item}]}}}}\nvolumes: {{data: }}")
    assert found[0].path[:4] == ("services", "web", "volumes", 0)


@pytest.mark.parametrize(
    ("text", "path", "hint"),
    [
        ("servces: {}\nservices: {web: {image: x}}", ("servces",), "`services`"),
        ("services: {web: {image: x, enviroment: {}}}", ("services", "web", "enviroment"), "`environment`"),
        ("services: {web: {image: x, healthcheck: {tests: x}}}", ("services", "web", "healthcheck", "tests"), "`test`"),
        ("services: {web: {image: x, zzz: 1}}", ("services", "web", "zzz"), "x-"),
        ("services: {web: {image: x, '*': 1}}", ("services", "web", "*"), "x-"),
    ],
)
def test_an_unknown_key_is_refused_with_a_suggestion(text: str, path: tuple[str, ...], hint: str) -> None:
    found = problems(text)
    assert found[0].path == path
    assert "is not a known key" in found[0].message
    assert hint in (found[0].hint or "")


def test_keys_of_the_author_are_free() -> None:
    text = "x-a: {b: c}\nservices: {web: {image: x, x-b: 1, environment: {privileged: 'yes'}, labels: {pid: host}}}"
    service = read_compose(text, Values()).compose.services[0]
    assert service.environment == {"privileged": "yes"}
    assert service.labels == {"pid": "host"}


def test_labels_that_steer_the_platform_are_dropped() -> None:
    labels = (
        "{hoster.deployment: other, traefik.enable: 'true', com.docker.x: a, Caddy: b, caddy_0.x: c, fine: d, hosterish: e}"
    )
    service = read_compose(f"services: {{web: {{image: x, labels: {labels}}}}}", Values()).compose.services[0]
    assert service.labels == {"fine": "d", "hosterish": "e"}


def test_every_verdict_that_refuses_or_ignores_gives_a_reason() -> None:
    for verdict in VERDICTS.values():
        assert verdict.reason or verdict.decision == "allow", verdict.path
        assert verdict.instead or verdict.decision != "forbid", verdict.path
