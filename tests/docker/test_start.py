"""A deployment's whole life on a real engine: up, reached, down, up again with its data, gone."""

from __future__ import annotations

import asyncio
import json
import urllib.request

from docker import DockerClient

from handlers.docker.local_image import HELLO, TEST
from tests.docker.support import Deployment

SHOP = f"""
services:
  web:
    image: {HELLO}
    ports: ["80"]
    environment: {{GREETING: "${{GREETING}}"}}
    depends_on: {{db: {{condition: service_healthy}}, setup: {{condition: service_completed_successfully}}}}
  db:
    image: {TEST}
    command: [sh, -c, "trap 'exit 0' TERM; cat /etc/db.conf; echo up >> /data/starts; while :; do sleep 0.1; done"]
    volumes: [data:/data]
    healthcheck: {{test: [CMD, test, -s, /data/starts], interval: 1s}}
    networks: {{default: {{aliases: [database]}}}}
  setup: {{image: {TEST}, command: [sh, -c, "echo setting up"]}}
volumes: {{data: }}
"""
SHOP_TEMPLATE = {"variables": [{"name": "GREETING", "type": "string", "required": True}]}
PAIR = f"""
services:
  web: {{image: '{TEST}', command: [sleep, '60'], init: true, environment: {{GREETING: "${{GREETING}}"}}, depends_on: [db]}}
  db: {{image: '{TEST}', command: [sleep, '60'], init: true, volumes: ['data:/data']}}
volumes: {{data: }}
"""
SHOP_FILES = [{"name": "db", "path": "/etc/db.conf", "content": "configured\n"}]


def shop(deployment: Deployment, port: int | None = None) -> Deployment:
    deployment.row = {
        "compose_spec": SHOP,
        "variables": {"GREETING": "Tom & <Jerry>"},
        "config_files": SHOP_FILES,
        "proxy_port": port,
    }
    deployment.template = SHOP_TEMPLATE
    return deployment


def pair(deployment: Deployment) -> Deployment:
    deployment.row = {"compose_spec": PAIR, "variables": {"GREETING": "Hello"}}
    deployment.template = SHOP_TEMPLATE
    return deployment


def fetch(port: int) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as page:
        return str(page.read().decode())


async def test_two_services_and_a_job_come_up_in_order_with_variables_files_and_health(
    deployment: Deployment, free_port: int
) -> None:
    answer = await shop(deployment, free_port).start()
    json.dumps(answer)
    assert set(answer) == {"containers", "started_at"}
    assert [(each["service"], each["image"], each["state"], each["health"]) for each in answer["containers"]] == [
        ("db", TEST, "running", "healthy"),
        ("setup", TEST, "exited", None),
        ("web", HELLO, "running", "healthy"),
    ]
    assert answer["containers"][2]["ports"] == [{"container_port": 80, "host_port": free_port, "protocol": "tcp"}]
    kinds = deployment.reporter.kinds()
    assert kinds.count("container_created") == kinds.count("container_started") == 3
    assert kinds.index("health_healthy") < len(kinds) - kinds[::-1].index("container_started") - 1
    assert "<h1>Tom &amp; &lt;Jerry&gt;</h1>" in await asyncio.to_thread(fetch, free_port)
    assert deployment.execute("db", "cat", "/etc/db.conf") == "configured\n"
    assert deployment.execute("db", "stat", "-c", "%a %u", "/etc/db.conf") == "444 0\n"
    address = deployment.execute("db", "hostname", "-i").strip()
    for name in ("db", "database"):
        assert address in deployment.execute("web", "nslookup", name)


async def test_what_is_made_carries_the_labels_and_walls_of_the_platform(deployment: Deployment) -> None:
    await pair(deployment).start()
    for kind in ("containers", "networks", "volumes"):
        for each in deployment.found(kind):
            labels = each.labels if kind == "containers" else each.attrs["Labels"]
            assert (labels["hoster.managed"], labels["hoster.deployment"]) == ("true", deployment.id)
    assert deployment.names() == {
        "containers": [f"hoster_{deployment.id}_{service}" for service in ("db", "web")],
        "networks": [f"hoster_{deployment.id}"],
        "volumes": [f"hoster_{deployment.id}_data"],
    }
    for container in deployment.found("containers"):
        host = container.attrs["HostConfig"]
        assert host["Privileged"] is False
        assert host["CapDrop"] == ["ALL"]
        assert host["SecurityOpt"] == ["no-new-privileges:true"]
        assert (host["Memory"], host["PidsLimit"]) == (512 * 1024**2, 512)
        assert host["LogConfig"] == {"Type": "json-file", "Config": {"max-file": "3", "max-size": "10m"}}
        assert host["PortBindings"] in ({}, None)
        assert host["Binds"] is None


