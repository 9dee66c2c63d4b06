"""The shipped plans, over HTTP: what a customer of each may have, and what they are told."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from engine.commands.registry import Registry
from engine.settings.declared import SHIPPED_RESOURCES
from engine.store.moves import enter
from tests.support import System, shut, system

FILES = {path.stem: path.read_text() for path in SHIPPED_RESOURCES.glob("*.yaml")}
MEDIA = {"content-type": "application/vnd.api+json"}
SMALL = {"resources_cpu_cores": 0.1, "resources_memory_mb": 64}
PLANS = {
    "free": {"title": "Free", "max_deployments": 1, "max_cpu_cores": 1, "max_memory_mb": 1024, "max_disk_mb": 5120},
    "starter": {"title": "Starter", "max_deployments": 5, "max_cpu_cores": 4, "max_memory_mb": 4096, "max_disk_mb": 20480},
}


class Shop:
    """A creator's templates, and customers."""

    def __init__(self, running: System) -> None:
        self.running = running
        self.people: dict[str, dict[str, str]] = {}
        self.ids: dict[str, str] = {}

    async def open(self) -> Shop:
        kind = self.running.store.kind("plans")
        for name, values in PLANS.items():
            made = await self.running.write(lambda unit, given={"name": name, **values}: unit.create(kind, given))
            self.ids[name] = made.id
        for name in ("anna", "cora"):
            actor, headers = await self.running.person(name)
            self.ids[name], self.people[name] = actor.id, headers | MEDIA
        actor, headers = await self.running.person("olga", operator=True)
        self.ids["olga"], self.people["olga"] = actor.id, headers | MEDIA
        return self

    async def send(self, who: str, method: str, path: str, document: Any = None) -> httpx.Response:
        return await self.running.client.request(method, f"/api/v1/{path}", headers=self.people[who], json=document)

    async def template(self, who: str, *, publish: bool = True, **values: Any) -> str:
        attributes = {"name": f"App {len(self.ids)}", "version": "1.0.0", "compose_spec": "services: {}", **SMALL, **values}
        kind = self.running.store.kind("templates")
        given = attributes | {"creator": self.ids[who]}
        made = await self.running.write(lambda unit: unit.create(kind, given))
        self.ids[made.id] = made.id
        if publish:
            assert (await self.send(who, "POST", f"templates/{made.id}/publish")).status_code == 200
        return str(made.id)

    async def deploy(self, who: str, template: str, node: str | None = None) -> httpx.Response:
        self.ids[f"deployment {len(self.ids)}"] = ""
        related = {"template": {"data": {"type": "templates", "id": template}}}
        if node is not None:
            related["node"] = {"data": {"type": "nodes", "id": node}}
        data = {"type": "deployments", "attributes": {"name": f"app-{len(self.ids)}"}, "relationships": related}
        return await self.send(who, "POST", "deployments", {"data": data})

    async def give(self, who: str, plan: str) -> None:
        """An operator puts somebody on a plan."""
        linked = {"data": {"type": "plans", "id": self.ids[plan]}}
        answer = await self.send("olga", "PATCH", f"users/{self.ids[who]}/relationships/plan", linked)
        assert answer.status_code == 200, answer.text

    async def state(self, row_id: str, target: str) -> None:
        kind = self.running.store.kind("deployments")
        await self.running.write(lambda unit: enter(unit, kind, unit.get(kind, row_id), target))


def registry() -> Registry:
    """Checks that find nothing: this is not about what compose files hold."""
    made = Registry()
    for name in set(re.findall(r"\bcheck: ([a-z_.]+)", "".join(FILES.values()))):
        made.checks(name)(lambda *given: [])
    return made


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    running = await system(tmp_path, FILES, registry())
    yield await Shop(running).open()
    await shut(running)


def problem(answer: httpx.Response) -> dict[str, Any]:
    (error,) = answer.json()["errors"]
    return dict(error)


async def test_the_free_plan_has_room_for_one_and_a_larger_one_for_more(shop: Shop) -> None:
    template = await shop.template("cora")
    assert (await shop.deploy("anna", template)).status_code == 201
    refused = await shop.deploy("anna", template)
    assert (refused.status_code, problem(refused)["code"]) == (403, "limit_reached")
    assert problem(refused)["detail"] == (
        "Your plan has no room for another deployment: remove one, or take a larger plan. "
        "max_deployments of the plan Free is 1: 1 in use, 1 more asked for."
    )
    await shop.give("anna", "starter")
    assert (await shop.deploy("anna", template)).status_code == 201


async def test_a_failed_deployment_does_not_block_the_plan_and_counts_again_when_it_is_started(shop: Shop) -> None:
    template = await shop.template("cora")
    failed = (await shop.deploy("anna", template)).json()["data"]["id"]
    await shop.state(failed, "failed")
    other = (await shop.deploy("anna", template)).json()["data"]["id"]
    again = await shop.send("anna", "POST", f"deployments/{failed}/start")
    assert (again.status_code, problem(again)["code"]) == (403, "limit_reached")
    await shop.state(other, "deleted")
    assert (await shop.send("anna", "POST", f"deployments/{failed}/start")).status_code == 202


