"""The page for writers of handlers: its example runs, and nothing that can be registered or used is left out."""

from __future__ import annotations

import types
from pathlib import Path

import pytest

from engine.commands import registry as registry_module
from engine.commands.job import Job, Retry
from engine.commands.registry import Registry
from tests.docs.pages import calls, code_words, files, page
from tests.support import System, shut, system

PAGE = page("handlers")
DECORATORS = ("handles", "checks", "reads", "every", "cron", "seed")


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Registry:
    """What the example registers, kept apart from what the project registers."""
    registry = Registry()
    for name in DECORATORS:
        monkeypatch.setattr(registry_module, name, getattr(registry, name))
    module = types.ModuleType("reports")
    exec(compile(files(PAGE, "py", "python")["reports"], "reports.py", "exec"), module.__dict__)  # noqa: S102 - our own page
    return registry


async def asked(running: System, query: str) -> tuple[int, dict[str, object], dict[str, str]]:
    """Create a report as a person."""
    _, headers = await running.person("anna")
    headers |= {"content-type": "application/vnd.api+json"}
    body = {"data": {"type": "reports", "attributes": {"query": query}}}
    answer = await running.client.post("/api/v1/reports", headers=headers, json=body)
    return answer.status_code, answer.json(), headers


async def built(running: System, query: str) -> dict[str, object]:
    """The attributes of a report after its command has ended."""
    _, document, headers = await asked(running, query)
    address = f"/api/v1/reports/{document['data']['id']}"  # type: ignore[index]
    answer = await running.client.post(f"{address}/build", headers=headers)
    assert answer.status_code == 202
    await running.until(lambda: running.commands("open") == [(0,)])
    attributes: dict[str, object] = (await running.client.get(address, headers=headers)).json()["data"]["attributes"]
    shown = (await running.client.get(f"{address}/preview?lines=2", headers=headers)).json()
    return attributes | shown["data"]["attributes"]


@pytest.mark.parametrize(
    ("query", "state", "rows", "cause", "preview"),
    [("sales", "built", 3, None, ["3 apples", "5 pears"]), ("nothing", "broken", None, "no_such_table", [])],
)
async def test_the_example_does_what_it_says(
    registry: Registry, tmp_path: Path, query: str, state: str, rows: int | None, cause: str | None, preview: list[str]
) -> None:
    running = await system(tmp_path, files(PAGE, "yaml", "yaml"), registry)
    try:
        await running.bus.start()
        report = await built(running, query)
        failure = report["failure"] or {}
        assert (report["status"], report["rows"], failure.get("cause")) == (state, rows, cause)  # type: ignore[attr-defined]
        assert report["preview"] == preview
        assert "progress" in [kind for _, _, kind in running.events()]
    finally:
        await running.bus.stop()
        await shut(running)


async def test_the_check_of_the_example_refuses_with_its_hint(registry: Registry, tmp_path: Path) -> None:
    running = await system(tmp_path, files(PAGE, "yaml", "yaml"), registry)
    try:
        status, document, _ = await asked(running, "two words")
        assert status == 422
        error = document["errors"][0]  # type: ignore[index]
        assert (error["code"], error["detail"]) == ("check_failed", "A query is one word. Write for example sales")
        assert running.commands("id") == []
    finally:
        await shut(running)


def test_every_way_to_register_a_function_is_in_the_page() -> None:
    public = {name for name, member in vars(Registry).items() if callable(member) and not name.startswith("_")}
    assert public == set(DECORATORS)
    for name in DECORATORS:
        assert f"`@{name}(" in PAGE or f"`{name}(" in PAGE, name


def test_every_part_of_a_job_is_in_the_page() -> None:
    words = {word.removeprefix("await ").split("(")[0] for word in code_words(PAGE)}
    inside = {"reporter", "monotonic", "lease_until", "cancelled", "last"}  # how a job is made, not what a handler uses
    members = {*Job.__slots__, *(name for name in vars(Job) if not name.startswith("_"))}
    assert members - inside - words == set()
    assert inside <= members


def test_every_cause_that_the_engine_gives_is_in_the_page() -> None:
    causes = {str((Retry.__init__.__kwdefaults__ or {})["cause"])}
    for call in calls("engine/commands"):
        place = {"Fail": 0, "_retry": 1, "failure_record": 2}.get(getattr(call.func, "id", getattr(call.func, "attr", "")))
        if place is not None and len(call.args) > place and isinstance(value := getattr(call.args[place], "value", None), str):
            causes.add(value)
    assert {"timeout", "internal_error", "no_handler", "result_refused"} <= causes
    assert {cause for cause in causes if f"`{cause}`" not in PAGE} == set()