async def test_data_survive_stop_and_start_and_a_changed_container(deployment: Deployment) -> None:
    deployment.row["config_files"] = SHOP_FILES
    await deployment.start(
        f"services: {{db: {{image: '{TEST}', init: true, command: [sh, -c, 'echo up >> /data/starts; sleep 60'],"
        " volumes: ['data:/data']}}\nvolumes: {data: }"
    )
    stopped = await deployment.stop()
    assert set(stopped) == {"stopped_at", "containers"}
    assert deployment.running() == []
    await deployment.start()
    assert deployment.execute("db", "cat", "/data/starts", "/etc/db.conf") == "up\nup\nconfigured\n"
    deployment.row["config_files"] = [{**SHOP_FILES[0], "content": "changed\n", "mode": "0640"}]
    await deployment.start()
    assert deployment.execute("db", "cat", "/data/starts", "/etc/db.conf") == "up\nup\nup\nchanged\n"
    assert deployment.execute("db", "stat", "-c", "%a", "/etc/db.conf") == "640\n"


async def test_a_second_start_adopts_what_is_right_and_replaces_what_differs(deployment: Deployment) -> None:
    first = await pair(deployment).start()
    deployment.reporter.events.clear()
    again = await deployment.start()
    assert [each["id"] for each in again["containers"]] == [each["id"] for each in first["containers"]]
    assert "container_created" not in deployment.reporter.kinds()
    deployment.row["variables"] = {"GREETING": "Other"}
    changed = await deployment.start()
    old, new = ({each["service"]: each["id"] for each in answer["containers"]} for answer in (again, changed))
    assert old["db"] == new["db"]
    assert old["web"] != new["web"]
    assert len(deployment.found("containers")) == 2


async def test_containers_of_services_that_are_gone_are_removed_and_their_data_are_not(deployment: Deployment) -> None:
    await pair(deployment).start()
    await deployment.start(f"services: {{web: {{image: '{TEST}', command: [sleep, '60'], init: true}}}}")
    assert deployment.names()["containers"] == [f"hoster_{deployment.id}_web"]
    assert deployment.names()["volumes"] == [f"hoster_{deployment.id}_data"]


async def test_two_deployments_of_one_file_do_not_meet(deployment: Deployment, engine: DockerClient) -> None:
    other = Deployment(deployment.id + "x", engine)
    compose = f"services: {{a: {{image: '{TEST}', command: [sleep, '60'], init: true, volumes: ['d:/d']}}}}\nvolumes: {{d: }}"
    try:
        await deployment.start(compose)
        await other.start(compose)
        deployment.execute("a", "touch", "/d/mine")
        assert other.execute("a", "ls", "/d") == ""
        await deployment.remove()
        assert other.running() == ["a"]
    finally:
        await other.remove()


async def test_config_files_reach_a_container_whose_root_is_read_only(deployment: Deployment) -> None:
    deployment.row["config_files"] = [{"name": "x", "path": "/etc/deep/er/x.conf", "content": "one\n"}]
    compose = (
        f"services: {{a: {{image: '{TEST}', command: [sleep, '60'], init: true, read_only: true,"
        " configs: [{source: c, target: /c, mode: 0400}]}}\nconfigs: {c: {content: two}}"
    )
    answer = await deployment.start(compose)
    assert answer["containers"][0]["image"] == TEST
    assert deployment.execute("a", "cat", "/etc/deep/er/x.conf", "/c") == "one\ntwo"
    assert deployment.execute("a", "stat", "-c", "%a", "/etc/deep", "/c") == "755\n400\n"
    assert "Read-only" in deployment.execute("a", "sh", "-c", "echo x >> /etc/deep/er/x.conf; true")
    await deployment.stop()
    await deployment.start()
    assert deployment.execute("a", "cat", "/c") == "two"
    await deployment.remove()
    assert deployment.found("images") == []


async def test_volumes_without_a_name_keep_their_data_when_the_container_is_replaced(deployment: Deployment) -> None:
    compose = f"services: {{a: {{image: '{TEST}', command: [sleep, '60'], init: true, volumes: [/scratch], user: '1'}}}}"
    await deployment.start(compose)
    deployment.client.containers.get(f"hoster_{deployment.id}_a").exec_run(["touch", "/scratch/kept"], user="root")
    await deployment.start(compose.replace("'1'", "'2'"))
    assert deployment.execute("a", "ls", "/scratch") == "kept\n"


async def test_what_has_no_effect_is_told_as_an_event(deployment: Deployment) -> None:
    await deployment.start(f"services: {{a: {{image: '{TEST}', command: [sleep, '60'], init: true, hostname: h}}}}")
    told = [message for kind, message, _ in deployment.reporter.events if kind == "compose_ignored"]
    assert [message.partition(": ")[2] for message in told] == [
        "services.a.hostname has no effect: services reach each other by their service name"
    ]
