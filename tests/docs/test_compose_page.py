"""The page for creators of templates: its template is sound, and every phase and bound is the one of the code."""

from __future__ import annotations

import ast
import json
import re
from typing import Any

from handlers.deployments import FIRST_PORT, LAST_PORT
from handlers.docker import compose, config_files, document, read_service, variables
from handlers.docker.causes import CAUSES
from handlers.docker.checks import check_compose, check_config_files, check_variables
from handlers.docker.limits import DEFAULT_LIMITS, TOTAL_MEMORY_MB
from handlers.docker.preparation import prepare
from tests.docs.pages import blocks, page, rows, trees

PAGE = page("compose")


def example() -> dict[str, Any]:
    """The attributes of the template on the page."""
    attributes: dict[str, Any] = json.loads(blocks(PAGE, "json")[0])["data"]["attributes"]
    return attributes


def test_the_template_of_the_page_passes_every_check() -> None:
    attributes = example()
    assert check_compose(attributes["compose_spec"], attributes) == []
    assert list(check_variables(attributes["variables"], attributes)) == []
    assert list(check_config_files(attributes["config_files"], attributes)) == []


def test_the_template_of_the_page_becomes_a_plan_with_what_was_given() -> None:
    attributes = example()
    row = {**attributes, "variables": {"GREETING": "Hi"}, "proxy_port": FIRST_PORT}
    (container,) = prepare("depl_1", row, attributes).plan.containers
    assert container.service.environment == {"GREETING": "Hi"}
    assert container.publication is not None
    assert container.publication.port.number == 80
    assert [(file.path, file.content) for file in container.files] == [("/www/index.html", b"<h1>${GREETING}</h1>\n")]


def test_every_cause_has_its_row() -> None:
    assert [line[0].strip("`") for line in rows(PAGE, "Why a deployment fails")] == list(CAUSES)


def test_every_phase_is_named() -> None:
    phases = set()
    for tree in trees("handlers"):
        for node in ast.walk(tree):
            if isinstance(node, ast.keyword) and node.arg == "phase" and isinstance(node.value, ast.Constant):
                phases.add(node.value.value)
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
                phases |= {node.value.value for each in node.targets if getattr(each, "id", "") == "PHASE"}
    sentence = re.search(r"`phase` is (.*?);", PAGE, re.DOTALL)
    assert sentence is not None
    assert set(re.findall(r"`(\w+)`", sentence[1])) == phases


def test_every_key_of_variables_and_config_files_has_its_row() -> None:
    for heading, keys in (("Variables", variables.KEYS), ("Config files", config_files.KEYS)):
        told = {word for line in rows(PAGE, heading) for word in re.findall(r"`(\w+)`", line[0])}
        assert set(keys) <= told


def test_the_bounds_are_those_of_the_code() -> None:
    kib = 1024
    for text in (
        f"{FIRST_PORT} to {LAST_PORT}",
        f"at most {document.MAX_BYTES // kib} KiB and\n{compose.MAX_SERVICES} services",
        f"at most {config_files.MAX_BYTES // kib} KiB; all files together {config_files.MAX_TOTAL // kib**2} MiB, at most "
        f"{config_files.MAX_FILES}",
        f"at most {variables.MAX_VARIABLES}:",
        f"up to {variables.MAX_PATTERN} characters; the value then has at most {variables.MAX_MATCHED}",
        f"{DEFAULT_LIMITS.pids} processes",
        f"else {TOTAL_MEMORY_MB // kib} GiB",
    ):
        assert text in PAGE, text
    assert all(name in PAGE for name in read_service.CAPABILITIES)
