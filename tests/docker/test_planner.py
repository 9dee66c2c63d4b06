"""A compose file, files, limits and a port into a plan, and a plan into the body of the engine's create call."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.docker.compose import ComposeInvalid, read_compose
from handlers.docker.config_files import ConfigFile
from handlers.docker.create_request import create_request, image_volumes
from handlers.docker.dependencies import start_order
from handlers.docker.interpolation import Values
from handlers.docker.labels import container_name, network_name, unnamed_volume_name, volume_name
from handlers.docker.limits import Limits
from handlers.docker.model import Compose, Dependency, Port, Service
from handlers.docker.plan import ImageFacts, Plan
from handlers.docker.planner import EVERYWHERE, make_plan, primary_port
from handlers.docker.quantities import MIB

IMAGE = ImageFacts("sha256:aa")


def plan_of(text: str, files: tuple[ConfigFile, ...] = (), limits: Limits | None = None, port: int | None = 30001) -> Plan:
    compose = read_compose(text, Values()).compose
    return make_plan("d1", compose, files=files, limits=limits or Limits(), host_port=port)


def test_the_create_call_of_a_service_is_exactly_this() -> None:
    plan = plan_of(
        "services:\n"
        "  web: {image: nginx, ports: ['80'], environment: {A: b}, volumes: ['data:/d:ro', /scratch], tmpfs: ['/t:size=1m'],"
        " labels: {mine: x}, networks: {default: {aliases: [shop, db]}}, depends_on: [db], cap_drop: [CHOWN], mem_limit: 64m,"
        " stop_grace_period: 1500ms, healthcheck: {test: check, interval: 2s}}\n"
        "  db: {image: postgres}\n"
        "volumes: {data: }\n"
    )
    body = create_request(plan, plan.container("web"), IMAGE)
    spec = body["Labels"].pop("hoster.spec")
    assert len(spec) == 32
    assert body == {
        "Image": "nginx",
        "Cmd": None,
        "Entrypoint": None,
        "Env": ["A=b"],
        "ExposedPorts": {"80/tcp": {}},
        "Labels": {
            "mine": "x",
            "hoster.managed": "true",
            "hoster.deployment": "d1",
            "hoster.service": "web",
            "hoster.rank": "1",
            "hoster.source": "nginx",
        },
        "User": "",
        "WorkingDir": "",
        "Tty": False,
        "OpenStdin": False,
        "StopSignal": None,
        "StopTimeout": 2,
        "Healthcheck": {
            "Test": ["CMD-SHELL", "check"],
            "Interval": 2_000_000_000,
            "Timeout": 0,
            "StartPeriod": 0,
            "StartInterval": 0,
            "Retries": 0,
        },
        "HostConfig": {
            "CapAdd": ["DAC_OVERRIDE", "FOWNER", "KILL", "NET_BIND_SERVICE", "SETGID", "SETUID"],
            "CapDrop": ["ALL"],
            "Init": None,
            "CgroupnsMode": "private",
            "IpcMode": "private",
            "LogConfig": {"Type": "json-file", "Config": {"max-size": "10m", "max-file": "3"}},
            "Memory": 64 * MIB,
            "MemoryReservation": 0,
            "MemorySwap": 64 * MIB,
            "Mounts": [
                {
                    "Type": "volume",
                    "Source": "hoster_d1_data",
                    "Target": "/d",
                    "ReadOnly": True,
                    "VolumeOptions": {"NoCopy": False},
                },
                {
                    "Type": "volume",
                    "Source": unnamed_volume_name("d1", "web", "/scratch"),
                    "Target": "/scratch",
                    "ReadOnly": False,
                    "VolumeOptions": {"NoCopy": False},
                },
            ],
            "NanoCpus": 0,
            "NetworkMode": "hoster_d1",
            "PidsLimit": 512,
            "PortBindings": {"80/tcp": [{"HostIp": EVERYWHERE, "HostPort": "30001"}]},
            "ReadonlyRootfs": False,
            "RestartPolicy": {"Name": "no", "MaximumRetryCount": 0},
            "SecurityOpt": ["no-new-privileges:true"],
            "ShmSize": 0,
            "Tmpfs": {"/t": f"rw,nosuid,nodev,size={MIB}"},
            "Ulimits": [],
        },
        "NetworkingConfig": {"EndpointsConfig": {"hoster_d1": {"Aliases": ["web", "shop"]}}},
    }


def test_containers_come_in_order_of_their_dependencies_and_else_of_the_file() -> None:
    plan = plan_of(
        "services: {z: {image: x, depends_on: [m]}, y: {image: x}, m: {image: x, depends_on: [a]},"
        " b: {image: x}, a: {image: x}}"
    )
    assert [(each.service.name, each.rank) for each in plan.containers] == [("y", 0), ("b", 0), ("a", 0), ("m", 1), ("z", 2)]


@pytest.mark.parametrize(
    ("services", "primary"),
    [
        ("a: {image: x}, b: {image: x, ports: ['90', '80']}, c: {image: x, ports: ['70']}", ("b", Port(90))),
        ("a: {image: x, depends_on: [b], ports: ['1']}, b: {image: x, ports: ['2']}", ("a", Port(1))),
        ("a: {image: x, expose: ['1']}, b: {image: x, ports: ['2']}", ("b", Port(2))),
        ("a: {image: x, expose: ['1']}, b: {image: x}", ("a", Port(1))),
        ("a: {image: x, ports: ['53/udp', '80']}", ("a", Port(80))),
        ("a: {image: x, ports: ['53/udp']}", ("a", Port(53, "udp"))),
        ("a: {image: x, ports: ['80'], network_mode: none}, b: {image: x, ports: ['2']}", ("b", Port(2))),
        ("a: {image: x}", None),
    ],
)
def test_the_primary_port_is_the_first_of_the_first_service_that_has_one(
    services: str, primary: tuple[str, Port] | None
) -> None:
    assert primary_port(read_compose(f"services: {{{services}}}", Values()).compose) == primary


def test_only_the_primary_port_is_published_whatever_the_file_says() -> None:
    plan = plan_of("services: {a: {image: x, ports: ['22:22', '8080:80']}, b: {image: x, ports: ['5432:5432']}}")
    bindings = [create_request(plan, each, IMAGE)["HostConfig"]["PortBindings"] for each in plan.containers]
    assert bindings == [{"22/tcp": [{"HostIp": EVERYWHERE, "HostPort": "30001"}]}, {}]
    without = plan_of("services: {a: {image: x, ports: ['22:22']}}", port=None)
    assert create_request(without, without.containers[0], IMAGE)["HostConfig"]["PortBindings"] == {}


def test_a_change_of_anything_changes_the_fingerprint_and_nothing_else_does() -> None:
    def spec(text: str, image: ImageFacts = IMAGE, files: tuple[ConfigFile, ...] = ()) -> str:
        plan = plan_of(text, files)
        return str(create_request(plan, plan.container("a"), image)["Labels"]["hoster.spec"])

    base = "services: {a: {image: x, environment: {K: v}}}"
    file = ConfigFile("/f", b"one")
    specs = [
        spec(base),
        spec(base.replace("v}", "w}")),
        spec(base, ImageFacts("sha256:bb")),
        spec(base, files=(file,)),
        spec(base, files=(ConfigFile("/f", b"two"),)),
        spec(base, files=(ConfigFile("/f", b"one", 0o400),)),
        spec(base, ImageFacts("sha256:aa", ("/data",))),
    ]
    assert len(set(specs)) == len(specs)
    assert spec(base + "\nx-comment: 1") == spec(base)
    assert spec("services: {a: {image: x, environment: {K: v}}, b: {image: y}}") == spec(base)


def test_volumes_of_the_image_get_a_name_that_stays() -> None:
    plan = plan_of("services: {a: {image: x, volumes: ['data:/covered']}}\nvolumes: {data: }")
    image = ImageFacts("sha256:aa", ("/covered/", "/var/lib/db"))
    wanted = image_volumes(plan, plan.containers[0], image)
    assert [volume.label for volume in wanted] == ["a:/var/lib/db"]
    mounts = create_request(plan, plan.containers[0], image)["HostConfig"]["Mounts"]
    assert [(each["Source"], each["Target"]) for each in mounts] == [
        ("hoster_d1_data", "/covered"),
        (wanted[0].name, "/var/lib/db"),
    ]


def test_limits_are_always_set_and_never_exceeded() -> None:
    text = "services: {a: {image: x}, b: {image: x, mem_limit: 100m, cpus: 2, pids_limit: 10}}"
    limits = Limits(memory=50 * MIB, max_memory=100 * MIB, max_cpus=2_000_000_000, pids=20)
    plan = plan_of(text, limits=limits)
    assert [(each.memory, each.cpus, each.pids) for each in plan.containers] == [
        (50 * MIB, 2_000_000_000, 20),
        (100 * MIB, 2_000_000_000, 10),
    ]
    with pytest.raises(ComposeInvalid, match="memory is more than the plan allows"):
        plan_of(text, limits=Limits(max_memory=99 * MIB))


@pytest.mark.parametrize(
    ("service", "path", "words"),
    [
        ("tmpfs: [/run]", "/run/a.conf", "hidden by the tmpfs"),
        ("volumes: ['d:/data:ro']", "/data/a.conf", "cannot be written into the volume"),
        ("volumes: ['d:/data']", "/data", "cannot be written into the volume"),
        ("volumes: ['d:/data'], read_only: true", "/data/a.conf", "cannot be written into the volume"),
    ],
)
def test_a_file_that_cannot_be_placed_is_refused(service: str, path: str, words: str) -> None:
    with pytest.raises(ComposeInvalid, match=words):
        plan_of(f"services: {{a: {{image: x, {service}}}}}\nvolumes: {{d: }}", (ConfigFile(path, b"x"),))


def test_files_go_into_every_container_and_configs_of_a_service_over_them() -> None:
    text = (
        "services: {a: {image: x, configs: [{source: c, target: /f}]}, b: {image: x, volumes: ['d:/data']}}\n"
        "volumes: {d: }\nconfigs: {c: {content: own}}"
    )
    plan = plan_of(text, (ConfigFile("/f", b"all"), ConfigFile("/data/g", b"g")))
    assert [[(file.path, file.content) for file in each.files] for each in plan.containers] == [
        [("/data/g", b"g"), ("/f", b"own")],
        [("/data/g", b"g"), ("/f", b"all")],
    ]


NAMES = st.from_regex(r"[a-zA-Z0-9][a-zA-Z0-9_.-]{0,8}", fullmatch=True)
IDS = st.from_regex(r"depl_[0-9a-z]{6}", fullmatch=True)


@given(st.lists(st.tuples(IDS, NAMES, NAMES), min_size=2, max_size=2, unique=True))
def test_names_of_different_things_differ(things: list[tuple[str, str, str]]) -> None:
    (first, service, volume), (second, other_service, other_volume) = things
    if first != second:
        assert network_name(first) != network_name(second)
    if (first, volume) != (second, other_volume):
        assert volume_name(first, volume) != volume_name(second, other_volume)
    if (first, service) != (second, other_service):
        assert container_name(first, service) != container_name(second, other_service)
    assert volume_name(first, volume) != unnamed_volume_name(second, other_service, "/x")


@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=12))
def test_a_service_never_comes_before_what_it_depends_on(edges: list[tuple[int, int]]) -> None:
    names = [f"s{number}" for number in range(8)]
    on: dict[str, list[Dependency]] = {name: [] for name in names}
    for low, high in edges:
        if low != high:
            on[names[max(low, high)]].append(Dependency(names[min(low, high)]))
    services = tuple(Service(name, "x", depends_on=tuple(on[name])) for name in reversed(names))
    order = [service.name for service in start_order(services)]
    assert sorted(order) == names
    for service in services:
        for dependency in service.depends_on:
            assert order.index(dependency.service) < order.index(service.name)
    assert make_plan("d1", Compose(services)).network == "hoster_d1"
