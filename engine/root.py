"""The outermost ASGI application: the API by its prefix, everything else by Starlette's router, and the lifespan."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.routing import Router

from engine.api import API
from engine.api.request import Scope
from engine.api.responses import Receive, Send
from engine.operations import Operations
from engine.stopping import Stopping


class Root:
    """See the module. `stopping` is in the state of every request, for those that could go on for ever."""

    def __init__(
        self,
        api: API,
        operations: Operations,
        stopping: Stopping,
        *,
        start: Callable[[], Awaitable[None]],
        stop: Callable[[], Awaitable[None]],
    ) -> None:
        self._api = api
        self.readiness = operations.readiness
        self._stopping = stopping
        self._start, self._stop = start, stop
        self._router = Router(operations.routes())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection."""
        if scope["type"] == "http":
            target: Any = self._api if scope["path"].startswith("/api/") else self._router
            await target(scope, receive, send)
        elif scope["type"] == "lifespan":
            if "state" in scope:
                scope["state"]["stopping"] = self._stopping
            await self._lifespan(receive, send)
        else:
            await self._router(scope, receive, send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            await self._start()
        except BaseException as error:
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            raise
        self.readiness.started = True
        await send({"type": "lifespan.startup.complete"})
        await receive()
        self._stopping.begin()
        await self._stop()
        await send({"type": "lifespan.shutdown.complete"})
