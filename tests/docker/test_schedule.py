"""Where a deployment goes: its node and its port."""

from __future__ import annotations

from typing import Any

import pytest

from engine.commands.job import Fail, Retry
from handlers.deployments import FIRST_PORT, LAST_PORT, best_node, free_port, held_ports, preferred_port, schedule
from tests.docker.support import Reporter, make_job

NODE = {"id": "node_1", "name": "one", "status": "online", "public": True, "creator": "user_op"}
PORT = preferred_port("depl_new")


async def scheduled(
    row: dict[str, Any],
    node: dict[str, Any] | None = None,
    deployments: tuple[dict[str, Any], ...] = (),
    nodes: tuple[dict[str, Any], ...] = (),
) -> Any:
    reporter = Reporter({"deployments": list(deployments), "nodes": list(nodes)})
    full = {"id": "depl_new", "customer": "user_me", "node": None, "proxy_port": None, **row}
    return await schedule(make_job(full, reporter, node=node))


async def test_a_chosen_node_is_kept_and_the_next_free_port_taken() -> None:
    others = tuple({"id": f"depl_{port}", "node": "node_1", "proxy_port": port} for port in (PORT, PORT + 1, PORT + 3))
    assert await scheduled({"node": "node_1"}, NODE, others) == {"node": "node_1", "proxy_port": PORT + 2}


async def test_a_port_is_kept_and_the_ports_of_other_nodes_do_not_count() -> None:
    elsewhere = ({"id": "depl_a", "node": "node_2", "proxy_port": PORT},)
    assert (await scheduled({"node": "node_1"}, NODE, elsewhere))["proxy_port"] == PORT
    assert (await scheduled({"node": "node_1", "proxy_port": 31234}, NODE, elsewhere))["proxy_port"] == 31234


def test_a_stopped_deployment_holds_its_port_and_a_deleted_one_does_not() -> None:
    rows = [
        {"id": "a", "status": "stopped", "proxy_port": 1},
        {"id": "b", "status": "deleted", "proxy_port": 2},
        {"id": "c", "status": "pending", "proxy_port": None},
        {"id": "own", "status": "failed", "proxy_port": 3},
    ]
    assert held_ports(rows, "own") == {1}


def test_when_every_port_is_held_there_is_none() -> None:
    every = set(range(FIRST_PORT, LAST_PORT + 1))
    assert free_port(every, PORT) is None
    assert free_port(every - {LAST_PORT}, PORT) == LAST_PORT


def test_after_the_last_port_comes_the_first() -> None:
    assert free_port({LAST_PORT, FIRST_PORT}, LAST_PORT) == FIRST_PORT + 1


def test_many_that_start_at_once_seldom_want_the_same_port_and_always_one_of_the_range() -> None:
    wanted = [preferred_port(f"depl_{number:020}") for number in range(1000)]
    assert wanted == [preferred_port(f"depl_{number:020}") for number in range(1000)]
    assert set(wanted) <= set(range(FIRST_PORT, LAST_PORT + 1))
    assert len(set(wanted)) > 900


async def test_a_full_node_fails_with_its_cause() -> None:
    others = tuple({"id": f"depl_{port}", "node": "node_1", "proxy_port": port} for port in range(FIRST_PORT, LAST_PORT + 1))
    with pytest.raises(Fail) as caught:
        await scheduled({"node": "node_1"}, NODE, others)
    assert caught.value.cause == "no_free_port"


@pytest.mark.parametrize(
    ("node", "cause"),
    [(None, "no_node"), ({**NODE, "status": "offline"}, "node_offline"), ({**NODE, "status": "maintenance"}, "node_offline")],
)
async def test_a_chosen_node_that_cannot_be_used_fails(node: dict[str, Any] | None, cause: str) -> None:
    with pytest.raises(Fail) as caught:
        await scheduled({"node": "node_1"}, node)
    assert (caught.value.cause, caught.value.evidence["phase"]) == (cause, "schedule")


async def test_without_a_choice_an_online_node_is_found() -> None:
    nodes = ({**NODE, "id": "node_0", "status": "offline"}, NODE)
    assert await scheduled({}, None, (), nodes) == {"node": "node_1", "proxy_port": PORT}


async def test_without_a_choice_it_is_tried_again_until_a_usable_node_is_online() -> None:
    with pytest.raises(Retry) as caught:
        await scheduled({}, None, (), ({**NODE, "status": "offline"}, {**NODE, "public": False}))
    assert caught.value.cause == "no_node"


def test_ones_own_node_comes_first_then_the_emptiest_public_one_and_never_somebody_elses() -> None:
    own = {"id": "z", "public": False, "creator": "me"}
    full, empty = {"id": "a", "public": True, "creator": "op"}, {"id": "b", "public": True, "creator": "op"}
    foreign = {"id": "c", "public": False, "creator": "other"}
    load = {"a": 5, "z": 9}
    assert best_node([full, empty, own, foreign], "me", load) == own
    assert best_node([full, empty, foreign], "me", load) == empty
    assert best_node([foreign], "me", load) is None
    assert best_node([{"id": "d", "public": False, "creator": None}], None, {}) is None
