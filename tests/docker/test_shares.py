"""What the containers of a deployment get of what it may have: never more together, whatever the file asks for."""

from __future__ import annotations

import pytest

from handlers.docker.checks import check_compose
from handlers.docker.compose import ComposeInvalid, read_compose
from handlers.docker.limits import total
from handlers.docker.plan import Plan
from handlers.docker.planner import make_plan
from handlers.docker.quantities import MIB


def planned(services: dict[str, str], memory_mb: float | None, cpus: float | None) -> Plan:
    text = "services:\n" + "".join(f"  {name}: {{image: busybox{asked}}}\n" for name, asked in services.items())
    return make_plan("d1", read_compose(text, {}).compose, limits=total(memory_mb, cpus))


def test_who_asks_for_nothing_gets_an_equal_part_of_what_is_left() -> None:
    plan = planned({"a": ", mem_limit: 100m, cpus: 0.5", "b": "", "c": ""}, 300, 1)
    assert {each.service.name: (each.memory // MIB, each.cpus) for each in plan.containers} == {
        "a": (100, 500_000_000), "b": (100, 250_000_000), "c": (100, 250_000_000),
    }  # fmt: skip


@pytest.mark.parametrize(("memory", "cpus"), [(None, None), (0, 0), (64, 0.1), (4096, 3)])
@pytest.mark.parametrize("count", [1, 2, 7])
def test_together_they_never_get_more_than_there_is(memory: float | None, cpus: float | None, count: int) -> None:
    plan = planned({f"s{number}": "" for number in range(count)}, memory, cpus)
    assert sum(each.memory for each in plan.containers) <= (memory or 1024) * MIB
    assert sum(each.cpus or 10**12 for each in plan.containers) <= (cpus or 1) * 1_000_000_000


@pytest.mark.parametrize("asked", [", mem_limit: 8g", ", cpus: 2", ", deploy: {resources: {limits: {memory: 2g}}}"])
def test_asking_for_more_than_there_is_is_a_problem(asked: str) -> None:
    with pytest.raises(ComposeInvalid) as refused:
        planned({"a": asked}, 1024, 1)
    assert "they ask for" in refused.value.problems[0].message
    assert "resources_memory_mb" in str(refused.value.problems[0].hint)


def test_nothing_left_for_the_others_is_a_problem() -> None:
    with pytest.raises(ComposeInvalid) as refused:
        planned({"a": ", mem_limit: 1022m", "b": ""}, 1024, 1)
    assert "too little left" in refused.value.problems[0].message


def test_a_template_is_told_when_it_is_saved() -> None:
    text = "services: {web: {image: nginx, mem_limit: 2g}}"
    assert [each.message for each in check_compose(text, {})] == [
        "services: they ask for 2048 MiB of memory together, and the deployment has 1024 MiB of memory"
    ]
    assert check_compose(text, {"resources_memory_mb": 2048}) == []