@pytest.mark.parametrize(
    ("values", "limit", "told"),
    [
        ({"resources_cpu_cores": 1.5}, "cpu", "max_cpu_cores of the plan Free is 1: 0 in use, 1.5 more asked for"),
        ({"resources_memory_mb": 1025}, "memory", "max_memory_mb of the plan Free is 1024: 0 in use, 1025 more asked for"),
        ({"resources_disk_mb": 6000}, "disk", "max_disk_mb of the plan Free is 5120: 0 in use, 6000 more asked for"),
    ],
)
async def test_what_a_template_needs_counts(shop: Shop, values: dict[str, Any], limit: str, told: str) -> None:
    refused = await shop.deploy("anna", await shop.template("cora", **values))
    assert refused.status_code == 403
    assert problem(refused)["meta"]["limit"] == limit
    assert told in problem(refused)["detail"]


async def test_a_stopped_deployment_leaves_its_cores_to_another(shop: Shop) -> None:
    await shop.give("anna", "starter")
    large = await shop.template("cora", resources_cpu_cores=3)
    first = (await shop.deploy("anna", large)).json()["data"]["id"]
    assert problem(await shop.deploy("anna", large))["meta"]["limit"] == "cpu"
    await shop.state(first, "stopped")
    assert (await shop.deploy("anna", large)).status_code == 201
    told = await shop.send("anna", "GET", f"deployments/{first}/actions")
    start = next(each["attributes"] for each in told.json()["data"] if each["attributes"]["name"] == "start")
    assert start["allowed"] is False
    assert [each["code"] for each in start["reasons"]] == ["limit_reached"]


async def test_capabilities_that_the_plan_does_not_have_are_refused_in_words(shop: Shop) -> None:
    refused = await shop.deploy("anna", await shop.template("cora", required_capabilities=["gpu"]))
    assert (refused.status_code, problem(refused)["code"]) == (422, "validation_failed")
    assert "does not allow a capability" in problem(refused)["detail"]
    assert (await shop.deploy("anna", await shop.template("cora", required_capabilities=["standard"]))).status_code == 201


async def test_the_system_goes_on_with_what_was_allowed_once(shop: Shop) -> None:
    template = await shop.template("cora", required_capabilities=["standard"])
    made = (await shop.deploy("anna", template)).json()["data"]["id"]
    plans = shop.running.store.kind("plans")
    none = {"allowed_capabilities": [], "max_deployments": 0}
    await shop.running.write(lambda unit: unit.update(plans, unit.get(plans, shop.ids["free"]), none))
    for state in ("scheduled", "starting", "running"):
        await shop.state(made, state)
    assert shop.running.state("deployments", made) == "running"
    assert (await shop.send("anna", "POST", f"deployments/{made}/stop")).status_code == 202


async def test_an_operator_is_not_limited(shop: Shop) -> None:
    template = await shop.template("cora", resources_cpu_cores=99, required_capabilities=["gpu"])
    for _ in range(3):
        assert (await shop.deploy("olga", template)).status_code == 201


async def test_drafts_and_nodes_of_others_cannot_be_used(shop: Shop) -> None:
    draft = await shop.template("cora", publish=False)
    assert problem(await shop.deploy("anna", draft))["code"] == "reference_not_found"
    assert problem(await shop.deploy("olga", draft))["code"] == "not_usable"
    assert (await shop.deploy("cora", draft)).status_code == 201
    template, nodes = await shop.template("cora"), shop.running.store.kind("nodes")
    offline = await shop.running.write(lambda unit: unit.create(nodes, {"name": "public one", "public": True}))
    refused = await shop.deploy("anna", template, offline.id)
    assert (refused.status_code, problem(refused)["code"]) == (403, "not_usable")
    await shop.running.write(lambda unit: enter(unit, nodes, unit.get(nodes, offline.id), "online"))
    assert (await shop.deploy("anna", template, offline.id)).status_code == 201


async def test_nobody_but_an_operator_gives_plans_and_makes_operators(shop: Shop) -> None:
    anna = f"users/{shop.ids['anna']}"
    larger = {"data": {"type": "plans", "id": shop.ids["starter"]}}
    for body, pointer in (
        ({"relationships": {"plan": larger}}, "/data/relationships/plan"),
        ({"attributes": {"operator": True}}, "/data/attributes/operator"),
    ):
        data = {"type": "users", "id": shop.ids["anna"], **body}
        refused = await shop.send("anna", "PATCH", anna, {"data": data})
        assert (refused.status_code, problem(refused)["source"]) == (403, {"pointer": pointer})
        assert (await shop.send("olga", "PATCH", anna, {"data": data})).status_code == 200
    row = (await shop.running.store.where("users", id=shop.ids["anna"]))[0].row
    assert (row["plan"], row["operator"]) == (shop.ids["starter"], True)
    assert (await shop.send("anna", "PATCH", f"users/{shop.ids['cora']}/relationships/plan", larger)).status_code == 200


async def test_a_failed_deployment_that_was_on_a_node_counts_until_it_is_deleted(shop: Shop) -> None:
    nodes, deployments = (shop.running.store.kind(name) for name in ("nodes", "deployments"))
    node = await shop.running.write(lambda unit: unit.create(nodes, {"name": "first", "creator": shop.ids["olga"]}))
    template = await shop.template("cora")
    failed = (await shop.deploy("anna", template)).json()["data"]["id"]
    await shop.running.write(lambda unit: unit.update(deployments, unit.get(deployments, failed), {"node": node.id}))
    await shop.state(failed, "failed")
    refused = await shop.deploy("anna", template)
    assert (refused.status_code, problem(refused)["code"]) == (403, "limit_reached")
    assert (await shop.send("anna", "POST", f"deployments/{failed}/start")).status_code == 202
