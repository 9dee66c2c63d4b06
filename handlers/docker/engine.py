"""The way to a node's Docker engine: connecting, calling from a coroutine, and telling what went wrong.

Every call is bounded in time and runs in a thread. A call that is under way when its command is cancelled is waited for,
not abandoned: whatever it makes is there before the row's next command looks. The SDK is imported on first use, because
it takes half a second that a process which only serves the API should not spend.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from http.client import HTTPException
from typing import TYPE_CHECKING, Any, TypeVar

from engine.commands.job import Fail, Job, Retry
from handlers.docker.causes import fail, fail_or_retry
from handlers.docker.engine_setup import ping
from handlers.docker.explain import Explanation, explain_message

if TYPE_CHECKING:
    from docker import DockerClient

CALL_SECONDS = 60
POOL = 16

Result = TypeVar("Result")


class EngineFault(Exception):
    """A call that did not work: the engine's status, None where it did not answer, and the cause behind it."""

    def __init__(self, status: int | None, explanation: Explanation) -> None:
        super().__init__(explanation.message)
        self.status, self.explanation = status, explanation

    def verdict(self, phase: str, service: str | None = None) -> Fail | Retry:
        """What a handler raises for it."""
        named = {} if service is None else {"service": service}
        message = f"{service}: {self.explanation.message}" if service else self.explanation.message
        # What the engine calls a bad request stays one, however often it is sent.
        say = fail if self.status == 400 else fail_or_retry
        return say(self.explanation.cause, message, hint=None, phase=phase, **named)


def connect(socket_path: str, timeout: int = CALL_SECONDS) -> DockerClient:
    """A client for the engine behind a unix socket; blocks, and raises `EngineFault` when nothing answers."""
    import docker

    try:
        # Before the SDK tries: it leaves its socket open when it fails to connect.
        ping(socket_path, timeout)
    except (OSError, HTTPException) as error:
        raise EngineFault(None, Explanation("engine_unreachable", f"The engine does not answer: {_short(error)}")) from error
    return translated(lambda: docker.DockerClient(f"unix://{socket_path}", version="auto", timeout=timeout, max_pool_size=POOL))


def translated(function: Callable[[], Result]) -> Result:
    """Run a call to the SDK; raises `EngineFault` in place of the SDK's many exceptions."""
    import requests
    from docker import errors

    try:
        return function()
    except errors.APIError as error:
        status = None if error.response is None else int(error.response.status_code)
        raise EngineFault(status, explain_message(str(error.explanation or error))) from error
    except errors.DockerException as error:
        raise EngineFault(None, Explanation("engine_unreachable", f"The engine does not answer: {_short(error)}")) from error
    except (requests.RequestException, OSError) as error:
        raise EngineFault(None, Explanation("engine_unreachable", f"The engine does not answer: {_short(error)}")) from error


def _short(error: BaseException) -> str:
    """The innermost reason; the outer layers repeat it wrapped in their own names."""
    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    return str(error)[:200] or type(error).__name__


class EngineLink:
    """One command's connection to an engine."""

    def __init__(self, job: Job, client: Any) -> None:
        self.job, self.client = job, client

    @property
    def api(self) -> Any:
        """The SDK's low-level client: one method for each call of the engine."""
        return self.client.api

    async def attempt(self, function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        """One call; raises `EngineFault`."""
        self.job.checkpoint()
        return await self.job.in_thread(translated, lambda: function(*arguments, **named))

    async def call(self, phase: str, service: str | None, function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        """One call that has to work; raises `Fail` or `Retry`."""
        try:
            return await self.attempt(function, *arguments, **named)
        except EngineFault as fault:
            raise fault.verdict(phase, service) from fault

    async def owned(self, phase: str, kind: str) -> list[dict[str, Any]]:
        """All containers, networks, volumes or images that carry this deployment's label."""
        filters = {"label": [f"hoster.deployment={self.job.row_id}", "hoster.managed=true"]}
        if kind == "containers":
            return list(await self.call(phase, None, self.api.containers, all=True, filters=filters))
        if kind == "networks":
            return list(await self.call(phase, None, self.api.networks, filters=filters))
        if kind == "images":
            return list(await self.call(phase, None, self.api.images, filters=filters))
        return list((await self.call(phase, None, self.api.volumes, filters=filters))["Volumes"] or ())


@asynccontextmanager
async def open_engine(job: Job, node: Mapping[str, Any], phase: str) -> AsyncIterator[EngineLink]:
    """The engine of a node, for the time of one command; raises `Retry` when it does not answer."""
    job.checkpoint()
    try:
        client = await job.in_thread(connect, str(node.get("docker_socket") or "/var/run/docker.sock"))
    except EngineFault as fault:
        raise fault.verdict(phase) from fault
    try:
        yield EngineLink(job, client)
    finally:
        client.close()
