"""`hoster demo`: the whole way of a deployment, over HTTP, as a customer would go it.

Makes a template, publishes it, deploys it, fetches its page, stops and deletes the deployment, and looks whether the engine
is as it was before. Uses the server that runs on this machine, or starts one of its own for the time of the demo.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    import httpx

PATIENCE = 120.0
NODE_PATIENCE = 30.0
COMPOSE = """\
services:
  web:
    image: hoster/hello:1
    ports: ["80"]
    environment:
      GREETING: ${GREETING}
    healthcheck:
      test: [CMD, wget, -q, -O, /dev/null, "http://127.0.0.1/"]
      interval: 1s
      timeout: 3s
      retries: 10
"""


class DemoFailed(click.ClickException):
    """A step of the demo did not come out as it should."""


@dataclass(slots=True)
class _Demo:
    """The steps, and when each was done."""

    client: httpx.Client
    quiet: bool
    began: float = field(default_factory=time.monotonic)
    cursor: int = 0
    steps: list[dict[str, Any]] = field(default_factory=list)

    def run(self, name: str) -> None:
        """The whole way."""
        greeting = f"Hello {name}"
        self._wait_for_a_node()
        template = self._template(name)
        deployment = self._create(
            "deployments", {"name": name, "variables": {"GREETING": greeting}}, template=("templates", template)
        )["id"]
        self.say(f"Deployment {deployment} made")
        self.send("POST", f"/api/v1/deployments/{deployment}/start")
        self._follow(deployment, "running")
        self._fetch(deployment, greeting)
        self.send("POST", f"/api/v1/deployments/{deployment}/stop")
        self._follow(deployment, "stopped")
        self.send("DELETE", f"/api/v1/deployments/{deployment}")
        self._follow(deployment, "deleted")
        self._look_for_leftovers(deployment)
        self.send("POST", f"/api/v1/templates/{template}/withdraw")
        self.say("Template withdrawn; done")

    def say(self, step: str) -> None:
        """Note a step, and print it."""
        seconds = round(time.monotonic() - self.began, 2)
        self.steps.append({"seconds": seconds, "step": step})
        if not self.quiet:
            click.echo(f"{seconds:7.2f} s  {step}")

    def send(self, method: str, path: str, document: Any = None) -> dict[str, Any]:
        """One request; anything but success ends the demo."""
        answer = self.client.request(method, path, json=document, headers={"content-type": "application/vnd.api+json"})
        if answer.status_code >= 400:
            raise DemoFailed(f"{method} {path} answered {answer.status_code}: {answer.text[:500]}")
        content: dict[str, Any] = answer.json() if answer.content else {}
        return content

    def _create(self, kind: str, attributes: dict[str, Any], **related: tuple[str, str]) -> dict[str, Any]:
        links = {name: {"data": {"type": type_name, "id": row_id}} for name, (type_name, row_id) in related.items()}
        resource = {"type": kind, "attributes": attributes} | ({"relationships": links} if links else {})
        data: dict[str, Any] = self.send("POST", f"/api/v1/{kind}", {"data": resource})["data"]
        return data

    def _wait_for_a_node(self) -> None:
        until = time.monotonic() + NODE_PATIENCE
        while not self.send("GET", "/api/v1/nodes?filter[status]=online")["data"]:
            if time.monotonic() > until:
                raise DemoFailed("No node is online; hoster doctor says why")
            time.sleep(0.2)
        self.say("A node is online")

    def _template(self, name: str) -> str:
        variables = [{"name": "GREETING", "label": "Greeting", "type": "string", "required": True}]
        attributes = {"name": name, "version": "1.0.0", "compose_spec": COMPOSE, "variables": variables}
        template = str(self._create("templates", attributes)["id"])
        self.send("POST", f"/api/v1/templates/{template}/publish")
        self.say(f"Template {template} published")
        return template

    def _follow(self, deployment: str, goal: str) -> None:
        """Print each event of the deployment until it is in the state `goal`."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            path = f"/api/v1/events?filter[type]=deployments&filter[row]={deployment}&page[after]={self.cursor}"
            for entry in self.send("GET", path)["data"]:
                event = entry["attributes"]
                self.cursor = event["seq"]
                state = self._tell(event)
                if state == "failed":
                    raise DemoFailed(f"The deployment failed: {json.dumps(event['after'].get('failure'))}")
                if state == goal:
                    return
            time.sleep(0.05)
        raise DemoFailed(f"The deployment was not {goal} within {PATIENCE:g} s")

    def _tell(self, event: dict[str, Any]) -> str | None:
        if event["kind"] == "moved":
            if event["change"] == "removed":  # gone for everybody: what is told of it is that alone
                self.say("→ deleted")
                return "deleted"
            self.say(f"{event['from']} → {event['to']}")
            return str(event["to"])
        if "message" in event:
            self.say(f"  {event['kind']}: {event['message']}")
        return None

    def _fetch(self, deployment: str, greeting: str) -> None:
        import httpx

        port = self.send("GET", f"/api/v1/deployments/{deployment}")["data"]["attributes"]["proxy_port"]
        page = httpx.get(f"http://127.0.0.1:{port}/")
        if page.status_code != 200 or greeting not in page.text:
            raise DemoFailed(f"Port {port} answered {page.status_code}, without the greeting: {page.text[:200]}")
        self.say(f"http://127.0.0.1:{port}/ answered 200 with the greeting")

    def _look_for_leftovers(self, deployment: str) -> None:
        from handlers.docker.engine import connect

        label: dict[str, str | list[str] | bool] = {"label": f"hoster.deployment={deployment}"}
        engine = connect(os.environ.get("HOSTER_NODES_LOCAL_SOCKET", "/var/run/docker.sock"))
        left = [str(each.id) for each in engine.containers.list(all=True, filters=label)]
        left += [str(each.id) for each in engine.networks.list(filters=label)]
        left += [str(each.id) for each in engine.volumes.list(filters=label)]
        if left:
            raise DemoFailed(f"The engine still has {', '.join(left)}")
        self.say("No container, network or volume is left")


