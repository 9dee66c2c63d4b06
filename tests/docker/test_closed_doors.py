"""What a template cannot ask of a node, told in words that fit; and what a failure does not tell of the node."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.commands.registry import Problem
from engine.loader import load
from engine.model import Attribute
from engine.service.validation import Values
from handlers.docker.compose import ComposeInvalid, read_compose
from handlers.docker.config_files import path_problem
from handlers.docker.images import parse_reference
from handlers.docker.interpolation import Values as Variables
from handlers.docker.pulling import _refused

RESOURCES = Path(__file__).parents[2] / "resources"


def problems(service: str) -> tuple[Problem, ...]:
    with pytest.raises(ComposeInvalid) as caught:
        read_compose(f"services: {{a: {{{service}}}}}", Variables())
    return tuple(caught.value.problems)


@pytest.mark.parametrize("volume", ["/:/host", "//:/host", "/.:/host:ro", "/../:/host"])
def test_the_root_of_the_host_is_refused_by_its_name(volume: str) -> None:
    (problem,) = problems(f"image: x, volumes: ['{volume}']")
    assert "root directory of the host" in problem.message
    assert "socket" not in problem.message


@pytest.mark.parametrize(
    "image",
    ["sha256:" + "a" * 64, "sha256:abc", "a" * 64, "4bcff63911fc", "cafe", "a" * 64 + ":latest", "CAFE0123"],
)
def test_an_image_by_its_id_is_refused(image: str) -> None:
    (problem,) = problems(f"image: '{image}'")
    assert "is the id of an image" in problem.message


@pytest.mark.parametrize("image", ["cafe:latest", "cafe/x", "localhost:5000/cafe", "nginx", "nginx@sha256:" + "a" * 64])
def test_names_of_images_are_still_names(image: str) -> None:
    assert parse_reference(image).name


@pytest.mark.parametrize("path", ["/etc/a\nb", "/etc/\r", "/etc/a\x1b[2J", "/a\x7f", "/a\x00b", "/etc/x\n", "/a\x85b"])
def test_paths_with_control_characters_are_refused(path: str) -> None:
    assert path_problem(path) is not None
    definitions = load([RESOURCES]).definitions
    assert definitions is not None
    attribute: Attribute = definitions.types["templates"].attributes["config_files"]
    values = Values({"config_files": attribute}, base="")
    file = {"name": "a", "path": path, "content": ""}
    (problem,) = values.problems({"config_files": [file]}, complete=False)
    assert (problem.error_code, problem.pointer) == ("wrong_format", "/config_files/0/path")
    assert values.problems({"config_files": [{**file, "path": "/etc/ä b.conf"}]}, complete=False) == []


@pytest.mark.parametrize(
    "message",
    [
        'Get "http://10.1.2.3:5000/v2/": dial tcp 10.1.2.3:5000: connect: connection refused',
        "lookup registry.internal on 127.0.0.11:53: no such host",
        "something new: dial tcp [fd00::1]:443: strange",
    ],
)
def test_a_failed_pull_does_not_tell_of_the_network_of_the_node(message: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "hoster.docker")
    failure = _refused(message, parse_reference("registry.example/x:1"), "registry.example/x:1", "a")
    assert "dial" not in str(vars(failure)) + str(failure)
    assert "127.0.0.11" not in str(vars(failure))
    assert message in [getattr(record, "engine_message", None) for record in caplog.records]


def test_a_failed_pull_tells_what_the_registry_says() -> None:
    failure = _refused("manifest unknown", parse_reference("x:1"), "x:1", "a")
    assert (failure.cause, failure.evidence["engine_message"]) == ("image_not_found", "manifest unknown")
