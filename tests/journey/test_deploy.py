"""A customer's way over HTTP, on the real server and a real engine: it runs, keeps its data, and says why when it does not."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from handlers.docker.engine import connect
from handlers.docker.engine_setup import DEFAULT_SOCKET, ensure_engine
from handlers.docker.local_image import HELLO, TEST, ensure_hello, ensure_test
from tests.crash.processes import Process, client, free_port

PATIENCE = 60.0
SHOP = f"""
services:
  web:
    image: {HELLO}
    ports: ["80"]
    environment: {{GREETING: "${{GREETING:?tell what to say}}"}}
    depends_on: {{db: {{condition: service_healthy}}}}
  db:
    image: {TEST}
    command: [sh, -c, "trap 'exit 0' TERM; cat /etc/db.conf; echo up >> /data/starts; while :; do sleep 0.1; done"]
    volumes: [data:/data]
    healthcheck: {{test: [CMD, test, -s, /data/starts], interval: 1s}}
volumes: {{data: }}
"""
SHOP_VARIABLES = [{"name": "GREETING", "type": "string", "required": True}]
SHOP_FILES = [{"name": "db", "path": "/etc/db.conf", "content": "configured by a file\n"}]


def one(service: str) -> str:
    """A compose text of one service."""
    return f"services:\n  app: {{{service}}}\n"


FAILURES = {
    "exited": one(f"image: '{TEST}', command: [sh, -c, 'echo no licence >&2; exit 3'], restart: 'no'"),
    "crash_loop": one(f"image: '{TEST}', command: [sh, -c, 'exit 1'], restart: always"),
    "health_check_failing": one(
        f"image: '{TEST}', command: [sleep, '600'], init: true, healthcheck: {{test: 'false', interval: 1s, retries: 2}}"
    ),
    "command_not_found": one(f"image: '{TEST}', command: [no-such-program]"),
    "registry_unreachable": one("image: '127.0.0.1:9/nothing/here:1'"),
    "variable_missing": SHOP,
}


class Customer:
    """Sends requests, and waits for what becomes of them."""

    def __init__(self, http: httpx.Client, process: Process, data: Path) -> None:
        self.http, self.process, self.data = http, process, data

    def kept(self) -> bytes:
        """Everything that the server has written: its database and its lines."""
        return (
            b"".join(path.read_bytes() for path in self.data.glob("hoster.db*") if path.is_file())
            + self.process.output().encode()
        )

    def send(self, method: str, path: str, document: Any = None, status: int | None = None) -> Any:
        answer = self.http.request(method, f"/{path}", json=document)
        assert answer.status_code == status if status else answer.status_code < 400, (method, path, answer.text)
        return answer.json() if answer.content else None

    def create(self, kind: str, attributes: dict[str, Any], **related: tuple[str, str]) -> str:
        links = {name: {"data": {"type": target, "id": row}} for name, (target, row) in related.items()}
        document = {"data": {"type": kind, "attributes": attributes, "relationships": links}}
        return str(self.send("POST", kind, document, 201)["data"]["id"])

    def template(self, name: str, compose: str, **more: Any) -> str:
        template = self.create("templates", {"name": name, "version": "1.0.0", "compose_spec": compose, **more})
        self.send("POST", f"templates/{template}/publish")
        return template

    def until(self, deployment: str, *states: str) -> dict[str, Any]:
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            attributes: dict[str, Any] = self.send("GET", f"deployments/{deployment}")["data"]["attributes"]
            if attributes["status"] in states:
                return attributes
            time.sleep(0.05)
        pytest.fail(f"{deployment} is {attributes['status']} and not {states} after {PATIENCE} s")

    def gone(self, deployment: str) -> None:
        end = time.monotonic() + PATIENCE
        while self.http.get(f"/deployments/{deployment}").status_code != 404:
            assert time.monotonic() < end, f"{deployment} is still there"
            time.sleep(0.05)


@pytest.fixture(scope="module")
def customer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Customer]:
    ensure_engine()
    ensure_hello()
    ensure_test()
    data = tmp_path_factory.mktemp("journey") / "data"
    process = Process(data, "all", "journey", free_port()).ready()
    with client(process.url) as http:
        shopper = Customer(http, process, data)
        end = time.monotonic() + PATIENCE
        while not shopper.send("GET", "nodes?filter[status]=online")["data"]:
            assert time.monotonic() < end, "no node came online"
            time.sleep(0.05)
        yield shopper
    process.terminate()
    assert process.wait() == 0, process.output()


def containers(deployment: str) -> list[Any]:
    engine = connect(DEFAULT_SOCKET)
    try:
        label = {"label": [f"hoster.deployment={deployment}"]}
        found: list[Any] = [*engine.api.containers(all=True, filters=label), *engine.api.networks(filters=label)]
        return found + (engine.api.volumes(filters=label)["Volumes"] or [])
    finally:
        engine.close()


def test_two_services_with_variables_files_and_data_that_stays(customer: Customer) -> None:
    template = customer.template("Shop", SHOP, variables=SHOP_VARIABLES, config_files=SHOP_FILES)
    deployment = customer.create(
        "deployments", {"name": "shop", "variables": {"GREETING": "Tom <Jerry>"}}, template=("templates", template)
    )
    assert customer.send("POST", f"deployments/{deployment}/start", status=202)["data"]["attributes"]["status"] == "scheduled"
    running = customer.until(deployment, "running", "failed")
    assert running["status"] == "running", running["failure"]
    page = httpx.get(f"http://127.0.0.1:{running['proxy_port']}/")
    assert "Tom &lt;Jerry&gt;" in page.text
    assert {each["service"] for each in running["containers"]} == {"web", "db"}
    health = customer.send("GET", f"deployments/{deployment}/health")["data"]["attributes"]
    assert health["status"] == "healthy"
    logs = customer.send("GET", f"deployments/{deployment}/logs?service=db")["data"]["attributes"]["logs"]
    assert "configured by a file" in [line["message"] for line in logs]
    customer.send("POST", f"deployments/{deployment}/stop", status=202)
    stopped = customer.until(deployment, "stopped", "failed")
    assert (stopped["status"], stopped["stopped_at"] is not None) == ("stopped", True)
    customer.send("POST", f"deployments/{deployment}/start", status=202)
    again = customer.until(deployment, "running", "failed")
    assert (again["status"], again["proxy_port"]) == ("running", running["proxy_port"])
    engine = connect(DEFAULT_SOCKET)
    starts = engine.containers.get(f"hoster_{deployment}_db").exec_run(["cat", "/data/starts"]).output
    engine.close()
    assert starts == b"up\nup\n"
    moves = [
        (entry["attributes"]["from"], entry["attributes"]["to"])
        for entry in customer.send("GET", f"events?filter[type]=deployments&filter[row]={deployment}&page[size]=1000")["data"]
        if entry["attributes"]["kind"] == "moved"
    ]
    assert moves[:6] == [
        ("pending", "scheduled"), ("scheduled", "starting"), ("starting", "running"), ("running", "stopping"),
        ("stopping", "stopped"), ("stopped", "scheduled"),
    ]  # fmt: skip
    customer.send("DELETE", f"deployments/{deployment}", status=202)
    customer.gone(deployment)
    assert containers(deployment) == []


PASSWORD = "correct-horse-battery"
SAFE = one(
    f"image: '{TEST}', environment: {{KEY: '$KEY'}}, restart: 'no', "
    "command: [sh, -c, 'echo the key is $$KEY; test $$HOLD || exit 3; sleep 600'], init: true"
)


def test_a_password_reaches_its_container_and_nobody_else(customer: Customer) -> None:
    definition = [{"name": "KEY", "type": "password", "required": True}]
    safe = customer.template("Safe", SAFE, variables=definition)
    document = {"type": "deployments", "attributes": {"name": "safe", "variables": {"KEY": PASSWORD}},
                "relationships": {"template": {"data": {"type": "templates", "id": safe}}}}  # fmt: skip
    (error,) = customer.send("POST", "deployments", {"data": document}, 422)["errors"]
    assert error["source"]["pointer"] == "/data/attributes/variables/KEY"
    assert "is a password: set it under secrets" in error["detail"]
    deployment = customer.create("deployments", {"name": "safe", "secrets": {"KEY": PASSWORD}}, template=("templates", safe))
    customer.send("POST", f"deployments/{deployment}/start", status=202)
    failed = customer.until(deployment, "running", "failed")
    assert (failed["failure"]["cause"], failed["failure"]["log"]) == ("exited", ["the key is •••"])
    engine = connect(DEFAULT_SOCKET)
    container = engine.containers.get(f"hoster_{deployment}_app")
    inside, labels = container.attrs["Config"]["Env"], str(container.labels)
    engine.close()
    assert f"KEY={PASSWORD}" in inside
    shown = customer.http.get(f"/deployments/{deployment}").text
    assert [PASSWORD in text for text in (labels, shown)] == [False, False]
    assert (deployment.encode() in customer.kept(), PASSWORD.encode() in customer.kept()) == (True, False)
    customer.send("DELETE", f"deployments/{deployment}", status=202)
    customer.gone(deployment)


def test_every_kind_of_failure_ends_in_failed_with_its_cause(customer: Customer) -> None:
    deployments = {}
    for number, (cause, compose) in enumerate(FAILURES.items()):
        template = customer.template(f"Failure {number}", compose, variables=SHOP_VARIABLES if compose is SHOP else [],
                                     config_files=SHOP_FILES if compose is SHOP else [])  # fmt: skip
        deployments[cause] = customer.create("deployments", {"name": f"failure-{number}"}, template=("templates", template))
        customer.send("POST", f"deployments/{deployments[cause]}/start", status=202)
    for cause, deployment in deployments.items():
        failed = customer.until(deployment, "failed", "running")
        failure = failed["failure"]
        assert (failed["status"], failure["cause"]) == ("failed", cause), failure
        assert failure["message"], cause
        assert failure["hint"], cause
        assert failure["phase"] in ("validate", "pull", "create", "start", "health"), failure
        customer.send("DELETE", f"deployments/{deployment}", status=202)
    for deployment in deployments.values():
        customer.gone(deployment)
        assert containers(deployment) == []


def test_a_node_whose_engine_is_dead_fails_the_deployment_and_not_the_server(customer: Customer) -> None:
    node = customer.create("nodes", {"name": "Dead node", "docker_socket": "/run/no-engine-here.sock"})
    template = customer.template("Lonely", SHOP, variables=SHOP_VARIABLES, config_files=SHOP_FILES)
    deployment = customer.create(
        "deployments",
        {"name": "lonely", "variables": {"GREETING": "x"}},
        template=("templates", template),
        node=("nodes", node),
    )
    customer.send("POST", f"deployments/{deployment}/start", status=202)
    failed = customer.until(deployment, "failed", "running")
    assert (failed["status"], failed["failure"]["cause"]) == ("failed", "node_offline")
    assert customer.send("GET", f"nodes/{node}")["data"]["attributes"]["status"] == "offline"


def test_a_port_that_something_else_has_is_named(customer: Customer) -> None:
    template = customer.template("Ports", SHOP, variables=SHOP_VARIABLES, config_files=SHOP_FILES)
    first = customer.create("deployments", {"name": "ports", "variables": {"GREETING": "x"}}, template=("templates", template))
    customer.send("POST", f"deployments/{first}/start", status=202)
    port = customer.until(first, "running", "failed")["proxy_port"]
    customer.send("POST", f"deployments/{first}/stop", status=202)
    customer.until(first, "stopped")
    engine = connect(DEFAULT_SOCKET)
    squatter = engine.containers.run(
        TEST, ["sleep", "60"], init=True, detach=True, ports={"80/tcp": port}, labels={"hoster.test": "squatter"}
    )
    try:
        customer.send("POST", f"deployments/{first}/start", status=202)
        failed = customer.until(first, "failed", "running")
        assert (failed["status"], failed["failure"]["cause"]) == ("failed", "port_taken"), failed["failure"]
        assert str(port) in failed["failure"]["message"]
    finally:
        squatter.remove(force=True)
        engine.close()
    customer.send("POST", f"deployments/{first}/start", status=202)
    assert customer.until(first, "running", "failed")["status"] == "running"
    customer.send("DELETE", f"deployments/{first}", status=202)
    customer.gone(first)


def test_a_compose_text_that_cannot_be_is_refused_when_it_is_saved(customer: Customer) -> None:
    attributes = {"name": "Evil", "version": "1.0.0", "compose_spec": one("image: x, privileged: true, volumes: ['/:/host']")}
    refused = customer.send("POST", "templates", {"data": {"type": "templates", "attributes": attributes}}, 422)
    assert len(refused["errors"]) == 2
    for error in refused["errors"]:
        assert error["source"] == {"pointer": "/data/attributes/compose_spec"}
        assert error["meta"]["line"] == 2