@click.command()
@click.option("--url", help="The server to use; by default the one on this machine, or one started for the demo.")
@click.option("--token", envvar="HOSTER_ADMIN_TOKEN", help="A token for that server.")
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
def demo(url: str | None, token: str | None, as_json: bool) -> None:
    """Create a template, deploy it, fetch its page, stop and delete it, with each state and its time."""
    import httpx

    from handlers.docker.local_image import ensure_hello

    ensure_hello()
    with contextlib.ExitStack() as stack:
        if url is not None and token is None:
            raise DemoFailed("Give a token for that server too: --token, or HOSTER_ADMIN_TOKEN")
        if url is None or token is None:
            url, token = stack.enter_context(_server())
        client = stack.enter_context(httpx.Client(base_url=url, headers={"authorization": f"Bearer {token}"}, timeout=30))
        run = _Demo(client, as_json)
        try:
            run.run(f"demo-{secrets.token_hex(3)}")
        except httpx.TransportError as error:
            raise DemoFailed(f"{url} cannot be reached: {error}") from error
        if as_json:
            click.echo(json.dumps(run.steps, indent=2))


@contextlib.contextmanager
def _server() -> Iterator[tuple[str, str]]:
    """A server of our own, in a folder that goes with it."""
    token = secrets.token_hex(32)
    with tempfile.TemporaryDirectory(prefix="hoster-demo-") as folder, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        environment = os.environ | {
            "HOSTER_DATA_DIR": folder, "HOSTER_SERVER_HOST": "127.0.0.1", "HOSTER_SERVER_PORT": str(port),
            "HOSTER_ADMIN_TOKEN": token, "HOSTER_LOG_LEVEL": "warning",
        }  # fmt: skip
        process = subprocess.Popen([sys.executable, "-m", "engine.cli", "serve"], env=environment)
        try:
            _wait_until_ready(f"http://127.0.0.1:{port}", process)
            yield f"http://127.0.0.1:{port}", token
        finally:
            process.terminate()
            process.wait()


def _wait_until_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    import httpx

    until = time.monotonic() + 30
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(f"{url}/ready").status_code == 200:
                return
        time.sleep(0.05)
    raise DemoFailed("The server did not start; hoster serve says why")
