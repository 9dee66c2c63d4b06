"""What engines say, as they say it, into stable causes; and each cause documented."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from handlers import docker
from handlers.docker.causes import CAUSES, fail_or_retry
from handlers.docker.container_state import ContainerState
from handlers.docker.evidence import redact
from handlers.docker.explain import Explanation, explain_exit, explain_message
from handlers.docker.model import Restart, Service
from handlers.docker.watch import Timing, Watch


@pytest.mark.parametrize(
    ("message", "pulling", "cause"),
    [
        ("manifest for 127.0.0.1:5000/x:1 not found: manifest unknown: manifest unknown", True, "image_not_found"),
        ("pull access denied for x, repository does not exist or may require 'docker login'", True, "image_pull_denied"),
        ("Head \"https://ghcr.io/v2/x/manifests/1\": unauthorized", True, "image_pull_denied"),
        ("error parsing HTTP 403 response body: denied: requested access to the resource is denied", True, "image_pull_denied"),
        ("dial tcp: lookup registry-1.docker.io on 192.0.2.1:53: no such host", True, "registry_unreachable"),
        ("Get \"http://127.0.0.1:1/v2/\": dial tcp 127.0.0.1:1: connect: connection refused", True, "registry_unreachable"),
        ("net/http: request canceled (Client.Timeout exceeded while awaiting headers)", True, "registry_unreachable"),
        ("x509: certificate signed by unknown authority", True, "registry_unreachable"),
        ("toomanyrequests: You have reached your pull rate limit", True, "registry_limit"),
        ("no matching manifest for linux/amd64 in the manifest list entries", True, "platform_mismatch"),
        ("write /var/lib/docker/tmp/x: no space left on device", True, "no_space"),
        ("driver failed programming: Bind for 0.0.0.0:30000 failed: port is already allocated", False, "port_taken"),
        ("Error starting userland proxy: listen tcp4 0.0.0.0:80: bind: address already in use", False, "port_taken"),
        ('runc create failed: exec: "nosuch": executable file not found in $PATH: unknown', False, "command_not_found"),
        ('exec: "/etc/passwd": permission denied: unknown', False, "command_not_executable"),
        ("unable to find user nosuch: no matching entries in passwd file", False, "user_unknown"),
        ("could not find an available, non-overlapping IPv4 address pool among the defaults", False, "no_network_address"),
        ("Range of CPUs is from 0.01 to 2.00, as there are only 2 CPUs available", False, "node_too_small"),
        ('Conflict. The container name "/x" is already in use by container "y"', False, "name_taken"),
        ("No such image: x:1", False, "image_not_found"),
        ("connection refused", False, "engine_error"),
        ("No command specified", False, "command_not_found"),
        ("uids and gids must be in range 0-2147483647", False, "user_unknown"),
        ("Cannot mkdir: /etc/passwd is not a directory", False, "mount_failed"),
        ("something nobody has seen before", False, "engine_error"),
        ("", False, "engine_error"),
    ],
)  # fmt: skip
def test_a_message_of_the_engine_becomes_a_cause(message: str, pulling: bool, cause: str) -> None:
    assert explain_message(message, pulling=pulling).cause == cause


def test_where_the_engine_keeps_files_on_the_node_is_not_told() -> None:
    found = explain_message("lstat /var/lib/engine/overlay2/0a1b/merged/etc/passwd: not a directory")
    assert found == Explanation("mount_failed", "lstat /etc/passwd: not a directory")


@pytest.mark.parametrize(
    ("exit_code", "more", "cause", "words"),
    [
        (1, {}, "exited", "code 1"),
        (1, {"restarts": 5}, "crash_loop", "was restarted 5 times"),
        (126, {}, "command_not_executable", "126"),
        (127, {"restarts": 5}, "command_not_found", "127"),
        (137, {}, "exited", "it was killed"),
        (137, {"oom_killed": True, "restarts": 5}, "out_of_memory", "more memory"),
        (139, {}, "exited", "segmentation fault"),
        (128, {"error": "exec: \"x\": executable file not found in $PATH"}, "command_not_found", "could not be started"),
    ],
)  # fmt: skip
def test_the_end_of_a_program_becomes_a_cause(exit_code: int, more: dict[str, object], cause: str, words: str) -> None:
    found = explain_exit("web", exit_code, **more)
    assert found.cause == cause
    assert words in found.message


def test_every_cause_that_code_names_is_in_the_table_and_every_cause_of_the_table_is_named() -> None:
    folder = Path(docker.__file__).parent
    files = [path for path in (*folder.glob("*.py"), folder.parent / "deployments.py") if path.name != "causes.py"]
    words = {
        node.value
        for path in files
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert set(CAUSES) <= words


def test_every_cause_says_what_it_means_and_what_to_do() -> None:
    for code, cause in CAUSES.items():
        assert code == cause.code
        assert len(cause.description) > 15
        assert len(cause.hint) > 15


def test_what_may_pass_by_itself_is_tried_again() -> None:
    assert type(fail_or_retry("engine_unreachable", "m")).__name__ == "Retry"
    assert type(fail_or_retry("image_not_found", "m")).__name__ == "Fail"
    assert fail_or_retry("image_not_found", "m").hint == CAUSES["image_not_found"].hint


def test_passwords_are_masked_and_short_ones_are_not_looked_for() -> None:
    assert redact("login hunter2 hunter22 abc", ["hunter2", "hunter22", "abc", ""]) == "login ••• ••• abc"


def state(status: str, **more: object) -> ContainerState:
    return ContainerState("id", "web", status, **more)  # type: ignore[arg-type]  # a shorthand for tests


def judge(seen: ContainerState, now: float = 0.0, watch: Watch | None = None) -> object:
    service = Service("web", "x", restart=Restart(seen.restart_policy))  # type: ignore[arg-type]  # the same words
    return (watch or Watch(Timing(grace=2, restarts=3))).judge(service, seen, now)


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (state("created"), "waiting"),
        (state("running", health="starting"), "waiting"),
        (state("running", health="healthy"), "ready"),
        (state("running", health="unhealthy", health_output="no"), "health_check_failing"),
        (state("restarting", restarts=2, exit_code=1), "waiting"),
        (state("restarting", restarts=3, exit_code=1), "crash_loop"),
        (state("restarting", restarts=3, exit_code=137, oom_killed=True), "out_of_memory"),
        (state("exited"), "finished"),
        (state("exited", restart_policy="unless-stopped"), "exited"),
        (state("exited", exit_code=3), "exited"),
        (state("exited", exit_code=137, oom_killed=True), "out_of_memory"),
        (state("exited", error="exec: x: no such file or directory"), "command_not_found"),
        (state("exited", exit_code=1, restarts=2, restart_policy="on-failure"), "crash_loop"),
    ],
)
def test_what_is_seen_of_a_container_is_judged(seen: ContainerState, expected: str) -> None:
    found = judge(seen)
    assert (found.cause if isinstance(found, Explanation) else found) == expected


def test_without_a_health_check_a_program_is_up_once_it_has_run_for_a_while_without_a_restart() -> None:
    watch = Watch(Timing(grace=2, restarts=3))
    assert judge(state("running", started_at="a"), 0, watch) == "waiting"
    assert judge(state("running", started_at="a"), 1.9, watch) == "waiting"
    assert judge(state("running", started_at="b", restarts=1), 2.1, watch) == "waiting"
    assert judge(state("running", started_at="b", restarts=1), 4.2, watch) == "ready"
